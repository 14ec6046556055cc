"""`Search`: which of the points that were looked at to ship."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from perflab.bench.base import AnyBench
from perflab.bench.parts import Objective
from perflab.errors import BadInputError, BrokenLimitError
from perflab.instrumentation.catalog import metric
from perflab.lab.alerts import Condition
from perflab.lab.documents import AboutWorkload
from perflab.tuning.objective import good_enough
from perflab.tuning.points import Point
from perflab.tuning.reach import (
    all_behind,
    failed,
    fewest_timed_out,
    harms,
    least_harmful,
    requests_of,
    serving,
    unreached,
    worsened,
)

STEP = 1.02
"""Sizes nearer to each other than by this factor count as one."""
# Where others do harm, a change that saves less than a quarter is not worth one.
_WORTH_IT = 0.75

Others = tuple[object, ...]


class Search:
    """Looks through points for the smallest that is good enough; more points may be added.

    Args:
        bench: Whose settings.
        moved: The setting whose smallest value is looked for.
        goal: What is looked for.
        limits: What must be kept.
        points: What is predicted at some settings.
        before: The user's own settings.
        workload: What a result says of its workload.

    Attributes:
        runs_today: Whether the user's own settings can run and are not a what-if only.

    Raises:
        BadInputError: If the metric of the objective or of a limit is not predicted.
    """

    def __init__(
        self,
        bench: AnyBench,
        moved: str,
        goal: Objective,
        limits: Sequence[Condition],
        points: Sequence[Point],
        before: Point,
        workload: AboutWorkload,
    ) -> None:
        self.bench, self.tuning = bench, bench.tuning
        self.moved = moved
        self.goal = goal
        self.limits = limits
        self.points = list(points)
        self.workload = workload
        # Where no setting runs, today's is not refused for that it does not.
        self.runs_today = _can_run(bench, before) or not _can_run(bench, points[0])
        self.before = next((p for p in points if p["settings"] == before["settings"]), before)
        if self.before is before and self.runs_today:
            self.points.append(before)
        # Where all requests fail, a point has no latency, and others may have one.
        known = dict.fromkeys(name for point in points for name in point["metrics"])
        for condition in limits:
            if condition.metric not in known:
                names = ", ".join(known)
                text = f"is not predicted for this pattern; known: {names}"
                raise BadInputError(text, condition.metric)
        if goal.metric not in known:
            raise BadInputError("is not predicted for this pattern", goal.metric)

    def add(self, points: Iterable[Point]) -> None:
        """Look at more points."""
        self.points += points

    def check(self) -> None:
        """Refuse to choose where nothing satisfies the limits.

        Raises:
            BrokenLimitError: With how near they come to it.
        """
        if not self.kept:
            raise BrokenLimitError(self._why_none())

    @property
    def kept(self) -> list[Point]:
        """The points that keep all limits."""
        return [point for point in self.points if self.keeps(point)]

    @property
    def best(self) -> float:
        """The best value of the objective among them."""
        return self.pick(self.kept)

    @property
    def best_point(self) -> Point:
        """The one that does least harm of those with the best value; the smallest of several."""
        kept, best = self.kept, self.best
        info = metric(self.goal.metric)
        alike = [p for p in kept if info.format(self.value(p)) == info.format(best)]
        return self.smallest(least_harmful(alike) if self.unreached else alike)

    @property
    def unreached(self) -> str:
        """What no setting reaches, in a sentence without its stop; empty where one does."""
        return self.missed(self.kept)

    def missed(self, points: Sequence[Point]) -> str:
        """Return what none of some points reaches, as `unreached` does of all."""
        timed_out = fewest_timed_out(points, self.workload)
        best, behind = self.pick(points), all_behind(points)
        requests = requests_of(self.workload)
        if requests and all(failed(point["metrics"]) >= requests for point in points):
            end = "time out" if timed_out >= 1 else "fail"
            return f"No {self.noun} keeps up (all requests {end})"
        return unreached(self.goal, self.noun, best, timed_out, behind=behind)

    @property
    def noun(self) -> str:
        """What is tuned, with the limits that it keeps."""
        kept = f" that keeps {joined(self.further)}" if self.further else ""
        return f"{self.tuning.tuned_noun}{kept}"

    @property
    def further(self) -> list[Condition]:
        """The limits besides the one that says what is good enough."""
        sign = ">" if self.goal.direction == "max" else "<"
        return [
            limit
            for limit in self.limits
            if limit.metric != self.goal.metric or not limit.comparison.startswith(sign)
        ]

    @property
    def compared(self) -> list[Point]:
        """The points that keep those limits, good enough or not."""
        return [point for point in self.points if keeps_limits(point, self.further)]

    @property
    def indifferent(self) -> bool:
        """Whether all settings are as good as today's, and none has a target to reach."""
        if self.goal.target is not None or not self.runs_today or not self.keeps(self.before):
            return False
        compared = self.compared
        return len(self.enough(compared, self.pick(compared))) == len(compared)

    @property
    def usual(self) -> Objective | None:
        """What the pattern is tuned for, if that is not what is looked for."""
        usual = self.tuning.objective_for(self.bench.read(self.before["settings"])[0])
        return None if usual.metric == self.goal.metric else usual

    def accepted(self) -> list[Point]:
        """Return the points that could be recommended; the smallest of them is.

        They are good enough without harm, if some are. Where none reaches what is looked for,
        they are the best without more timeouts or errors, or less throughput, than now; of those
        the ones with the fewest timeouts and errors and the highest throughput.
        """
        kept, before = self.kept, self.before
        guarded = self.runs_today and self.keeps(before)
        if self.unreached:
            safe = [p for p in kept if not guarded or not harms(before["metrics"], p["metrics"])]
            return least_harmful(self.enough(safe, self.pick(safe)))
        best = self.pick(kept)
        enough = self.served(self.enough(kept, best))
        if not guarded:
            return enough
        safe = [p for p in enough if not harms(before["metrics"], p["metrics"], for_gain=True)]
        if self.indifferent:
            # What is looked for is no reason to change, so that nothing else may suffer.
            now, goal, usual = before["metrics"], self.goal, self.usual
            safe = [p for p in safe if not worsened(now, p["metrics"], goal, usual)] or [before]
        if not safe:
            return least_harmful(enough)
        little = self.size(self.smallest(safe)) > _WORTH_IT * self.size(before)
        if len(safe) < len(enough) and little and self.enough([before], best):
            return [before]
        return safe

    def choose(self) -> Point:
        """Return the point to ship: the smallest that is accepted.

        Among equals it is the present one, then what is simpler: less of what else is a number,
        the policy in use, or the one that is named first.
        """
        accepted = self.accepted()
        if self.unreached and any(point is self.before for point in accepted):
            return self.before
        return self.smallest(accepted)

    def smallest(self, points: Sequence[Point]) -> Point:
        """Return the smallest of some points, and the simplest of those that are as small."""
        alike = _least(points, [self.size(point) for point in points])
        for place, _ in enumerate(self.tuning.also_tuned):
            chosen = [self.others(point)[place] for point in alike]
            numbers = [float(value) for value in chosen if isinstance(value, int)]
            if len(numbers) == len(chosen):
                alike = _least(alike, numbers)
        if any(point is self.before for point in alike):
            return self.before
        same = self.others(self.before)
        order = {others: place for place, others in enumerate(self.lines())}
        sign = -1 if self.goal.direction == "max" else 1

        def rank(point: Point) -> tuple[object, ...]:
            others = self.others(point)
            return (
                others != same,
                order.get(others, len(order)),
                self.size(point),
                sign * self.value(point),
            )

        return min(alike, key=rank)

    def lines(self) -> dict[Others, list[Point]]:
        """Return the points by what else is chosen, such as the policy; each line by size."""
        found: dict[Others, list[Point]] = {}
        for point in self.points:
            found.setdefault(self.others(point), []).append(point)
        for line in found.values():
            line.sort(key=lambda p: (self.size(p), self.place(p)))
        return found

    def enough(self, points: Sequence[Point], best: float) -> list[Point]:
        """Return those points that are good enough where so much is the best."""
        return [p for p in points if good_enough(self.goal, self.value(p), best)]

    def served(self, points: Sequence[Point]) -> list[Point]:
        """Return those points at which hardly more requests fail than at any that is kept."""
        return serving(points, self.kept, requests_of(self.workload))

    def keeps(self, point: Point) -> bool:
        """Say whether a point keeps all limits."""
        return keeps_limits(point, self.limits)

    def pick(self, points: Sequence[Point]) -> float:
        """Return the best value of the objective among some points."""
        values = [self.value(point) for point in points]
        return max(values) if self.goal.direction == "max" else min(values)

    def value(self, point: Point) -> float:
        """Return the objective's metric at a point."""
        worst = -math.inf if self.goal.direction == "max" else math.inf
        return float(point["metrics"].get(self.goal.metric, worst))

    def size(self, point: Point) -> float:
        """Return how large a point is: the setting that is moved, or the metric that weighs it."""
        if self.tuning.weighed_by is not None:
            return float(point["metrics"][self.tuning.weighed_by])
        return self.place(point)

    def place(self, point: Point) -> float:
        """Return the setting that is moved, at a point; none is without end."""
        size = point["settings"][self.moved]
        return math.inf if size is None else float(size)

    def others(self, point: Point) -> Others:
        """Return what else is chosen, at a point."""
        return tuple(point["settings"][key] for key in self.tuning.also_tuned)

    def tuned(self, point: Point) -> dict[str, object]:
        """Return the settings that tuning looks for, at a point."""
        return {key: point["settings"][key] for key in (self.moved, *self.tuning.also_tuned)}

    def write(self, point: Point) -> str:
        """Return those settings in words."""
        first, *others = (
            f"{key} {self.bench.info(key).in_full(point['settings'][key])}"
            for key in (self.moved, *self.tuning.also_tuned)
        )
        return f"{first} with {', '.join(others)}" if others else first

    def _why_none(self) -> str:
        closest = []
        for limit in self.limits:
            others = [other for other in self.limits if other is not limit]
            near = [point for point in self.points if keeps_limits(point, others)]
            found = [point["metrics"].get(limit.metric) for point in near or self.points]
            values = [float(value) for value in found if value is not None]
            if not values:
                continue
            info = metric(limit.metric)
            low = limit.comparison in ("<", "<=")
            best = info.format(min(values) if low else max(values))
            beside = f" with {joined(others)}" if others and near else ""
            share = limit.value > 1 and info.unit == "ratio"
            hint = " (a share is between 0 and 1; write it like 0.8 or 80%)" if share else ""
            name = f"the {'lowest' if low else 'highest'} {info.plain}"
            closest.append(f"{name}{beside} is {best}{hint}")
        return f"no setting satisfies {joined(self.limits)}: {'; '.join(closest)}; relax a limit"


def _least(points: Sequence[Point], sizes: Sequence[float]) -> list[Point]:
    """Return the points whose sizes are as small as the smallest."""
    most = min(sizes) * STEP
    return [point for point, size in zip(points, sizes, strict=True) if size <= most]


def keeps_limits(point: Point, limits: Iterable[Condition]) -> bool:
    """Say whether a point keeps limits; one on a metric that it does not have is broken."""
    known = point["metrics"]
    return all(limit.metric in known and limit.holds(known[limit.metric]) for limit in limits)


def joined(limits: Iterable[Condition]) -> str:
    """Return limits in words."""
    return " and ".join(str(limit) for limit in limits)


def _can_run(bench: AnyBench, point: Point) -> bool:
    try:
        bench.live.check(*bench.read(point["settings"]))
    except BadInputError:
        return False
    return True
