"""`LiveCheck`: runs a recommendation beside its rivals when asked to, and shows what came of it."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable

import ipywidgets as widgets

from perflab.instrumentation.catalog import metric
from perflab.panels.presses import Presses
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.turns.document import TurnsTaken
from perflab.tuning.turns.table import HEADS, row_of
from perflab.units import in_words

BUDGETS = (15.0, 60.0, 300.0)
"""The seconds that may be given to it."""
_USUAL = 60.0
_MEANING = (
    "Run the recommended settings, the present ones and the next best in turns, until it is "
    "decided which are better or this time is over."
)


class LiveCheck:
    """A button with a budget of time, the progress of the turns, and their outcome.

    Args:
        check: Called with the budget in seconds when the button is pressed; must return at once.
    """

    def __init__(self, check: Callable[[float], None]) -> None:
        self._check = check
        self._presses = Presses()
        self._cancelled = threading.Event()
        self.button = widgets.Button(
            description="Check live",
            icon="balance-scale",
            tooltip=_MEANING,
            layout=widgets.Layout(width="120px", flex="0 0 auto"),
        )
        self.budget = widgets.Dropdown(
            options=[(f"for up to {in_words(each, 'seconds')}", each) for each in BUDGETS],
            value=_USUAL,
            tooltip="How long all turns together may take.",
            layout=widgets.Layout(width="130px", flex="0 0 auto"),
        )
        self.cancel_button = widgets.Button(
            description="Cancel",
            icon="times",
            tooltip="End the turns after the one that is going; what is known by then is kept.",
            layout=widgets.Layout(width="86px", flex="0 0 auto"),
        )
        self._bar = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="200px"))
        self._how_far = widgets.HTML()
        self._offered = widgets.HBox([self.button, self.budget])
        self._going = widgets.HBox([self.cancel_button, self._how_far, self._bar])
        self.outcome = widgets.HTML()
        self.widget = widgets.VBox([self._offered])
        self.button.on_click(lambda _: self._press())
        self.cancel_button.on_click(lambda _: self.cancel())

    @property
    def cancelled(self) -> bool:
        """Whether the turns are to end."""
        return self._cancelled.is_set()

    def usable(self, *, usable: bool) -> None:
        """Let the button be pressed, or not: runs at once would disturb each other."""
        if self.button.disabled == usable:
            self.button.disabled = not usable

    def begin(self) -> None:
        """Show that turns are taken from now on."""
        self._cancelled.clear()
        self.cancel_button.disabled = False
        self._bar.value = 0.0
        self._say("measuring what is not known yet, then the first round, to warm up")
        self.widget.children = [self._going]

    def progress(self, spent: float, budget: float) -> None:
        """Show how much of the budget is spent."""
        self._bar.value = spent / budget if budget else 0.0
        if not self.cancelled:
            self._say(f"{in_words(spent, 'seconds')} of {in_words(budget, 'seconds')}")

    def cancel(self) -> None:
        """End the turns after the one that is going."""
        self._cancelled.set()
        self.cancel_button.disabled = True
        self._say("ends after this turn")

    def end(self) -> None:
        """Offer it again."""
        self.widget.children = [*([self.outcome] if self.outcome.value else []), self._offered]

    def show(self, found: Recommendation) -> None:
        """Offer it for a recommendation, with what came of it where it is done."""
        self.outcome.value = "" if found.turns is None else _told(found.turns)
        self.end()

    def _press(self) -> None:
        # A press may have waited in the kernel until the button was disabled.
        if not self.button.disabled:
            self._presses.press("check", lambda: self._check(self.budget.value))

    def _say(self, text: str) -> None:
        self._how_far.value = f"<div class='perflab-line'>Running in turns: {text}</div>"


def is_comparable(found: Recommendation) -> bool:
    """Say whether there is anything to compare recommended settings with."""
    rival = found.unreached or found.alternatives
    return bool(rival) or found.settings != found.before


def _told(taken: TurnsTaken) -> str:
    """Return the outcome of turns and a row for each contender, as HTML."""
    name = taken["metric"]
    heads = [head.format(metric=metric(name).label) for head in HEADS]
    rows = [[f"<th scope='col'>{html.escape(head)}</th>" for head in heads]]
    for contender in taken["contenders"]:
        first, *rest = row_of(contender, name)
        cells = [f"<td>{html.escape(text)}</td>" for text in rest]
        rows.append([f"<th scope='row'>{html.escape(first)}</th>", *cells])
    table = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    took = in_words(taken["seconds"], "seconds")
    return (
        f"<div class='perflab-line'><b>Checked live in {html.escape(took)}.</b> "
        f"{html.escape(taken['outcome'])}</div>"
        f"<div class='perflab-scroll'><table class='perflab-table'>{table}</table></div>"
    )
