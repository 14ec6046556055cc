"""A session comes back with its own workload, or stays in its file."""

from __future__ import annotations

import threading

import pytest

from perflab.panels import workbench, workload_picker
from perflab.panels.session.document import SavedSession

WORKLOAD = "zipf:skew=0.9,keys=300,requests=5k,seed=1"


def test_a_named_session_is_shown_whatever_was_kept(opened, folder):
    first = opened("cache", WORKLOAD)
    first.lasting.begin()
    first.controls.controls["max_cache_size"].value = 33
    first.wait(60)
    first.save("work.json")
    first.controls.controls["max_cache_size"].value = 77
    first.wait(60)
    first.lasting.keeper.wait(30)
    first.close()
    before = (folder / "perflab-session-cache.json").read_bytes()
    again = workbench(session="work.json")
    try:
        again.lasting.begin()
        again.wait(60)
        assert again.controls.values["max_cache_size"] == 33
        again.controls.controls["max_cache_size"].value = 44
        again.wait(60)
        again.lasting.keeper.wait(30)
    finally:
        again.close()
    assert (folder / "perflab-session-cache.json").read_bytes() == before
    assert (folder / "perflab-session-cache-2.json").is_file()
    again = opened(session="work.json")
    again.lasting.begin()
    again.wait(60)
    assert again.controls.values["max_cache_size"] == 33
    again.controls.controls["max_cache_size"].value = 55
    again.wait(60)
    again.lasting.keeper.wait(30)
    again.close()
    kept = SavedSession.read(folder / "perflab-session-cache-2.json")
    assert kept.settings["max_cache_size"] == 55
    assert not (folder / "perflab-session-cache-3.json").exists()
    plain = opened("cache", WORKLOAD)
    plain.lasting.begin()
    plain.wait(60)
    assert plain.controls.values["max_cache_size"] == 77


def test_a_workload_that_was_picked_comes_back_with_its_numbers(opened, folder):
    (folder / "picked.csv").write_text("id,url\n" + "1,a\n2,b\n3,c\n" * 50)
    first = opened("cache")
    first.lasting.begin()
    first.picker.reading.columns.value = "key=url"
    first.picker.path.value = "picked.csv"
    first.wait(60)
    assert first.workload.source == "picked.csv"
    first.controls.controls["max_cache_size"].value = 2
    first.wait(60)
    first.pin()
    first.lasting.keeper.wait(30)
    kept = first.lasting.session()
    first.close()
    again = workbench("cache")
    try:
        again.lasting.begin()
        again.wait(60)
        assert again.workload.fingerprint == kept.workload["fingerprint"]
        after = again.lasting.session()
        assert (after.settings, after.baseline) == (kept.settings, kept.baseline)
        assert after.tried[: len(kept.tried)] == kept.tried
        assert "left out" not in again.lasting.line.children[0].value
    finally:
        again.close()


def test_a_session_whose_workload_is_gone_stays_in_its_file(opened, folder):
    (folder / "picked.txt").write_text("a\nb\n" * 50)
    first = opened("cache", WORKLOAD)
    first.lasting.begin()
    first.picker.path.value = "picked.txt"
    first.wait(60)
    first.pin()
    first.lasting.keeper.wait(30)
    first.close()
    path = folder / "perflab-session-cache.json"
    before = path.read_bytes()
    (folder / "picked.txt").unlink()
    again = opened("cache", WORKLOAD)
    again.lasting.begin()
    again.wait(60)
    said = again.lasting.line.children[0].value
    assert f"stays in {path.name}, as its workload picked.txt cannot be read again" in said
    assert again.workload.name == WORKLOAD
    again.pin()
    again.lasting.keeper.wait(30)
    assert path.read_bytes() == before
    assert (folder / "perflab-session-cache-2.json").is_file()


def test_another_workload_is_not_called_a_changed_one(opened, folder):
    opened("cache", WORKLOAD).save("work.json")
    again = opened(workload="zipf:skew=0.5,keys=30,requests=1k", session="work.json")
    said = again.lasting.line.children[0].value
    assert "it was of another workload" in said
    assert "changed" not in said


