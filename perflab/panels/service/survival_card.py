"""`SurvivalCard`: the smallest change that survives a scenario, and a button that makes it."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping

import ipywidgets as widgets

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
    """
    bench, _, key = way.key.partition(".")
    stage = service.stage(bench)
    assert stage is not None  # noqa: S101  (the way is one of the service's stages)
    assert way.times is not None  # noqa: S101
    now = getattr(stage.settings, key)
    value: int | float = way.times * now
    return round(value) if isinstance(now, int) else value
