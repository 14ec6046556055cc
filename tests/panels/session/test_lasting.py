"""A session reopened is as it was: settings, baseline, what was tried, last run, charts."""

import base64
import io

import pytest
from PIL import Image

from perflab.panels import workbench
from perflab.panels.session.asked import asked_for
from perflab.panels.session.document import SavedSession
from perflab.panels.session.keeper import SWITCH
from perflab.panels.still.picture import stacked

WORKLOAD = "zipf:skew=0.9,keys=300,requests=5k,seed=1"


def work(panel, until):
    """Do what a user does in an hour: sliders, a pin, an alert, a run, a recommendation."""
    panel.controls.controls["max_cache_size"].value = 120
    panel.wait(60)
    panel.pin()
    panel.trail_rests()
    panel.controls.controls["max_cache_size"].value = 60
    panel.wait(60)
    panel.limits.text.value = "memory_bytes<=1GiB"
    panel.alerts.add("hit_rate<0.01 for 5s")
    panel.run_or_stop()
    until(lambda: panel.runner.live is not None and len(panel.runner.live.rows) > 5)
    panel.run_or_stop()
    until(lambda: not panel.runner.active and panel.runner.result is not None)
    panel.recommend()
    panel.wait(120)


@pytest.fixture
def worked(opened, until, monkeypatch):
    panel = opened("cache", WORKLOAD)
    # Each value rests, however quickly the test goes on.
    monkeypatch.setattr("perflab.panels.history.tried.REST_SECONDS", 0.0)
    panel.trail_rests = lambda: None
    work(panel, until)
    return panel


