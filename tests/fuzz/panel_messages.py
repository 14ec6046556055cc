"""Fuzz the panels: a browser that sends anything, by the way that a kernel hands messages on.

Run: python tests/fuzz/panel_messages.py --messages 20000 --seed 1 [cache ...]

Possible and impossible messages in bursts, clicks among them; after each burst nothing may have
escaped into a log, nor HTML into the page, and every few bursts a slider must still predict. Apart
from runner.py, as a panel remembers what came before and takes seconds to open.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import comm
import ipywidgets as widgets
import psutil
from mutations import mutate

from perflab.bench import bench_names
from perflab.panels import workbench
from perflab.panels.workbench import Workbench

WAIT_SECONDS = 60.0
BURST = 40
LOOK = 8
CLICKS = 0.2
BURSTS = 25
HANG_SECONDS = 10.0
NASTY: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 7, 20, 10**30, -(10**30), 0.5, 1e308, math.nan, math.inf,
    "", " ", "1", "10k", "-5", "nan", "1e400", "none", "\0", "\x1b]0;x\x07", "\n", "\ud800",
    "<img src=x onerror=alert(1)>", "</span><script>x</script>", "hit_rate<0.8 for 5s",
    "é" * 50, "a" * 100_000, "zipf:keys=300,requests=5k", "uniform:keys=1e9", "zipf:skew=nan",
    "../../x", "key=url,time=ts", "=1+1", [], [[]], {}, {"a": 1}, [1, 2], ["a"], [{"name": "x"}],
    {"turn": 1, "values": {"max_cache_size": 7}}, {"turn": 2, "values": {"policy": [None]}},
    {"turn": math.nan, "reset": ["ttl_seconds", 7]}, {"values": "x"}, {"reset": None, "turn": {}},
    [{"name": "../../x\0\x1b[2J", "type": "", "size": 1, "last_modified": 0, "content": b"key\na"}],
    [{"name": "x.csv", "type": 1, "size": "x", "last_modified": 1e300, "content": "x"}],
)  # fmt: skip
TRAITS = (
    "value", "value", "value", "index", "index", "description", "options", "_options_labels", "min",
    "max", "step", "disabled", "children", "layout", "style", "tooltip", "icon", "outputs", "error",
    "_model_name", "_dom_classes", "comm", "keys", "selected_index", "msg_id", "continuous_update",
    "_view_count", "display", "button_style", "no such trait", "__class__", "_perflab_guarded",
    "wanted", "wanted", "ready", "hovered", "picture", "handles", "_esm",
)  # fmt: skip
USED = (
    *(widgets.Button, widgets.Text, widgets.IntSlider, widgets.ToggleButton, widgets.Dropdown),
    *(widgets.ToggleButtons, widgets.FileUpload),
)
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

    def __init__(self, panel: Workbench) -> None:
        self.panel = panel
        self.panel.wait(WAIT_SECONDS)
        self.known: list[widgets.Widget] = []
        # No message is to name a file of this machine.
        self.path = self.panel.picker.path
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

    def send_next(self, number: int, rng: random.Random) -> None:
        """Send a message that chance makes."""
        if number % LOOK == 0:
            self.known = self.widgets()
        known = self.known
        used = [one for one in known if isinstance(one, USED) and one is not self.path]
        widget, data, buffers = (_possible if rng.random() < 0.3 else _message)(rng, used)
        if isinstance(widget, int):
            widget = known[widget % len(known)]
        self.send(widget, data, buffers)

    def check(self) -> None:
        """See that nothing escaped, and that it still predicts."""
        assert ESCAPED.records == []
        assert len(self.panel.status.widget.value) < 20_000
        for one in self.widgets():
            if isinstance(one, widgets.HTML):
                assert "<script" not in one.value
                assert "onerror=" not in one.value.replace("&lt;img src=x onerror=", "")
            if one in self.words and one not in self.panel.actions.buttons.values():
                assert (one.description, one.icon) == self.words[one]

    def answers(self) -> None:
        """Move a control and see that a prediction comes."""
        panel = self.panel
        panel.tasks.wait(WAIT_SECONDS)
        if panel.runner.active:
            panel.runner.stop(WAIT_SECONDS)
        panel.reset()
        panel.wait(WAIT_SECONDS)
        panel.picker.pick(None)
        panel.wait(WAIT_SECONDS)
        panel.forecast.curves.prediction = None
        for key in panel.bench.display.sliders:
            control = panel.controls.controls[key]
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
    if isinstance(widget, widgets.Button) and rng.random() < CLICKS:
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


def _possible(rng: random.Random, known: list[widgets.Widget]) -> tuple[Any, Any, list[bytes]]:
    """Return a message as a browser sends it, its bytes changed if it is still JSON then."""
    number = rng.randrange(len(known))
    one = known[number]
    key = "index" if one.has_trait("index") else "value"
    data: Any = {"method": "update", "state": {key: rng.randrange(40)}, "buffer_paths": []}
    if isinstance(one, widgets.FileUpload):
        upload = {"name": "a.csv", "type": "text/csv", "size": 8, "last_modified": 1, "content": 0}
        data = {"method": "update", "state": {"value": [upload]}}
        data["buffer_paths"] = [["value", 0, "content"]]
    text = json.dumps(data).encode()
    with contextlib.suppress(ValueError, RecursionError):
        data = json.loads(mutate(text, [text], rng))
    return one, data, [b"key\na\nb\n"]


def try_panel(pattern: str, messages: int, seed: int) -> Counter[str]:
    """Send so many messages to the panel of a pattern; return what was found, by kind."""
    found: Counter[str] = Counter()
    memory = psutil.Process().memory_info
    tried = Panel(workbench(pattern))
    tried.answers()
    most = memory().rss + (1 << 30)
    for number in range(messages):
        begun = time.monotonic()
        try:
            tried.send_next(number, random.Random(f"{seed}:{pattern}:{number}"))
            if number % BURST == BURST - 1:
                tried.check()
            if number % (BURST * BURSTS) == BURST * BURSTS - 1:
                tried.answers()
                begun = time.monotonic()
        except Exception as error:  # noqa: BLE001  (that is what is looked for)
            found["foreign"] += 1
            print(f"{pattern} {number}: {type(error).__name__}: {str(error)[:300]}", flush=True)
            ESCAPED.records.clear()
        if time.monotonic() - begun > HANG_SECONDS:
            found["hang"] += 1
            print(f"{pattern} {number}: {time.monotonic() - begun:.0f} s", flush=True)
        if memory().rss > most:
            found["memory"] += 1
            print(f"{pattern} {number}: over 1 GiB", flush=True)
            break
    tried.answers()
    tried.panel.close()
    return found


def main() -> int:
    """Try the panels, each in a process of its own; print a table and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("patterns", nargs="*", default=sorted(bench_names()))
    parser.add_argument("--messages", type=int, default=20_000, help="of all panels together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--alone", action="store_true", help="this process tries the one panel")
    said = parser.parse_args()
    if said.alone:
        found = try_panel(said.patterns[0], said.messages, said.seed)
        print(json.dumps(found))
        os._exit(0)  # runs and pools of threads that were begun are not waited for
    each = -(-said.messages // len(said.patterns))
    total: Counter[str] = Counter()
    for pattern in said.patterns:
        begun = time.monotonic()
        found = _apart(pattern, each, said.seed)
        total += found
        spent = f"{time.monotonic() - begun:.0f} s"
        print(
            f"{pattern}: {each:,} messages, {spent}: {dict(found) or 'nothing found'}", flush=True
        )
    kinds = {kind: total[kind] for kind in ("foreign", "crash", "hang", "memory")}
    print(f"{each * len(said.patterns):,} messages, seed {said.seed}: {kinds}")
    return 1 if total else 0


def _apart(pattern: str, messages: int, seed: int) -> Counter[str]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        words = (pattern, "--messages", str(messages), "--seed", str(seed), "--alone")
        done = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), *words],
            cwd=folder,
            env={**os.environ, "PERFLAB_CACHE_DIR": str(Path(folder) / "cache")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        strange = [each.name for each in Path(folder).iterdir() if each.name.startswith(".")]
    *lines, last = done.stdout.strip().splitlines() or [""]
    try:
        found: Counter[str] = Counter(json.loads(last))
    except (ValueError, TypeError):
        found, lines = Counter(crash=1), [*lines[-20:], last, f"status {done.returncode}"]
    if strange:
        found["foreign"] += 1
        lines.append(f"wrote {strange}")
    for line in lines:
        if line.startswith((pattern, "status", "wrote")) or "crash" in found:
            print(line)
    return found


if __name__ == "__main__":
    sys.exit(main())
