"""`Tuning`: what tuning looks for, and among which settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic

from perflab.bench.conditions import Change, busier
from perflab.bench.identity import S, W
from perflab.bench.parts import Objective

Sweep = dict[str, list[Any]]
"""Values to look at, by setting."""
Point = Mapping[str, Any]
"""A point of a sweep, with its ``settings`` and ``metrics``."""


def _no_risks(_chosen: Point, _points: Sequence[Point]) -> str:
    return ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tuning(Generic[S, W]):
    """How a bench is tuned: it looks for the smallest setting that is good enough.

    Attributes:
        objective: What it looks for where the user says nothing.
        tuned: The setting that it moves.
        sweep: Returns the values to look at for a workload and settings; none for the axis of
            `tuned`.
        tuned_noun: The tuned setting in a sentence, such as *pool size* in *No pool size reaches
            5 ms*.
        also_tuned: Further settings that it chooses.
        bounded_by: The setting that it moves in place of `tuned` where that one is set.
        weighed_by: The metric whose least value it looks for, such as memory, in place of the
            smallest setting.
        priced: Whether predictions hold costs in money.
        objective_at: Returns what it looks for at some settings, where that is not `objective`.
        risks: Returns what is risked on both sides of a recommended point, in a sentence or two,
            given that point and all others.
        busier: Returns conditions with so many times the load.
        slower: Returns conditions in which what is served takes so many times as long; none where
            the model knows of no service time.
        serves: What is served, in the plural, such as *queries* in *20 % slower queries*.
        relieved_by: Settings that may bring a target within reach that no tuned setting reaches.
        multiples: Of a setting that is chosen, the one whose multiples it takes, such as the batch
            size of a buffer.
        left_out: Why tuning does not look at some choices of a setting, by choice.
    """

    objective: Objective
    tuned: str
    sweep: Callable[[W, S], Sweep] | None = None
    tuned_noun: str = "setting"
    also_tuned: tuple[str, ...] = ()
    bounded_by: str | None = None
    weighed_by: str | None = None
    priced: bool = False
    objective_at: Callable[[S], Objective] | None = None
    risks: Callable[[Point, Sequence[Point]], str] = _no_risks
    busier: Change[S, W] = busier
    slower: Change[S, W] | None = None
    serves: str = "requests"
    relieved_by: tuple[str, ...] = ()
    multiples: Mapping[str, str] = dataclasses.field(default_factory=dict)
    left_out: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def tuned_by(self, settings: Mapping[str, object]) -> str:
        """Return the setting that tuning moves: the bench's own, or another one that bounds."""
        if self.bounded_by is not None and settings.get(self.bounded_by) is not None:
            return self.bounded_by
        return self.tuned

    def objective_for(self, settings: S) -> Objective:
        """Return what tuning looks for where the user says nothing."""
        return self.objective if self.objective_at is None else self.objective_at(settings)
