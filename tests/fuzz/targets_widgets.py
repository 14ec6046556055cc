"""A panel before a browser that sends anything, by the way that a kernel hands messages on."""

from __future__ import annotations

import atexit
import json
import logging
import math
import random
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import comm
import ipywidgets as widgets
from parts import Target
from seeds_widgets import SEEDS

from perflab.panels import workbench
from perflab.panels.workbench import Workbench

WAIT_SECONDS = 60.0
EVERY = 50
NASTY: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 7, 20, 10**30, -(10**30), 0.5, 1e308, math.nan, math.inf,
    "", " ", "1", "10k", "-5", "nan", "1e400", "none", "\0", "\x1b]0;x\x07", "\n", "\ud800",
    "<img src=x onerror=alert(1)>", "</span><script>x</script>", "hit_rate<0.8 for 5s",
    "é" * 50, "a" * 100_000, "zipf:keys=300,requests=5k", "uniform:keys=1e9", "zipf:skew=nan",
    "../../x", "key=url,time=ts", "=1+1", [], [[]], {}, {"a": 1}, [1, 2], ["a"], [{"name": "x"}],
    [{"name": "../../x\0\x1b[2J", "type": "", "size": 1, "last_modified": 0, "content": b"key\na"}],
    [{"name": "x.csv", "type": 1, "size": "x", "last_modified": 1e300, "content": "x"}],
)  # fmt: skip
TRAITS = (
    "value", "value", "value", "index", "index", "description", "options", "_options_labels", "min",
    "max", "step", "disabled", "children", "layout", "style", "tooltip", "icon", "outputs", "error",
    "_model_name", "_dom_classes", "comm", "keys", "selected_index", "msg_id", "continuous_update",
    "_view_count", "display", "button_style", "no such trait", "__class__", "_perflab_guarded",
)  # fmt: skip
USED = (
    *(widgets.Button, widgets.Text, widgets.IntSlider, widgets.ToggleButton, widgets.Dropdown),
    *(widgets.ToggleButtons, widgets.FileUpload),
)
MOST_MESSAGES = 60
METHODS = ("update",) * 30 + ("custom",) * 3 + ("request_state", "echo_update", "", None, 7)
CONTENTS: tuple[Any, ...] = ({"event": "click"}, {"event": "click"}, {"event": "submit"}, {}, [], 7)


class _Escaped(logging.Handler):
    """What the kernel, or ipywidgets, would have written into the log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(f"{record.getMessage()} {record.exc_info and record.exc_info[1]!r}")


ESCAPED = _Escaped()
for name in ("Comm", "traitlets", "perflab"):
    logging.getLogger(name).addHandler(ESCAPED)


class Panel:
    """A panel, its widgets, and what they are when all is well."""

    def __init__(self, pattern: str) -> None:
        self.panel: Workbench = workbench(pattern)
        self.panel.wait(WAIT_SECONDS)
        self.count = self.sent = 0
        # No message is to name a file of this machine.
        self.path = self.panel.picker.path
        atexit.register(self.panel.close)
        self.words = {
            one: (one.description, one.icon)
            for one in self.widgets()
            if isinstance(one, widgets.Button)
        }

    def widgets(self) -> list[widgets.Widget]:
        """Return all widgets of the panel, in an order that does not change by chance."""
        return list(dict.fromkeys(_all(self.panel.widget)))

    def send(self, widget: widgets.Widget, data: Any, buffers: list[bytes]) -> None:
        """Hand a message on as a kernel does."""
        if widget.comm is not None:
            content = {"comm_id": widget.comm.comm_id, "data": data}
            comm.get_comm_manager().comm_msg(None, None, {"content": content, "buffers": buffers})

    def check(self) -> None:
        """See that nothing escaped, and that it still predicts."""
        assert ESCAPED.records == []
        assert len(self.panel.status.widget.value) < 20_000
        for one in self.widgets():
            if isinstance(one, widgets.HTML):
                assert "<script" not in one.value
                assert "onerror=" not in one.value.replace("&lt;img src=x onerror=", "")
        self.count += 1
        if self.count % EVERY == 0:
            self.answers()

    def answers(self) -> None:
        """Move a control and see that a prediction comes."""
        panel = self.panel
        panel.tasks.wait(WAIT_SECONDS)
        if panel.driver.active:
            panel.driver.stop(WAIT_SECONDS)
        panel.reset()
        panel.wait(WAIT_SECONDS)
        panel.picker.pick(None)
        panel.wait(WAIT_SECONDS)
        panel.forecast.prediction = None
        for key in panel.bench.sliders:
            control = panel.knobs.controls[key]
            stops = getattr(control, "stops", None)
            if stops is not None and control.widget.layout.display is None:
                now = control.slider.value
                moved = {"value": now - 1 if now else 1}
                self.send(control.slider, {"method": "update", "state": moved}, [])
                assert control.slider.value == moved["value"]
                break
        panel.wait(WAIT_SECONDS)
        assert panel.forecast.prediction is not None, panel.status.text
        assert ESCAPED.records == []


def _all(widget: Any) -> Iterator[widgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _all(child)
    for name in ("layout", "style"):
        if widget.has_trait(name):
            yield getattr(widget, name)


def _message(rng: random.Random, used: list[widgets.Widget]) -> tuple[Any, Any, list[bytes]]:
    """Return a widget or its number, and what is sent to it: something possible, or nonsense."""
    widget: Any = rng.choice(used) if rng.random() < 0.8 else rng.randrange(10_000)
    if isinstance(widget, widgets.Button) and rng.random() < 0.7:
        return widget, {"method": "custom", "content": {"event": "click"}}, []
    trait = rng.choice(TRAITS)
    if isinstance(widget, widgets.Widget) and rng.random() < 0.7:
        trait = "index" if widget.has_trait("index") else "value"
    state = {trait: rng.randrange(40) if rng.random() < 0.4 else rng.choice(NASTY)}
    message: Any = {"method": rng.choice(METHODS), "state": state}
    if rng.random() < 0.2:
        message["buffer_paths"] = rng.choice(([["value", 0, "content"]], [["x"]], 7, [7]))
    if message["method"] == "custom":
        message["content"] = rng.choice(CONTENTS)
    if rng.random() < 0.05:
        message.pop(rng.choice(list(message)))
    if rng.random() < 0.02:
        message = rng.choice(NASTY)
    return widget, message, rng.choice(([], [b"key\na\n"]))


def _send(pattern: str, data: bytes, _: Path) -> None:
    panel = _panel(pattern)
    for line in data.split(b"\n")[:MOST_MESSAGES]:
        known = panel.widgets()
        try:
            read = json.loads(line)
            widget, message, buffers = int(read["widget"]), read["data"], [b"key\na\nb\n"]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            # What is no message is where chance begins for one.
            used = [one for one in known if isinstance(one, USED) and one is not panel.path]
            widget, message, buffers = _message(random.Random(line), used)
        if isinstance(widget, int):
            widget = known[widget % len(known)]
        panel.sent += 1
        panel.send(widget, message, buffers)
    panel.check()


@cache
def _panel(pattern: str) -> Panel:
    return Panel(pattern)


TARGETS: dict[str, Target] = {name: partial(_send, name.removeprefix("panel_")) for name in SEEDS}
