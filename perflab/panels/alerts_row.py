"""The row of alerts: a text to add one, those that are set, and which have fired."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.instrumentation.catalog import metric
from perflab.lab.alerts import Alert, parse_alert
from perflab.panels.status import MOST_WORDS
from perflab.units import in_words


class AlertsRow:
    """Alerts set on the panel.

    Args:
        added: Told of each alert that is added.
        removed: Told of the text of each that is removed.
    """

    def __init__(self, added: Callable[[Alert], None], removed: Callable[[str], None]) -> None:
        self._added, self._removed = added, removed
        self._alerts: dict[str, Alert] = {}
        self._states: dict[str, widgets.HTML] = {}
        hint = "A metric, a bound and how long it must hold, such as hit_rate<0.8 for 5s."
        self.text = widgets.Text(
            placeholder="hit_rate<0.8 for 5s",
            tooltip=hint,
            continuous_update=False,
            layout=widgets.Layout(width="180px"),
        )
        self.button = widgets.Button(
            description="Add", tooltip=hint, layout=widgets.Layout(width="56px")
        )
        self.error = widgets.HTML(layout=widgets.Layout(display="none"))
        self.error.add_class("perflab-error")
        self._list = widgets.VBox([])
        self.widget = widgets.VBox(
            [widgets.HBox([self.text, self.button]), self.error, self._list],
        )
        self.button.on_click(lambda _: self.add(self.text.value))
        self.text.observe(lambda change: self.add(change["new"]), "value")

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts that are set."""
        return tuple(self._alerts.values())

    def add(self, text: str) -> None:
        """Set an alert from its text; what is wrong with it is said under the field."""
        if not text.strip():
            return
        try:
            alert = parse_alert(text)
        except BadInputError as error:
            self._explain(str(error))
            return
        self._explain("")
        known = alert.text in self._alerts
        self._alerts[alert.text] = alert
        self.text.value = ""
        if not known:
            self._list.children = (*self._list.children, self._entry(alert.text))
            self._added(alert)

    def remove(self, text: str) -> None:
        """Take an alert away."""
        if self._alerts.pop(text, None) is None:
            return
        place = list(self._states).index(text)
        del self._states[text]
        kept = list(self._list.children)
        kept.pop(place).close()
        self._list.children = tuple(kept)
        self._removed(text)

    def show(self, report: Sequence[Mapping[str, Any]]) -> None:
        """Show which alerts have fired, from the report of a run; others are waiting."""
        fired = {entry["alert"]: entry for entry in report if entry["fired"]}
        for text, state in list(self._states.items()):
            shown = _state(text, fired.get(text))
            if shown != state.value:
                state.value = shown

    def _entry(self, text: str) -> widgets.HBox:
        state = widgets.HTML(_state(text, None))
        self._states[text] = state
        gone = widgets.Button(icon="times", tooltip=f"Remove the alert {text}")
        gone.on_click(lambda _: self.remove(text))
        entry = widgets.HBox([gone, state])
        entry.add_class("perflab-alert")
        return entry

    def _explain(self, message: str) -> None:
        self.error.value = html.escape(foreign_text(message, MOST_WORDS))
        self.error.layout.display = None if message else "none"


def _state(text: str, fired: Mapping[str, Any] | None) -> str:
    if fired is None:
        return f"<span class='perflab-armed'>{html.escape(text)}</span>"
    value = metric(str(fired["metric"])).format(fired["value"])
    said = f"{text}: fired at {in_words(fired['seconds'], 'seconds')} with {value}"
    return f"<span class='perflab-fired'>{html.escape(said)}</span>"
