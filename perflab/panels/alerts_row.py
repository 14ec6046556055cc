"""The row of alerts: a text to add one, those that are set; and a line of those that fired."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from perflab.bench import AnyBench
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.lab.alerts import Alert, alert_for, example_alert
from perflab.lab.documents import AlertReport
from perflab.panels.field_error import FieldError
from perflab.panels.status import hidden_line, show_line
from perflab.units import in_words


class AlertsRow:
    """Alerts set on the panel.

    Args:
        bench: Whose runs they watch: only a metric that these measure can be watched.
        added: Told of each alert that is added.
        removed: Told of the text of each that is removed.
    """

    def __init__(
        self, bench: AnyBench, added: Callable[[Alert], None], removed: Callable[[str], None]
    ) -> None:
        self._bench = bench
        self._added, self._removed = added, removed
        self._fired: dict[str, AlertReport] = {}
        self._alerts: dict[str, Alert] = {}
        self._states: dict[str, widgets.HTML] = {}
        example = example_alert(bench)
        hint = f"A metric, a bound and how long it must hold, such as {example}."
        self.text = widgets.Text(
            placeholder=example,
            tooltip=hint,
            continuous_update=False,
            layout=widgets.Layout(width="212px"),
        )
        self.button = widgets.Button(
            icon="plus", tooltip=f"Add an alert. {hint}", layout=widgets.Layout(width="32px")
        )
        self.field_error = FieldError(self.text, self._empty, "Empty the field (Escape).")
        self.error = self.field_error.line
        self.fired = hidden_line("perflab-alarm")
        self._list = widgets.VBox([])
        row = widgets.HBox([self.text, self.button])
        row.add_class("perflab-new-alert")
        self.widget = widgets.VBox([row, self.field_error.widget, self._list])
        self.button.on_click(lambda _: self.add(self.text.value))
        self.text.observe(lambda change: self.add(change["new"]), "value")

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts that are set."""
        return tuple(self._alerts.values())

    def add(self, text: str) -> None:
        """Set an alert from its text; what is wrong with it is said under the field."""
        if not text.strip():
            self.field_error.clear()
            return
        try:
            alert = alert_for(self._bench, text)
        except BadInputError as error:
            self.field_error.say(str(error))
            return
        self.field_error.clear()
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
        self._show_fired({each: of for each, of in self._fired.items() if each != text})
        self._removed(text)

    def show(self, report: Sequence[AlertReport]) -> None:
        """Show which alerts have fired, from the report of a run; others are waiting.

        Those that have fired stand at the top of the panel too.
        """
        fired = {entry["alert"]: entry for entry in report if entry["fired"]}
        for text, state in list(self._states.items()):
            shown = _state(text, fired.get(text))
            if shown != state.value:
                state.value = shown
        self._show_fired({text: of for text, of in fired.items() if text in self._states})

    def _show_fired(self, fired: dict[str, AlertReport]) -> None:
        self._fired = fired
        said = [_words(text, each) for text, each in fired.items()]
        noun = "Alert" if len(said) == 1 else "Alerts"
        shown = html.escape(f"{noun}: {'; '.join(said)}", quote=True)
        # In one line, whose end may have no room.
        show_line(self.fired, f"<span role='alert' title='{shown}'>{shown}</span>" if said else "")

    def _empty(self) -> None:
        self.text.value = ""

    def _entry(self, text: str) -> widgets.HBox:
        state = widgets.HTML(_state(text, None))
        self._states[text] = state
        gone = widgets.Button(icon="times", tooltip=f"Remove the alert {text}")
        gone.on_click(lambda _: self.remove(text))
        entry = widgets.HBox([gone, state])
        entry.add_class("perflab-alert")
        return entry


def _state(text: str, fired: AlertReport | None) -> str:
    if fired is None:
        return f"<span class='perflab-armed'>{html.escape(text)}</span>"
    return f"<span class='perflab-fired'>{html.escape(_words(text, fired))}</span>"


def _words(text: str, fired: AlertReport) -> str:
    value = metric(str(fired["metric"])).format(fired["value"])
    return f"{text}: fired at {in_words(fired['seconds'], 'seconds')} with {value}"
