from __future__ import annotations

from perflab.panels.presses import DOUBLE_CLICK_SECONDS, Presses


def test_second_press_of_a_double_click_does_nothing():
    now, done = [0.0], []
    presses = Presses(lambda: now[0])
    presses.press("run", lambda: done.append("run"))
    now[0] += DOUBLE_CLICK_SECONDS / 2
    presses.press("run", lambda: done.append("stop"))
    assert done == ["run"]
    now[0] += DOUBLE_CLICK_SECONDS
    presses.press("run", lambda: done.append("stop"))
    assert done == ["run", "stop"]


def test_press_that_waited_behind_a_slow_handler_is_of_the_double_click():
    now, done = [0.0], []
    presses = Presses(lambda: now[0])

    def slow():
        done.append("run")
        now[0] += 5.0

    presses.press("run", slow)
    presses.press("run", lambda: done.append("stop"))
    assert done == ["run"]


def test_two_buttons_do_not_hold_each_other_up():
    done = []
    presses = Presses(lambda: 0.0)
    presses.press("run", lambda: done.append("run"))
    presses.press("pause", lambda: done.append("pause"))
    assert done == ["run", "pause"]