def test_a_session_comes_with_what_names_its_workload(opened, folder):
    (folder / "rows.csv").write_text("a,b\n" + "1,2\n" * 500)
    panel = opened("lazy_loading", "random:run=5,requests=1k,seed=1")
    whole = panel.workload.n_rows
    panel.controls.controls["data_source"].value = "rows.csv"
    panel.wait(60)
    assert panel.workload.n_rows == 500
    panel.pin()
    panel.save("work.json")
    again = opened(session="work.json")
    assert again.workload.n_rows == 500
    assert again.displays.baseline == panel.displays.baseline
    assert "left out" not in again.lasting.line.children[0].value
    again.reset()
    again.wait(60)
    assert again.controls.values["data_source"] == "flights"
    assert again.workload.n_rows == whole
    again.lasting._restore({"settings": {"data_source": "rows.csv"}})
    again.wait(60)
    assert again.workload.n_rows == 500


@pytest.fixture
def of_a_table(opened, folder):
    (folder / "rows.csv").write_text("a,b\n" + "1,2\n" * 200)
    opened("streaming", settings={"input_file": "rows.csv", "chunk_size": 50}).save("work.json")
    return folder


def test_a_table_that_is_gone_is_said_though_no_slider_names_it(opened, of_a_table):
    (of_a_table / "rows.csv").unlink()
    again = opened(session="work.json")
    assert again.workload is None
    assert "rows.csv: cannot be opened" in again.picker.error.value
    assert "no workload yet" in again.header.workload.value


def test_a_cell_may_name_another_table_than_its_session(opened, of_a_table):
    (of_a_table / "other.csv").write_text("a,b\n" + "1,3\n" * 100)
    again = opened(workload="other.csv", session="work.json")
    assert again.workload.rows == 100
    assert again.controls.values["chunk_size"] == 50
    assert again.controls.values["input_file"] is None
    assert again.picker.error.value == ""
    assert "it was of another workload" in again.lasting.line.children[0].value


@pytest.fixture
def held(monkeypatch):
    """What lets workloads be read: until it is set, each reading waits."""
    go_on, preview = threading.Event(), workload_picker.preview_of

    def wait(*what):
        assert go_on.wait(60)
        return preview(*what)

    monkeypatch.setattr(workload_picker, "preview_of", wait)
    yield go_on
    go_on.set()


def kept_with_rows(opened, folder):
    """Keep a session whose data source is another than its cell's; return the cell's workload."""
    (folder / "rows.csv").write_text("a,b\n" + "1,2\n" * 500)
    spec = "random:run=5,requests=1k,seed=1"
    first = opened("lazy_loading", spec)
    first.lasting.begin()
    first.controls.controls["data_source"].value = "rows.csv"
    first.wait(60)
    first.pin()
    first.lasting.keeper.wait(30)
    first.close()
    return spec


def test_a_cells_own_workload_is_there_if_its_sessions_is_gone(opened, folder, held):
    held.set()
    spec = kept_with_rows(opened, folder)
    (folder / "rows.csv").unlink()
    held.clear()
    again = workbench("lazy_loading", spec)
    try:
        # Before its workload is read, as in a notebook.
        again.lasting.begin()
        held.set()
        again.wait(60)
        assert again.workload is not None
        assert again.controls.values["data_source"] == "flights"
        assert again.controls.controls["data_source"].message.startswith("rows.csv")
        assert "cannot be read again" in again.lasting.line.children[0].value
        assert not again.actions.buttons["run"].disabled
    finally:
        again.close()


def test_a_reading_that_fails_while_a_session_is_sought_blocks_nobody(opened, folder, monkeypatch):
    spec = kept_with_rows(opened, folder)
    again = opened("lazy_loading", spec)
    failing, shown = threading.Event(), threading.Event()
    refuse, name = again.controls.refuse_naming, again.lasting._awaited._name

    def refused(message):
        failing.set()  # the picker's thread is within its lock
        assert shown.wait(60)
        return refuse(message)

    def named(values):
        name(values)
        again.picker.pick("absent:rows")
        assert failing.wait(60)
        shown.set()

    monkeypatch.setattr(again.controls, "refuse_naming", refused)
    monkeypatch.setattr(again.lasting._awaited, "_name", named)
    began = threading.Thread(target=again.lasting.begin, daemon=True)
    began.start()
    began.join(20)
    assert not began.is_alive()
    assert again.picker.wait(60)