def test_a_saved_session_opens_as_it_was(worked, opened, folder):
    before = worked.lasting.session()
    worked.save("work.json")
    again = opened(session="work.json")
    after = again.lasting.session()
    for name in ("pattern", "settings", "baseline", "limits", "alerts", "compared", "run"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.recommendation == before.recommendation
    tried = [entry["settings"]["max_cache_size"] for entry in before.tried]
    assert [entry["settings"]["max_cache_size"] for entry in after.tried][: len(tried)] == tried
    assert any(entry["measured"] for entry in after.tried)
    assert again.displays.what_if.points.keys() == worked.displays.what_if.points.keys()
    assert again.displays.headline.widget.value == worked.displays.headline.widget.value
    assert again.displays.live.picture == worked.displays.live.picture
    assert "Reopened the session of" in again.lasting.line.children[0].value


def test_a_workload_that_has_changed_keeps_settings_and_drops_numbers(opened, folder):
    (folder / "keys.txt").write_text("a\nb\n" * 50)
    first = opened("cache", "keys.txt")
    first.controls.controls["max_cache_size"].value = 1
    first.wait(60)
    first.pin()
    first.save("work.json")
    (folder / "keys.txt").write_text("a\nb\nc\n" * 50)
    again = opened(session="work.json")
    assert again.controls.values["max_cache_size"] == 1
    assert again.displays.baseline is None
    assert "its workload has changed since" in again.lasting.line.children[0].value


def test_a_workload_that_is_gone_is_one_clear_error(opened, folder):
    (folder / "keys.txt").write_text("a\nb\n")
    opened("cache", "keys.txt").save("work.json")
    (folder / "keys.txt").unlink()
    panel = workbench(session="work.json")
    try:
        panel.wait(60)
        assert panel.workload is None
        assert "keys.txt" in str(panel.picker.error.value)
    finally:
        panel.close()


def test_undo_and_redo_set_the_sliders(worked):
    size = worked.controls.values["max_cache_size"]
    worked.lasting.tab.undo.click()
    worked.wait(60)
    assert worked.controls.values["max_cache_size"] == 120
    worked.lasting.tab.redo.click()
    worked.wait(60)
    assert worked.controls.values["max_cache_size"] == size


def test_tried_settings_are_compared_and_written(worked, folder):
    tab = worked.lasting.tab
    tab.compare.click()
    assert "max cache size" in tab._side.value
    columns = tab._side.value.count("scope='col'")
    assert columns == len(worked.lasting.trail.entries)
    next(iter(tab._rows.values())).tick.value = True
    assert tab._side.value.count("scope='col'") == 1
    tab.compare.click()
    assert tab._side.layout.display == "none"
    path = worked.lasting.tab.write()
    rows = path.read_text().splitlines()
    assert len(rows) == len(worked.lasting.trail.entries) + 1
    assert worked.lasting.tab.write() != path


def test_the_session_is_kept_by_itself_and_the_same_cell_reopens_it(opened, folder):
    first = opened("cache", WORKLOAD, {"ttl_seconds": 60})
    assert first.lasting.keeper.begin() is None
    first.controls.controls["max_cache_size"].value = 77
    first.wait(60)
    first.lasting.keeper.wait(30)
    assert (folder / "perflab-session-cache.json").is_file()
    first.close()
    other = opened("cache", WORKLOAD)
    other.lasting.begin()
    other.wait(60)
    assert other.controls.values["max_cache_size"] != 77
    other.close()
    again = opened("cache", WORKLOAD, {"ttl_seconds": 60})
    again.lasting.begin()
    again.wait(60)
    assert again.controls.values["max_cache_size"] == 77
    again.lasting.afresh.click()
    again.wait(60)
    assert again.controls.values["max_cache_size"] != 77


def test_another_cell_leaves_a_kept_session_as_it_is(opened, folder):
    path = folder / "perflab-session-cache.json"
    first = opened("cache", WORKLOAD)
    first.lasting.begin()
    first.controls.controls["max_cache_size"].value = 77
    first.wait(60)
    first.lasting.keeper.wait(30)
    first.close()
    before = path.read_bytes()
    other = workbench("cache", WORKLOAD, {"ttl_seconds": 60})
    try:
        # Before its workload is read, as in a notebook.
        other.lasting.begin()
        other.wait(60)
        other.controls.controls["max_cache_size"].value = 33
        other.wait(60)
        other.lasting.keeper.wait(30)
    finally:
        other.close()
    assert path.read_bytes() == before
    again = opened("cache", WORKLOAD)
    again.lasting.begin()
    again.wait(60)
    again.lasting.keeper.wait(30)
    assert again.controls.values["max_cache_size"] == 77
    assert path.read_bytes() == before, "a look writes nothing"


def test_a_session_that_is_shown_in_part_is_not_kept(opened, folder, monkeypatch):
    first = opened("cache", WORKLOAD)
    first.lasting.begin()
    first.pin()
    first.recommend()
    first.wait(120)
    first.lasting.keeper.wait(30)
    first.close()
    path = folder / "perflab-session-cache.json"
    before = path.read_bytes()
    again = opened("cache", WORKLOAD)
    put = again.report_actions.put

    def slowly(*found):
        again.lasting.keeper.wait(30)
        assert path.read_bytes() == before
        put(*found)

    monkeypatch.setattr(again.report_actions, "put", slowly)
    again.lasting.begin()
    again.wait(60)
    again.lasting.keeper.wait(30)
    assert again.recommendation is not None
    assert path.read_bytes() == before, "a look writes nothing"
    again.controls.controls["max_cache_size"].value = 77
    again.wait(60)
    again.lasting.keeper.wait(30)
    assert SavedSession.read(path).recommendation is not None


def test_a_session_of_a_later_version_is_left_alone_and_named(opened, folder):
    first = opened("cache", WORKLOAD)
    path = first.save(folder / "perflab-session-cache.json")
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    before = path.read_bytes()
    again = opened("cache", WORKLOAD)
    again.lasting.begin()
    assert "stays as it is" in again.status.problem
    again.controls.controls["max_cache_size"].value = 77
    again.wait(60)
    again.lasting.keeper.wait(30)
    assert path.read_bytes() == before
    assert (folder / "perflab-session-cache-2.json").is_file()


def fetch(key):
    return key


def test_a_function_as_backend_is_kept_by_its_name(opened, folder, until):
    first = opened("cache", WORKLOAD, {"backend": fetch})
    first.lasting.begin()
    first.controls.controls["max_cache_size"].value = 77
    first.wait(60)
    first.pin()
    first.run_or_stop()
    until(lambda: first.runner.live is not None and len(first.runner.live.rows) > 2)
    first.run_or_stop()
    until(lambda: not first.runner.active and first.runner.result is not None)
    assert any(entry["measured"] for entry in first.lasting.trail.entries)
    first.lasting.keeper.wait(30)
    kept = SavedSession.read(folder / "perflab-session-cache.json")
    written = first.lasting.tab.write().read_text()
    first.close()
    named = f"{__name__}:fetch"
    assert named in written
    assert "0x" not in written
    assert kept.settings["backend"] == kept.baseline["settings"]["backend"] == named
    assert {entry["settings"]["backend"] for entry in kept.tried} == {named}
    again = opened("cache", WORKLOAD, {"backend": fetch})
    again.lasting.begin()
    again.wait(60)
    assert again.controls.values["backend"] is fetch
    assert again.controls.values["max_cache_size"] == 77
    assert any(entry["measured"] for entry in again.lasting.trail.entries)
    assert "is not called" not in again.lasting.line.children[0].value


def test_no_secret_of_a_cell_is_kept():
    passed = {"urls": "http://me:secret@host/", "timeout": 3}
    assert "secret" not in asked_for(None, passed)
    assert asked_for(None, passed) != asked_for(None, {**passed, "timeout": 4})
    assert (
        asked_for("flights", {"backend": fetch})
        == f'["flights", {{"backend": "{__name__}:fetch"}}]'
    )


def test_a_look_leaves_no_file(opened, folder):
    panel = opened("cache", WORKLOAD)
    panel.lasting.begin()
    panel.lasting.changed()
    panel.lasting.keeper.wait(30)
    assert list(folder.iterdir()) == []


def test_a_workload_that_was_only_picked_is_kept(opened, folder):
    (folder / "keys.txt").write_text("a\nb\n" * 50)
    first = opened("cache", WORKLOAD)
    first.lasting.begin()
    first.picker.path.value = "keys.txt"
    first.wait(60)
    first.lasting.keeper.wait(30)
    first.close()
    again = opened("cache", WORKLOAD)
    again.lasting.begin()
    again.wait(60)
    assert again.workload.source == "keys.txt"


def test_lines_that_were_only_compared_are_kept(opened, folder):
    first = opened("cache", WORKLOAD)
    first.lasting.begin()
    first.compare.buttons["policy"]["random"].value = True
    first.wait(60)
    first.lasting.keeper.wait(30)
    kept = SavedSession.read(folder / "perflab-session-cache.json")
    assert "random" in kept.compared["policy"]


def test_it_is_not_kept_where_that_is_off(opened, folder, monkeypatch):
    monkeypatch.setenv(SWITCH, "off")
    panel = opened("cache", WORKLOAD)
    panel.lasting.begin()
    panel.controls.controls["max_cache_size"].value = 77
    panel.wait(60)
    assert list(folder.iterdir()) == []


def test_the_still_picture_has_the_charts_and_the_numbers(worked):
    bundle = worked.lasting.still._bundle()
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert picture.width >= 700
    assert picture.height >= 300
    assert len(bundle["image/png"]) < 300_000
    assert bundle["text/plain"].startswith("perflab: the panel of caching on zipf:")
    assert "measured" in bundle["text/plain"]
    assert "hit rate" in bundle["text/plain"]
    assert "<style>" not in bundle["text/plain"]
    assert "Settings of the run" not in bundle["text/plain"]
    worked.controls.controls["max_cache_size"].value = 90
    worked.wait(60)
    _, settings, run, *_ = worked.lasting._words().splitlines()
    assert "max cache size 90" in settings
    assert run == "Settings of the run: max cache size 60"


def test_pictures_are_stacked_in_order():
    def plain(colour, size):
        file = io.BytesIO()
        Image.new("RGB", size, colour).save(file, "png")
        return file.getvalue()

    assert stacked([]) == b""
    assert stacked([b""]) == b""
    whole = Image.open(io.BytesIO(stacked([plain("red", (40, 10)), plain("blue", (20, 10))])))
    assert whole.size == (40, 28)
    assert whole.convert("RGB").getpixel((5, 5)) == (255, 0, 0)
    assert whole.convert("RGB").getpixel((5, 25)) == (0, 0, 255)
