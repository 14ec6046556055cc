from __future__ import annotations

import html
import json
import os
import signal
import threading

import pytest

from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.panels import workbench


def move(panel, key, value):
    panel.controls.controls[key].value = value
    panel.wait(30)


def start(panel, until):
    panel.run_or_stop()
    until(lambda: panel.runner.live is not None and len(panel.runner.live.rows) > 3)
    return panel.runner.live


def stop(panel, until):
    panel.run_or_stop()
    until(lambda: not panel.runner.active)
    panel.wait(20)


def test_panel_shows_workload_and_exact_prediction(panel):
    assert "20,000 requests" in panel.header.workload.value
    assert "what-if exact" in panel.status.text
    assert panel.displays.what_if.points["now"].metrics["hit_rate"] > 0
    assert panel.displays.what_if.first.image.value[:4] == b"\x89PNG"


def test_slider_move_changes_picture_and_table(panel):
    picture, table = panel.displays.what_if.first.image.value, panel.displays.table.widget.value
    slider = panel.controls.controls["max_cache_size"].slider
    slider.value = panel.controls.controls["max_cache_size"].stops.position(100)
    panel.wait(30)
    assert panel.displays.what_if.first.image.value != picture
    assert panel.displays.table.widget.value != table
    assert panel.displays.what_if.points["now"].settings.max_cache_size == 100


def test_slider_handler_never_waits_for_the_model(panel, monkeypatch):
    entered, go = threading.Event(), threading.Event()
    model = panel.forecast._what_if

    def slow(*_args):
        entered.set()
        go.wait(20)

    monkeypatch.setattr(model, "at", slow)
    panel.controls.controls["max_cache_size"].value = 20
    assert entered.wait(10)
    panel.controls.controls["max_cache_size"].value = 30
    assert panel.controls.values["max_cache_size"] == 30
    go.set()


def test_next_move_is_drawn_while_the_one_before_is_still_computed(panel, monkeypatch, until):
    refining, go = threading.Event(), threading.Event()

    def slow(*_args):
        refining.set()
        go.wait(20)
        return True

    monkeypatch.setattr(panel.forecast._what_if, "refine", slow)
    panel.controls.controls["max_cache_size"].value = 20
    assert refining.wait(10)
    panel.controls.controls["max_cache_size"].value = 30
    until(lambda: panel.displays.what_if.points["now"].settings.max_cache_size == 30)
    go.set()
    panel.wait(30)
    assert panel.displays.what_if.points["now"].settings.max_cache_size == 30


def test_policy_change_moves_the_mark_to_its_line(panel):
    move(panel, "max_cache_size", 50)
    lru = panel.forecast.prediction.metrics["hit_rate"]
    move(panel, "policy", "opt")
    assert panel.forecast.prediction.metrics["hit_rate"] > lru


def test_setting_that_the_model_refuses_is_a_remark_not_a_traceback(panel):
    move(panel, "ttl_seconds", 60)
    move(panel, "policy", "opt")
    assert "Traceback" not in panel.status.widget.value
    assert panel.status.problem == ""


def test_unknown_setting_is_refused_at_once():
    with pytest.raises(BadInputError, match="no such setting"):
        workbench("cache", settings={"sise": 3})


def test_unknown_pattern_is_refused_at_once():
    with pytest.raises(BadInputError, match="unknown pattern"):
        workbench("cashe")


def test_workload_that_is_missing_is_said_on_the_panel(open_panel):
    panel = open_panel("no/such/file.csv")
    assert "no/such/file.csv" in panel.picker.field_error.message
    assert panel.status.problem == ""
    assert panel.actions.buttons["run"].disabled
    assert panel.header.toggle.value


def test_another_workload_replaces_the_first_and_what_was_pinned(panel):
    panel.pin()
    panel.picker.pick("loop:keys=50,requests=5k")
    panel.wait(30)
    assert "5,000 requests" in panel.header.workload.value
    assert panel.displays.baseline is None
    assert set(panel.displays.what_if.points) == {"now"}


def test_workload_with_times_is_paced_by_speedup(open_panel):
    panel = open_panel("flights")
    assert panel.controls.controls["request_rate"].widget.layout.display == "none"
    assert panel.controls.controls["speedup"].widget.layout.display is None


def test_baseline_is_marked_and_stands_in_the_table(panel):
    assert not panel.actions.buttons["pin"].disabled
    panel.pin()
    before = panel.displays.baseline.metrics["hit_rate"]
    move(panel, "max_cache_size", 5)
    assert panel.displays.what_if.points["baseline"].metrics["hit_rate"] == before
    assert metric("hit_rate").format(before) in panel.displays.table.widget.value


def test_live_run_is_steered_by_a_slider_and_keeps_its_result(panel, until):
    live = start(panel, until)
    assert panel.actions.buttons["run"].description == "Stop"
    assert not panel.actions.buttons["pause"].disabled
    move(panel, "max_cache_size", 33)
    until(lambda: live.changes)
    assert live.changes[-1]["settings"]["max_cache_size"] == "33"
    until(lambda: "measured" in panel.displays.what_if.points)
    stop(panel, until)
    assert panel.runner.result.settings["max_cache_size"] == 33
    assert panel.actions.buttons["run"].description == "Run"
    assert "ended after" in panel.status.text


def test_two_sliders_moved_at_once_both_reach_the_run(panel, until):
    live = start(panel, until)
    panel.controls.controls["max_cache_size"].value = 44
    panel.controls.controls["backend_seconds"].value = 0.0
    panel.controls.controls["policy"].value = "fifo"
    until(lambda: live.changes and live.changes[-1]["settings"]["policy"] == "fifo")
    last = live.changes[-1]["settings"]
    assert last["max_cache_size"] == "44"
    assert last["backend_seconds"] == "0s"


