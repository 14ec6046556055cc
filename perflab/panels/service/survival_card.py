"""`SurvivalCard`: the smallest change that survives a scenario, and a button that makes it."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.panels.service.numbers import ways_table
from perflab.service import Service
from perflab.service.scenarios.survive import Survival, Way


class SurvivalCard:
    """Hidden until there is something to show.

    Args:
        apply: Called with the changed value by its key when the user takes it.

    Attributes:
        found: What it shows; none while it is hidden.
    """

    def __init__(self, apply: Callable[[Mapping[str, object]], object]) -> None:
        self._apply = apply
        self._values: dict[str, object] = {}
        self.found: Survival | None = None
        self._text = widgets.HTML()
        self.take = widgets.Button(
            description="Apply",
            icon="check",
            tooltip="Set the slider of that stage to this value.",
            layout=widgets.Layout(width="90px"),
        )
        self.take.on_click(lambda _: self._apply(self._values))
        self.widget = widgets.VBox([self._text, self.take], layout=widgets.Layout(display="none"))
        self.widget.add_class("perflab-card")

    def show(self, found: Survival, service: Service) -> None:
        """Show what was found for a service."""
        self.found = found
        heading = f"<b>{html.escape(found.before.title)}</b>: {html.escape(found.advice)}"
        self._text.value = f"<div>{heading}</div>{ways_table(found)}"
        best = found.best
        self._values = {} if best is None else {best.key: value_of(best, service)}
        self.take.layout.display = None if self._values else "none"
        self.widget.layout.display = None

    def hide(self) -> None:
        """Show nothing, as what was found is of another service."""
        self.found = None
        self.widget.layout.display = "none"


def value_of(way: Way, service: Service) -> int | float:
    """Return the value that a way sets, every digit of it.

    Args:
        way: One that survives.
        service: As it was before.

    Raises:
        BadInputError: If it is of no size of this service, or not a number: a file may hold any.
    """
    bench, _, key = way.key.partition(".")
    stage = service.stage(bench)
    now = None if stage is None else getattr(stage.settings, key, None)
    if not isinstance(now, (int, float)) or way.times is None:
        raise BadInputError("is not a size that this service has", way.key)
    value: int | float = way.times * now
    if not math.isfinite(value):
        raise BadInputError("is damaged: its value is too large", way.key)
    value = round(value) if isinstance(now, int) else value
    service.change({way.key: value})
    return value
