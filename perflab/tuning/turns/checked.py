"""`checked_in_turns`: a recommendation after its settings were run beside their rivals."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from perflab.bench.base import AnyBench
from perflab.callbacks import Cancelled, Progress
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.lab.calibration import Calibration
from perflab.lab.overlap import turn_to_measure
from perflab.modelling.prediction import Metrics
from perflab.tuning.lookup import Lookup
from perflab.tuning.points import NamedPoint, Point, named_point
from perflab.tuning.reason import Reason
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.search import Search
from perflab.tuning.sensitivity import sensitivity_of
from perflab.tuning.turns.contenders import RECOMMENDED, contenders_of, means_of
from perflab.tuning.turns.judge import Judge
from perflab.tuning.turns.kept_turns import KeptTurns, can_be_kept
from perflab.tuning.turns.likeness import unlike_the_whole
from perflab.tuning.turns.live_turns import LiveTurns
from perflab.tuning.turns.outcome import Outcome
from perflab.tuning.turns.runner import TurnsCancelled, take_turns
from perflab.units import counted, grouped

BUDGET_SECONDS = 60.0
TURN_SECONDS = 1.0
CONFIDENCE = 0.95


class Plan(NamedTuple):
    """How turns are taken.

    Attributes:
        budget: The seconds that all of it may take.
        turn: The seconds of a turn, at most at first.
        progress: Called with the seconds spent and the budget, after each turn.
        cancelled: Asked before each turn.
    """

    budget: float = BUDGET_SECONDS
    turn: float = TURN_SECONDS
    progress: Progress | None = None
    cancelled: Cancelled | None = None

    def check(self) -> None:
        """Refuse times that are not above 0.

        Raises:
            BadInputError: With the first of them.
        """
        for name, seconds in (("budget", self.budget), ("turn", self.turn)):
            if not 0 < seconds < math.inf:
                raise BadInputError("is not a number of seconds above 0", name)


def checked_in_turns(
    found: Recommendation,
    search: Search,
    lookup: Lookup,
    chosen: Point,
    settings: Mapping[str, object],
    calibration: Calibration,
    plan: Plan,
    *,
    loop: bool,
) -> Recommendation:
    """Return a recommendation with what was measured, which may recommend a rival instead.

    Args:
        found: The recommendation from predictions.
        search: What was looked for.
        lookup: Predicts.
        chosen: The recommended point.
        settings: What the user has now; what is not tuned stays as it is.
        calibration: The costs that runs are predicted from.
        plan: How turns are taken.
        loop: Whether the workload begins again at its end.

    Raises:
        BadInputError: If the recommended settings cannot run, or the backend only fails.
        RuntimeError: If their child process died.
    """
    points = contenders_of(search, chosen, found.alternatives)
    values = {name: {**settings, **search.tuned(point)} for name, point in points.items()}
    memory = sum(point["metrics"].get("memory_bytes") or 0.0 for point in points.values())
    kept = can_be_kept(search.bench, values.values(), memory)
    kind = KeptTurns if kept else LiveTurns
    live = kind(
        search.bench, lookup.workload, values, plan.turn, loop=loop, calibration=calibration
    )
    judge = Judge(search.goal, list(points), CONFIDENCE)

    machine = Machine(plan.cancelled)

    try:
        taken = take_turns(
            list(points),
            lambda name: machine.alone(lambda: live(name)),
            judge.settled,
            plan.budget,
            progress=plan.progress,
            cancelled=plan.cancelled,
            clock=machine.clock,
        )
    finally:
        live.close()
    unlike = "" if not taken.rounds else unlike_the_whole(search, lookup, points, live.ran)
    outcome = Outcome(search, points, judge, taken, plan.budget, unlike)
    shipped = outcome.shipped
    measured = means_of(taken.rounds or [taken.warm_up], shipped)
    partly = _partly(search.bench, lookup, live.ran(shipped)) if live.starts_anew else ()
    checked = dataclasses.replace(
        found,
        measured=measured,
        turns=outcome.document(plan.turn, live.most_requests),
        notes=(*found.notes, *partly),
    )
    if shipped == RECOMMENDED:
        harm = outcome.harm()
        first = _missed(search, chosen, measured) + (f"{harm} " if harm else "")
        return dataclasses.replace(checked, reason=f"{first}{checked.reason}")
    return _instead(checked, search, lookup, chosen, points[shipped], outcome.words())


class Machine:
    """Lets one panel's turns go between those of another, so that neither disturbs the other.

    Args:
        cancelled: Asked while another one measures.
    """

    def __init__(self, cancelled: Cancelled | None) -> None:
        self._cancelled = cancelled
        self._waited = 0.0

    def clock(self) -> float:
        """Return the time in seconds without what was waited for others: no budget pays that."""
        return time.monotonic() - self._waited

    def alone(self, measure: Callable[[], Metrics]) -> Metrics:
        """Measure once no other thread does.

        Raises:
            TurnsCancelled: If that is no longer wanted before it has begun.
        """
        began = time.monotonic()
        with turn_to_measure(self._heed):
            self._waited += time.monotonic() - began
            return measure()

    def _heed(self) -> None:
        if self._cancelled is not None and self._cancelled():
            raise TurnsCancelled


def _missed(search: Search, chosen: Point, measured: Mapping[str, float]) -> str:
    """Return a sentence where what was predicted to reach the target was measured to miss it."""
    goal, real = search.goal, measured.get(search.goal.metric)
    predicted = chosen["metrics"].get(goal.metric)
    if goal.target is None or real is None or predicted is None:
        return ""
    sign = 1 if goal.direction == "max" else -1
    if not sign * real < sign * goal.target <= sign * predicted:
        return ""
    info = metric(goal.metric)
    return (
        f"Measured, {search.write(chosen)} misses the target of {info.format(goal.target)}: "
        f"{info.plain} {info.format(real)}, where {info.format(predicted)} was predicted; "
        "do not rely on the prediction before both agree. "
    )


def _instead(
    found: Recommendation,
    search: Search,
    lookup: Lookup,
    chosen: Point,
    shipped: Point,
    words: str,
) -> Recommendation:
    """Return a recommendation of another point than the one that the prediction alone chose."""
    predicted = named_point("predicted", chosen, "What the prediction alone recommends.")
    others: list[NamedPoint] = [
        other for other in found.alternatives if search.tuned(other) != search.tuned(shipped)
    ]
    # What no setting reaches stays first.
    reason = (found.reason, words) if found.unreached else (words, f"Predicted: {found.reason}")
    sensitivity = () if found.unreached else tuple(sensitivity_of(search, lookup, shipped))
    return dataclasses.replace(
        found,
        settings=shipped["settings"],
        metrics=shipped["metrics"],
        reason=" ".join(reason),
        worse=Reason(search, shipped).worse,
        alternatives=(predicted, *others),
        sensitivity=sensitivity,
    )


def _partly(bench: AnyBench, lookup: Lookup, ran: slice | None) -> tuple[str, ...]:
    """Return that each turn ran only so many requests of the workload, if so."""
    count = bench.request_count(lookup.workload)
    if ran is None or count is None or ran.stop >= count:
        return ()
    part = f"the first {grouped(ran.stop)} of {counted(count, 'request')}"
    return (f"each turn started from nothing and ran {part}; predictions are for all of them",)