def test_slider_moved_while_the_run_starts_is_not_lost(panel, until):
    panel.run_or_stop()
    panel.controls.controls["max_cache_size"].value = 77
    until(lambda: panel.runner.live is not None and panel.runner.live.changes)
    assert panel.runner.live.changes[-1]["settings"]["max_cache_size"] == "77"


def test_policy_that_cannot_run_is_refused_and_the_run_goes_on(panel, until):
    live = start(panel, until)
    move(panel, "policy", "opt")
    until(lambda: "knows the future" in panel.status.problem)
    assert live.state == "running"
    move(panel, "policy", "sieve")
    until(lambda: live.changes)
    assert panel.status.problem == ""


def test_run_with_a_policy_that_cannot_run_says_why(panel, until):
    move(panel, "policy", "opt")
    panel.run_or_stop()
    until(lambda: "knows the future" in panel.status.problem)
    until(lambda: not panel.runner.active)
    assert panel.actions.buttons["run"].description == "Run"


def test_paused_run_resumes(panel, until):
    live = start(panel, until)
    panel.pause_or_resume()
    assert live.state == "paused"
    assert panel.actions.buttons["pause"].description == "Resume"
    panel.pause_or_resume()
    assert live.state == "running"


def test_death_of_the_child_is_said_and_the_panel_goes_on(panel, until):
    live = start(panel, until)
    os.kill(live.pid, signal.SIGKILL)
    until(lambda: "died" in panel.status.problem)
    until(lambda: not panel.runner.active)
    assert not panel.actions.buttons["run"].disabled
    start(panel, until)
    assert panel.status.problem == ""


def test_run_pressed_twice_is_one_run_that_ends(panel, until):
    panel.run_or_stop()
    panel.run_or_stop()
    until(lambda: not panel.runner.active)
    panel.wait(20)
    assert panel.actions.buttons["run"].description == "Run"


class LateLock:
    """A lock that one thread takes only once it is let."""

    def __init__(self):
        self._lock = threading.Lock()
        self.late, self.waits, self.let = None, threading.Event(), threading.Event()

    def __enter__(self):
        if threading.current_thread() is self.late:
            self.waits.set()
            assert self.let.wait(60)
        return self._lock.__enter__()

    def __exit__(self, *problem):
        return self._lock.__exit__(*problem)


def test_thread_that_is_late_to_show_a_run_does_not_bring_its_stop_back(panel, until):
    start(panel, until)
    panel._lock = lock = LateLock()
    lock.late = threading.Thread(target=panel._refresh)
    lock.late.start()
    assert lock.waits.wait(60)
    stop(panel, until)
    lock.let.set()
    lock.late.join(60)
    assert panel.actions.buttons["run"].description == "Run"


def test_alert_set_on_the_panel_fires_in_the_run(panel, until):
    panel.alerts.add("hit_rate<=1")
    start(panel, until)
    until(lambda: "perflab-fired" in panel.alerts._states["hit_rate<=1"].value)
    panel.alerts.add("requests>1")
    until(lambda: "perflab-fired" in panel.alerts._states["requests>1"].value)


def test_recommendation_is_shown_with_its_reason_and_applied(panel):
    panel.recommend()
    panel.wait(30)
    found = panel.recommendation
    assert (
        html.escape(found.reason) in panel.report_actions.card.widget.children[0].children[1].value
    )
    assert "recommended" in panel.displays.what_if.points
    panel.report_actions.card.buttons[0].click()
    panel.wait(30)
    assert panel.controls.values["max_cache_size"] == found.settings["max_cache_size"]


def test_report_holds_run_recommendation_and_predictions(panel, until, tmp_path):
    panel.actions.folder.value = str(tmp_path / "out")
    panel.pin()
    panel.recommend()
    start(panel, until)
    panel.export()
    panel.wait(60)
    assert panel.report == tmp_path / "out" / "report.html"
    assert panel.report.is_file()
    assert str(panel.report) in panel.report_actions.link.text
    kinds = [
        one["kind"] for one in json.loads(panel.report.with_suffix(".json").read_text())["results"]
    ]
    assert sorted(kinds) == ["predictions", "recommendation", "run"]
    assert not panel.runner.active


def test_report_that_cannot_be_written_is_one_line(panel, tmp_path):
    (tmp_path / "file").write_text("")
    panel.actions.folder.value = str(tmp_path / "file" / "out")
    panel.export()
    panel.wait(60)
    assert "cannot be written" in panel.status.problem
    assert panel.report is None
    assert not panel.actions.buttons["export"].disabled


def test_reset_puts_everything_back(panel, until):
    panel.pin()
    move(panel, "max_cache_size", 5)
    start(panel, until)
    panel.reset()
    panel.wait(30)
    assert not panel.runner.active
    assert panel.runner.result is None
    assert panel.controls.values["max_cache_size"] == 1000
    assert set(panel.displays.what_if.points) == {"now"}


def test_two_panels_do_not_touch_each_other(open_panel, until):
    first, second = open_panel(), open_panel()
    start(first, until)
    move(second, "max_cache_size", 7)
    second.close()
    assert first.runner.live.state == "running"
    assert first.controls.values["max_cache_size"] == 1000


def test_closed_panel_leaves_no_thread_and_no_child(open_panel, until):
    before = set(threading.enumerate())
    panel = open_panel()
    pid = start(panel, until).pid
    panel.close()

    def gone():
        left = set(threading.enumerate()) - before
        return not [thread for thread in left if thread.name.startswith("perflab")]

    until(gone)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
