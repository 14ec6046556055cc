"""A workload that is picked while a run goes on is there at once; the run ends on its own time."""

import threading

OTHER = "loop:keys=40,requests=4k"


def test_a_workload_picked_during_a_run_is_not_kept_waiting_by_it(panel, until):
    panel.run_or_stop()
    until(lambda: panel.runner.live is not None and panel.runner.live.rows.last is not None, 240)
    live, ends = panel.runner.live, threading.Event()
    stop = live.stop

    def slow_stop(*args, **kwargs):
        assert ends.wait(60)
        return stop(*args, **kwargs)

    live.stop = slow_stop
    panel.picker.pick(OTHER)
    until(lambda: panel.workload.name.startswith("loop"))
    assert panel.runner.active
    until(lambda: panel.actions.buttons["run"].disabled)
    assert panel.runner.live is None
    until(lambda: panel.forecast.prediction is not None)
    ends.set()
    until(lambda: not panel.runner.active)
    until(lambda: "stopped, as another workload was chosen" in panel.status.text)
    assert panel.runner.result is None
    until(lambda: not panel.actions.buttons["run"].disabled)
    panel.run_or_stop()
    until(lambda: panel.runner.live is not None and panel.runner.live.rows.last is not None, 240)
    assert panel.runner.live.workload.name.startswith("loop")


def test_what_is_being_read_is_said_in_the_status_line(panel, until):
    began, go_on = threading.Event(), threading.Event()
    load = panel.bench.workload_for

    def slow(*args):
        args[-1](1, 4)
        began.set()
        assert go_on.wait(60)
        return load(*args)

    panel.picker._bench = type("Slow", (), {"workload_for": staticmethod(slow)})()
    panel.picker._bench.workload_kind = panel.bench.workload_kind
    panel.picker.pick(OTHER)
    assert began.wait(60)
    assert "reading loop:keys=40,requests=4k: 25 %" in panel.status.text
    go_on.set()
    panel.wait(60)
    assert "reading" not in panel.status.text
