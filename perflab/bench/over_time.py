"""`OverTime`: what a bench shows over its workload's own time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic

from perflab.bench.identity import S, W
from perflab.bench.model import Histories
from perflab.bench.parts import TimeChart
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.modelling.history import History


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OverTime(Generic[S, W]):
    """What a bench shows over its workload's own time.

    Attributes:
        charts: The charts; their lines are all of one setting.
        charts_for: Returns those of them that make sense for a workload.
        values: Returns the values that have a line, in order, the present one among them.
        histories: Returns what answers for a workload.
        words: Returns what the present line says, in a few words each.
        note: What a reader must know of the numbers.
    """

    charts: tuple[TimeChart, ...]
    charts_for: Callable[[W, LoadSettings], tuple[TimeChart, ...]]
    values: Callable[[W, S, LoadSettings], list[Any]]
    histories: Callable[[W], Histories]
    words: Callable[[S, History], Sequence[str]]
    note: str = ""

    @property
    def lines(self) -> str:
        """The setting that has another value on each line."""
        return self.charts[0].lines
