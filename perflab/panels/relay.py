"""`Relay`: sends what a panel's threads draw from the kernel's event loop, where it must be.

Most places show what any thread of a kernel sends. Some drop what is not sent while the kernel
answers its page (Google Colab: googlecolab/colabtools#3373). Which of the two a place is, its page
tells: a thread sends a word, which the page either answers or not.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import ipywidgets as widgets
from ipywidgets.widgets.widget import __protocol_version__, _remove_buffers

_ANSWERS = """
if (!window.perflabRelay) {
  window.perflabRelay = true;
  const patience = 3000, pulse = 500;
  const seen = new WeakMap(), timers = new WeakMap();
  const write = (panel, said) => {
    const input = panel.querySelector('.perflab-answers input');
    if (!input || input.value === said) return;
    input.value = said;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const wait = (panel, time, then) => {
    clearTimeout(timers.get(panel));
    timers.set(panel, setTimeout(then, time));
  };
  const beat = (panel, number) => {
    if (!panel.isConnected) return;
    write(panel, `beat ${number}`);
    wait(panel, pulse, () => beat(panel, number + 1));
  };
  const answer = panel => {
    const asks = panel.querySelector('.perflab-asks');
    if (!asks || !panel.querySelector('.perflab-answers input')) return;
    const first = !seen.has(panel), asked = asks.textContent.trim();
    if (!first && seen.get(panel) === asked) return;
    seen.set(panel, asked);
    clearTimeout(timers.get(panel));
    if (asked === 'loop') beat(panel, 0);
    else if (first) write(panel, `up ${Date.now()}`);
    else if (asked.startsWith('asked ')) wait(panel, patience, () => write(panel, 'late'));
    else if (asked.startsWith('thread ')) write(panel, asked);
  };
  const look = () => document.querySelectorAll('.perflab').forEach(answer);
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
}
"""
"""A page says that it is up, answers the word of a thread, or says that none came; where threads do
not reach it, it has the kernel answer it twice a second, which sends what has been drawn."""


class Relay:
    """Takes what threads send of the widgets of panels, after a page has said that it gets none.

    It is kept as which traits of which widgets are to be sent, so that the newest values are, and
    nothing piles up while the event loop is busy. Safe to use from several threads.

    Attributes:
        by_loop: Whether threads do not reach the page.
    """

    def __init__(self) -> None:
        self.by_loop = False
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = 0
        # In their order, the parts of a widget before it; true for those that a thread has made.
        self._taken: WeakKeyDictionary[widgets.Widget, bool] = WeakKeyDictionary()
        self._opens: list[widgets.Widget] = []
        self._states: dict[widgets.Widget, set[str]] = {}
        self._scheduled = False

    def probe(self) -> list[widgets.Widget]:
        """Return what must stand in a panel, unseen, for its page to tell what reaches it."""
        with contextlib.suppress(RuntimeError):  # nothing runs a loop outside of a kernel
            self._loop = asyncio.get_running_loop()
        asks, answers = widgets.HTML(), widgets.Text(continuous_update=False)
        script = {"output_type": "display_data", "data": {"application/javascript": _ANSWERS}}
        heard = widgets.Output(outputs=({**script, "metadata": {}},))
        asks.add_class("perflab-asks")
        answers.add_class("perflab-answers")
        for each in (asks, answers, heard):
            each.add_class("perflab-unseen")
        answers.observe(lambda change: self._hear(asks, change["new"]), "value")
        return [asks, answers, heard]

    def take(self, widget: widgets.Widget) -> None:
        """Send a widget by this relay from now on; its parts must have been taken before."""
        if widget.comm is None or widget in self._taken:
            return
        published = widget.comm.publish_msg

        def publish(kind: str, data: Mapping[str, Any] | None = None, **others: object) -> None:
            if not self._keeps(widget, kind, data or {}):
                published(kind, data=data, **others)

        widget.comm.publish_msg = publish
        apart = not _is_main_thread()
        with self._lock:
            self._taken[widget] = apart
            if apart and self.by_loop:
                self._opens.append(widget)

    def again(self, widget: widgets.Widget, names: Iterable[str]) -> None:
        """Send traits once more, from the event loop, where threads do not reach the page."""
        if self.by_loop:
            with self._lock:
                self._states.setdefault(widget, set()).update(names)
            self._schedule()

    def flush(self) -> None:
        """Send what is kept; called by the kernel's main thread."""
        with self._lock:
            opens, self._opens = self._opens, []
            states, self._states = self._states, {}
            self._scheduled = False
        for widget in opens:
            _open(widget)
        for widget, names in states.items():
            if widget.comm is not None:
                widget.send_state(names)

    def _keeps(self, widget: widgets.Widget, kind: str, data: Mapping[str, Any]) -> bool:
        """Keep the traits that a message holds; say whether that was done in its place."""
        is_update = kind == "comm_msg" and data.get("method") == "update"
        if not self.by_loop or not is_update or _is_main_thread():
            return False
        # What is binary stands in buffers, and not in the state.
        self.again(widget, {*data["state"], *(path[0] for path in data["buffer_paths"])})
        return True

    def _schedule(self) -> None:
        with self._lock:
            if self._scheduled or self._loop is None:
                return
            self._scheduled = True
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.flush)

    def _hear(self, asks: widgets.HTML, said: str) -> None:
        word = said.partition(" ")[0]
        if word == "up" and not self.by_loop:
            self._asked += 1
            asks.value = f"asked {self._asked}"
            comm, state = asks.comm, {"value": f"thread {self._asked}"}
            # Not as the widget's value, which a page that is reloaded gets in any case.
            message = {"method": "update", "state": state, "buffer_paths": []}
            threading.Thread(target=comm.send, args=(message,), daemon=True).start()
        elif word == "thread" and self.by_loop:  # it came late, and came
            self.by_loop = False
            asks.value = ""
        elif word == "late" and not self.by_loop:
            self._begin()
            asks.value = "loop"
        if word in ("thread", "beat"):
            self.flush()

    def _begin(self) -> None:
        """Send from the event loop from now on; what threads have sent before is sent again."""
        with self._lock:
            self.by_loop = True
            known = list(self._taken.items())
        for widget, apart in known:
            if apart:
                _open(widget)
        for widget, _ in known:
            if widget.comm is not None:
                widget.send_state()


RELAY = Relay()
"""That of all panels of this kernel: they have one page."""


def _open(widget: widgets.Widget) -> None:
    """Tell the page of a widget, as ipywidgets does when it is made."""
    if widget.comm is not None:
        state, paths, buffers = _remove_buffers(widget.get_state())
        data = {"state": state, "buffer_paths": paths}
        widget.comm.open(data, {"version": __protocol_version__}, buffers)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
