"""`RunLimit`: after how long a run ends by itself, typed beside its buttons."""

from __future__ import annotations

import ipywidgets as widgets

from perflab.errors import BadInputError
from perflab.panels.explained import titled
from perflab.panels.field_error import FieldError
from perflab.units import in_words, is_none_word, parse_quantity, typed

USUAL_SECONDS = 600.0
_HELP = (
    "A run goes on when this tab is closed, and ends by itself after this time, pauses included: "
    "30s, 10m, 2h, or none. Raise it at any time, while it runs as well."
)


class RunLimit:
    """A field with a time such as ``10m``, or ``none``; a run that is going heeds it at once.

    Attributes:
        seconds: Of wall-clock time from when the run began, pauses included; none for no limit.
    """

    def __init__(self) -> None:
        self.seconds: float | None = USUAL_SECONDS
        self.text = widgets.Text(
            value=_written(USUAL_SECONDS),
            tooltip=_HELP,
            continuous_update=False,
            layout=widgets.Layout(width="56px"),
        )
        self.field_error = FieldError(self.text, self._restore)
        label = widgets.HTML(f"<span class='perflab-line'{titled(_HELP)}>ends after</span>")
        self.widget = widgets.HBox(
            [label, self.text, self.field_error.widget],
            layout=widgets.Layout(align_items="center"),
        )
        self.widget.add_class("perflab-run-limit")
        self.text.observe(lambda change: self._read(change["new"]), "value")

    @property
    def words(self) -> str:
        """The limit as text, such as ``10 min``; empty for none."""
        return "" if self.seconds is None else in_words(self.seconds, "seconds")

    def reset(self) -> None:
        """Have the usual limit."""
        self.seconds = USUAL_SECONDS
        self.field_error.restore()

    def _read(self, text: str) -> None:
        try:
            self.seconds = _seconds(text)
        except BadInputError as error:
            self.field_error.say(str(error))
        else:
            self.field_error.clear()

    def _restore(self) -> None:
        self.text.value = _written(self.seconds)


def _seconds(text: str) -> float | None:
    if is_none_word(text.strip()):
        return None
    try:
        seconds = parse_quantity(text, "seconds")
    except BadInputError:
        seconds = 0.0
    if not seconds > 0:
        raise BadInputError("must be a time such as 30s, 10m or 2h, or none")
    return seconds


def _written(seconds: float | None) -> str:
    return "none" if seconds is None else typed(seconds, "seconds")
