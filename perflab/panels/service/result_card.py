"""`ResultCard`: what was found of a whole service, and a button that takes its settings over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import ipywidgets as widgets

from perflab.panels.service.drawing import Drawing
from perflab.panels.status import hidden_line, show_line
from perflab.service import Service

Found = TypeVar("Found")

_OUTDATED = "<div class='perflab-line'>Found for other settings than the sliders say now.</div>"


class ResultCard(Generic[Found]):
    """Hidden until there is something to show; what is of other settings says so.

    Args:
        apply: Called with the changed values by their keys when the user takes them.
        tooltip: What the button does.
        drawing: The card's picture; none for no picture.

    Attributes:
        found: What it shows; none while it is hidden.
        take: The button; hidden where there is nothing to change.
    """

    def __init__(
        self,
        apply: Callable[[Mapping[str, object]], object],
        tooltip: str,
        drawing: Drawing[Found] | None = None,
    ) -> None:
        self.found: Found | None = None
        self._values: Mapping[str, object] = {}
        self._fits: Sequence[Mapping[str, object]] = ()
        self._drawing = drawing
        self._text, self._tables = widgets.HTML(), widgets.HTML()
        self._outdated = hidden_line("perflab-outdated")
        self.take = widgets.Button(
            description="Apply",
            icon="check",
            tooltip=tooltip,
            layout=widgets.Layout(width="90px"),
        )
        self.take.on_click(lambda _: apply(self._values))
        pictured = [] if drawing is None else drawing.pictured
        self.widget = widgets.VBox(
            [self._outdated, self._text, self.take, *pictured, self._tables],
            layout=widgets.Layout(display="none"),
        )
        self.widget.add_class("perflab-card")

    def put(
        self,
        found: Found,
        text: str,
        tables: str,
        values: Mapping[str, object],
        fits: Sequence[Mapping[str, object]],
    ) -> None:
        """Show something.

        Args:
            found: What it is.
            text: What is to be done, as HTML.
            tables: The numbers, as HTML.
            values: What the button sets; nothing for no button.
            fits: The settings of the services that it is of, as `Service.shown` returns them.
        """
        self.found, self._values, self._fits = found, values, fits
        self._text.value, self._tables.value = text, tables
        self.take.layout.display = None if values else "none"
        show_line(self._outdated, "")
        if self._drawing is not None:
            self._drawing.show(found)
        self.widget.layout.display = None

    def mark(self, service: Service) -> None:
        """Say so where what is shown is of other settings than a service's."""
        if self.found is not None:
            current = service.shown() in self._fits
            show_line(self._outdated, "" if current else _OUTDATED)

    def hide(self) -> None:
        """Show nothing."""
        self.found = None
        self.widget.layout.display = "none"
        if self._drawing is not None:
            self._drawing.show(None)
