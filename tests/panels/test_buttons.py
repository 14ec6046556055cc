from __future__ import annotations

import threading

from perflab.panels.actions import Actions
from perflab.panels.status import StatusLine
from perflab.panels.tasks import Tasks

NAMES = ("run", "pause", "reset", "pin", "recommend", "export")


def test_button_that_cannot_be_used_is_disabled():
    actions = Actions(dict.fromkeys(NAMES, lambda: None), "folder")
    assert all(button.disabled for button in actions.buttons.values())
    actions.show(running=False, paused=False, enabled={"run": True, "pause": False})
    assert not actions.buttons["run"].disabled
    assert actions.buttons["pause"].disabled


def test_run_becomes_stop_and_pause_becomes_resume():
    actions = Actions(dict.fromkeys(NAMES, lambda: None), "folder")
    actions.show(running=True, paused=True, enabled={})
    words = {key: button.description for key, button in actions.buttons.items()}
    assert words["run"] == "Stop"
    assert words["pause"] == "Resume"


def test_every_button_calls_its_own_handler_and_explains_itself():
    seen = []
    handlers = {name: lambda name=name: seen.append(name) for name in NAMES}
    actions = Actions(handlers, "folder")
    for button in actions.buttons.values():
        assert button.tooltip
        button.click()
    assert seen == list(NAMES)


def test_task_pressed_twice_is_begun_once():
    go, done = threading.Event(), []
    tasks = Tasks(StatusLine(), lambda: None)

    def work():
        go.wait(10)
        done.append(1)

    assert tasks.start("export", work)
    assert not tasks.start("export", work)
    go.set()
    tasks.wait(10)
    assert done == [1]
    assert not tasks.busy("export")


def test_error_of_a_task_is_shown_and_it_can_be_tried_again():
    status = StatusLine()
    tasks = Tasks(status, lambda: None)
    tasks.start("export", lambda: 1 / 0)
    tasks.wait(10)
    assert "ZeroDivisionError" in status.problem
    assert not tasks.busy("export")
