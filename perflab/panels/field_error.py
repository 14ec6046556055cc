"""`FieldError`: what is wrong with what stands in a field, said at the field and nowhere else."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as widgets

from perflab.panels.status import explain, hidden_line


class FieldError:
    """A reason under a field, once, and a button that brings the last right value back.

    A wrong text stays in its field, marked, until it is mended or restored; what holds, and what
    the charts show, is the last right value. Escape in the field presses the button (`escape`).

    Args:
        field: What is marked.
        restore: Makes the field show what holds; the mark goes as well.
        kept: What that button says in its tooltip.
    """

    def __init__(
        self,
        field: widgets.DOMWidget | None,
        restore: Callable[[], None],
        kept: str = "Restore the value in force (Escape).",
    ) -> None:
        self._field = field
        self._restore = restore
        self.line = hidden_line("perflab-error")
        self.button = widgets.Button(
            icon="undo", tooltip=kept, layout=widgets.Layout(display="none", flex="0 0 auto")
        )
        self.button.add_class("perflab-restore")
        self.widget = widgets.HBox([self.line, self.button])
        self.widget.add_class("perflab-refused")
        self.button.on_click(lambda _: self.restore())

    @property
    def message(self) -> str:
        """The reason shown, or an empty text."""
        return html.unescape(self.line.value)

    def mark(self, field: widgets.DOMWidget | None) -> None:
        """Speak of another field from now on, which is not wrong yet."""
        self.clear()
        self._field = field

    def say(self, message: str) -> None:
        """Show the reason, in the place of an earlier one; an empty text is none."""
        explain(self.line, message)
        self.button.layout.display = None if message else "none"
        if self._field is not None:
            change = self._field.add_class if message else self._field.remove_class
            change("perflab-wrong")

    def clear(self) -> None:
        """Show none: the field holds what is right."""
        self.say("")

    def restore(self) -> None:
        """Bring the last right value back, and with it the field's usual look."""
        self.clear()
        self._restore()
