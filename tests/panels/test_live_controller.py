from __future__ import annotations

import threading

import pytest

from perflab.panels import live_controller
from perflab.panels.live_controller import LiveController
from perflab.panels.status import StatusLine
from perflab.servers.consent import ConsentNeededError, ForeignServer
from perflab.workloads import load_workload


@pytest.fixture
def controller():
    status = StatusLine()
    made = LiveController("cache", status, lambda live: None, lambda: None, lambda error: None)
    yield made
    made.close()


def begin(controller, monkeypatch, start):
    monkeypatch.setattr(live_controller, "start_live", start)
    controller.start(load_workload("loop:keys=5,requests=10"), {}, ())


def calibrating(number, ended=None, total=None):
    """Return what starts a run and makes that round of a calibration until it is ended."""

    def start(*_args, on_round, **_named):
        try:
            while True:
                on_round(number, total)
                threading.Event().wait(0.01)
        finally:
            if ended is not None:
                ended.set()

    return start


def test_calibration_is_said_while_it_is_made_and_can_be_stopped(controller, monkeypatch, until):
    ended = threading.Event()
    begin(controller, monkeypatch, calibrating(3, ended))
    until(lambda: "calibrating" in controller._status.text)
    until(lambda: "round 3, " in controller._status.text)
    assert controller.phase == "calibrating"
    assert controller.stop() is None
    assert ended.is_set()
    assert controller.phase is None
    assert controller._status.text == "stopped before the run began"
    assert controller._status.problem == ""


@pytest.mark.parametrize(("number", "said"), [(3, "round 3 of 5, "), (6, "round 6, ")])
def test_how_many_rounds_there_are_is_said_where_it_is_known(
    controller, monkeypatch, until, number, said
):
    begin(controller, monkeypatch, calibrating(number, total=5))
    until(lambda: said in controller._status.text)
    controller.stop()


def test_start_says_no_word_of_a_calibration_that_is_not_made(controller, monkeypatch, until):
    go = threading.Event()

    def start(*_args, **_named):
        go.wait(30)
        raise ConsentNeededError((ForeignServer("redis://shop.example:6379/0", "writes"),))

    begin(controller, monkeypatch, start)
    until(lambda: "starting, " in controller._status.text)
    assert "calibrat" not in controller._status.text
    assert "ends after 10 min" in controller._status.text
    go.set()
    until(lambda: not controller.active)
    assert controller._status.text == ""


def test_run_that_was_dropped_says_nothing_once_it_is_over(controller, monkeypatch, until):
    begin(controller, monkeypatch, calibrating(1))
    until(lambda: controller.phase == "calibrating")
    controller.drop()
    until(lambda: not controller.active)
    assert controller._status.text == ""


def test_run_can_be_started_again_after_one_that_was_dropped(controller, monkeypatch, until):
    for _ in range(2):
        begin(controller, monkeypatch, calibrating(1))
        until(lambda: controller.phase == "calibrating")
        controller.drop()
        until(lambda: not controller.active)
