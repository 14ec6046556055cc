"""Settings that name a workload: it is read once for each of them, and may be given up."""

from __future__ import annotations

import threading

import pytest

from perflab.panels import workbench, workload_picker

SPEC = "random:run=5,requests=1k,seed=1"


class Reading:
    """Counts what is read, and lets it wait while it is held."""

    def __init__(self, monkeypatch):
        self.count, self.began, self.go_on = 0, threading.Event(), threading.Event()
        self.go_on.set()
        self._preview = workload_picker.preview_of
        monkeypatch.setattr(workload_picker, "preview_of", self._wait)

    def hold(self):
        self.began.clear()
        self.go_on.clear()

    def _wait(self, *what):
        self.count += 1
        self.began.set()
        assert self.go_on.wait(60)
        return self._preview(*what)


@pytest.fixture
def reading(monkeypatch):
    made = Reading(monkeypatch)
    yield made
    made.go_on.set()


@pytest.fixture
def lazy(reading, tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n" + "1,2\n" * 500)
    panel = workbench("lazy_loading", SPEC)
    assert panel.picker.wait(60)
    panel.wait(60)
    reading.hold()
    panel.controls.controls["data_source"].value = str(tmp_path / "rows.csv")
    assert reading.began.wait(60)
    yield panel
    reading.go_on.set()
    panel.close()


def test_what_was_cancelled_is_not_read_when_a_dot_moves(lazy, reading):
    before = lazy.workload
    lazy.picker.cancel()
    reading.go_on.set()
    lazy.wait(60)
    source = lazy.controls.controls["data_source"]
    assert lazy.controls.values["data_source"] == "flights"
    assert source.message == "reading it was cancelled"
    count, found = reading.count, lazy.forecast.prediction
    lazy._steer({"max_chunks": 3})
    lazy.wait(60)
    assert reading.count == count
    assert lazy.workload is before
    assert lazy.forecast.prediction != found


def test_a_dot_that_moves_while_a_source_is_read_reads_it_once(lazy, reading):
    for chunks in (3, 4, 5):
        lazy._steer({"max_chunks": chunks})
    reading.go_on.set()
    lazy.wait(60)
    assert reading.count == 2
    assert lazy.workload.n_rows == 500
    assert lazy.controls.values["max_chunks"] == 5


def test_a_first_reading_that_is_cancelled_leaves_no_panel_that_reads(reading):
    reading.hold()
    panel = workbench("cache", "loop:keys=40,requests=4k")
    try:
        assert reading.began.wait(60)
        panel.picker.cancel()
        assert "no workload yet" in panel.header.workload.value
        reading.go_on.set()
        panel.wait(60)
        assert panel.workload is None
    finally:
        panel.close()


def test_a_file_that_was_cancelled_is_not_read_by_another_setting(reading, tmp_path):
    for name in ("rows.csv", "other.csv"):
        (tmp_path / name).write_text("a,b\n" + "1,2\n" * 50)
    panel = workbench("streaming", tmp_path / "rows.csv")
    try:
        panel.wait(60)
        reading.hold()
        panel.picker.path.value = str(tmp_path / "other.csv")
        assert reading.began.wait(60)
        panel.picker.cancel()
        reading.go_on.set()
        panel.wait(60)
        panel._apply({"delimiter": "comma"})
        panel.wait(60)
        assert panel.workload.name == "rows.csv"
    finally:
        panel.close()
