"""What a browser may do to a panel's widgets: what their user can, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ipywidgets as widgets
from ipywidgets.widgets.widget import _put_buffers

from perflab.panels.pointer import PointerLayer
from perflab.panels.relay import RELAY

_EDITED: dict[type, tuple[str, ...]] = {
    widgets.Text: ("value",),
    widgets.IntSlider: ("value",),
    widgets.Checkbox: ("value",),
    widgets.ToggleButton: ("value",),
    widgets.Dropdown: ("index",),
    widgets.ToggleButtons: ("index",),
    widgets.FileUpload: ("value", "error"),
    PointerLayer: ("wanted", "ready", "hovered"),
}
"""What the views of these send when they are used; those of all others send nothing."""

_CLICK = {"event": "click"}
_SUBMIT = {"event": "submit"}
_REFUSED = "the browser sent what this panel cannot take; if that goes on, reload the page"

_log = logging.getLogger(__name__)


class Guard:
    """Takes the messages of a panel's widgets in the place of ipywidgets.

    ipywidgets sets whatever trait a message names, so that a page, or a notebook that somebody
    else has saved, could put HTML into a label or other words on a button, and it prints a
    traceback into the notebook for a value that does not fit. Here only what a user can change is
    changed; a message that does not fit changes nothing, and is said in one line.

    Args:
        failed: Told of a message that was refused, or of what a handler raised.
    """

    def __init__(self, failed: Callable[[Exception | str], None]) -> None:
        self._failed = failed

    def watch(self, widget: widgets.Widget) -> None:
        """Guard a widget and all that stands in it, now or later; the relay takes them too."""
        if widget.comm is None or getattr(widget, "_perflab_guarded", False):
            return
        widget._perflab_guarded = True  # noqa: SLF001  (our mark, not its own)
        widget.comm.on_msg(lambda message: self.take(widget, message))
        for part in parts_of(widget):
            self.watch(part)
        RELAY.take(widget)
        if widget.has_trait("children"):
            widget.observe(self._watch_children, "children")

    def take(self, widget: widgets.Widget, message: Mapping[str, object]) -> None:
        """Do what a message says, as far as a user could have done it."""
        try:
            self._do(widget, message)
        except Exception as error:  # noqa: BLE001  (what a message may hold is open)
            _log.debug("a widget's message was refused", exc_info=error)
            self._failed(_REFUSED)
            # The browser shows what it sent until it is told what holds.
            edited = _edited(widget)
            if edited and widget.comm is not None:
                widget.send_state(edited)

    def _watch_children(self, change: Mapping[str, Any]) -> None:
        for child in change["new"]:
            self.watch(child)
        # They may be known to the page only now.
        RELAY.again(change["owner"], ("children",))

    def _do(self, widget: widgets.Widget, message: Mapping[str, Any]) -> None:
        data = message["content"]["data"]
        method = data["method"]
        if method == "update":
            edited = _edited(widget)
            state = {key: value for key, value in data["state"].items() if key in edited}
            if isinstance(widget, widgets.FileUpload):
                _put_buffers(state, data.get("buffer_paths", []), message.get("buffers", []))
            widget.set_state(state)
        elif method == "request_state":
            widget.send_state()
        elif method == "custom" and data["content"] == _CLICK and _is_usable(widget):
            widget.click()
        elif method == "custom" and data["content"] == _SUBMIT and isinstance(widget, widgets.Text):
            widget._handle_custom_msg(_SUBMIT, [])  # noqa: SLF001 (of ipywidgets, which has none)


def _is_usable(widget: widgets.Widget) -> bool:
    return isinstance(widget, widgets.Button) and not widget.disabled


def _edited(widget: widgets.Widget) -> tuple[str, ...]:
    for kind, names in _EDITED.items():
        if isinstance(widget, kind):
            return names
    return ()


def parts_of(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    """Yield the widgets that a widget holds: its children, its layout, its style."""
    for name in widget.keys:
        value = getattr(widget, name)
        for one in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(one, widgets.Widget):
                yield one
