"""`OverTime`: what a bench shows over its workload's own time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from perflab.bench.model import Histories
from perflab.bench.parts import TimeChart
from perflab.settings import LoadSettings, Settings

if TYPE_CHECKING:
    from perflab.modelling.history import History


class OverTime:
    """A part of `Bench`; one that has nothing to show leaves it as it is.

    `time_note` is what a reader must know of the numbers.
    """

    time_charts: ClassVar[tuple[TimeChart, ...]] = ()
    time_note: ClassVar[str] = ""

    def time_charts_for(self, workload: Any, load: LoadSettings) -> tuple[TimeChart, ...]:
        """Return the charts that make sense for a workload; their lines are of one setting."""
        del workload, load
        return self.time_charts

    def time_values(self, workload: Any, settings: Settings, load: LoadSettings) -> list[Any]:
        """Return the values that have a line, in order, the present one among them."""
        del workload, load
        return [getattr(settings, chart.lines) for chart in self.time_charts[:1]]

    def histories(self, workload: Any) -> Histories | None:
        """Return what answers for a workload; none where there is nothing to ask."""
        del workload
        return None

    def time_words(self, settings: Settings, present: History) -> Sequence[str]:
        """Return what the present line says, in a few words each."""
        del settings, present
        return ()
