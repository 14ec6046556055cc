"""The states of a run on a whole panel."""

from __future__ import annotations

import threading


def start(panel, until):
    panel.run_or_stop()
    until(lambda: panel.runner.live is not None and panel.runner.live.rows)
    return panel.runner.live


def test_run_ends_at_its_limit_and_says_so(panel, until):
    panel.runner.limit.text.value = "1s"
    panel.run_or_stop()
    until(lambda: panel.runner.result is not None and not panel.runner.active)
    until(lambda: "its limit of 1 s is reached" in panel.status.text)
    until(lambda: panel.actions.buttons["run"].description == "Run")


def test_double_click_on_run_starts_a_run_that_goes_on(panel, until):
    run = panel.actions.buttons["run"]
    run.click()
    run.click()
    until(lambda: panel.runner.live is not None and panel.runner.live.rows)
    assert panel.runner.phase == "running"
    until(lambda: "running, " in panel.status.text)
    until(lambda: "min left" in panel.status.text)
    panel.pause_or_resume()
    until(lambda: "paused at " in panel.status.text)


def test_reset_puts_all_back_before_the_run_has_ended(panel, until):
    live = start(panel, until)
    panel.controls.controls["max_cache_size"].value = 5
    go, end = threading.Event(), live.stop

    def slow():
        go.wait(60)
        return end()

    live.stop = slow
    panel.reset()
    until(lambda: panel.controls.values["max_cache_size"] == 1000)
    until(lambda: "stopping" in panel.status.text)
    assert panel.runner.active
    assert panel.runner.live is None
    until(lambda: panel.actions.buttons["run"].disabled)
    go.set()
    until(lambda: not panel.runner.active)
    panel.wait(30)
    assert panel.runner.result is None
    assert "ended" not in panel.status.text
    until(lambda: not panel.actions.buttons["run"].disabled)
