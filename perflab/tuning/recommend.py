"""`tune`: the smallest setting that is good enough, and the knee, each with its reason."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from perflab.bench.base import AnyBench
from perflab.bench.model import AnyModel
from perflab.bench.parts import Objective
from perflab.bench.registry import load_bench
from perflab.callbacks import Progress
from perflab.errors import BadInputError, BrokenLimitError
from perflab.errors.extras import naming_extra
from perflab.instrumentation.catalog import metric
from perflab.lab.alerts import Condition, parse_condition
from perflab.lab.outputs import check_outputs
from perflab.lab.verbs import run
from perflab.servers.consent import require
from perflab.tuning.knee import knee
from perflab.tuning.objective import good_enough, parse_objective, write_enough
from perflab.tuning.points import NamedPoint, Point
from perflab.tuning.reach import all_useless, fewest_timed_out, harms, least_harmful, unreached
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.sweep import sweep_trace
from perflab.tuning.worth import cost, gained
from perflab.units import changed_by, format_quantity, grouped, times

LIVE_SECONDS = 5.0
# Where others do harm, a change that saves less than a quarter is not worth one.
_WORTH_IT = 0.75
_GUARDED = "timeouts, errors and throughput"
_HARM = "more timeouts or errors, or less throughput"


@naming_extra("cli")
def tune(
    pattern: str,
    workload: Any = None,
    objective: str | Objective | None = None,
    limits: str | Iterable[str] | None = None,
    executor: Executor | None = None,
    live: bool = False,
    *,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    model: AnyModel | None = None,
    force: bool = False,
) -> Recommendation:
    """Return the settings to ship for a workload: the smallest that are good enough.

    Args:
        pattern: A pattern's name.
        workload: A file's path, a name with parameters, or a `Trace`; none for the bench's own.
        objective: Such as ``max:hit_rate``; none for the bench's own.
        limits: Such as ``memory_bytes<=512MiB``; all must be kept.
        executor: Where to compute; threads of this process where none is given.
        live: Whether to run the recommended settings and put the measured values beside.
        settings: What the user has now; what is not tuned stays as it is.
        progress: Called with the number of points done and of all.
        model: A model of this workload that has computed something already.
        force: Whether the live run may replace a file that is there under its output's name.

    Raises:
        BadInputError: If an input is not right.
        BrokenLimitError: If no setting satisfies the limits.
    """
    bench = load_bench(pattern)
    checked, _ = bench.read(settings)
    if live:
        check_outputs(bench, checked, workload, force=force)
    trace = bench.workload_for(checked, workload)
    asked = [limits] if isinstance(limits, str) else list(limits or ())
    conditions = [parse_condition(text) for text in asked]
    goal = _goal(parse_objective(objective, bench.tuning.objective_for(checked)), conditions)
    sweep = bench.tuning_sweep(trace, checked)
    if live:
        require(bench.foreign_servers(bench.read(most_of(sweep, settings))[0]))
    swept = sweep_trace(bench, trace, settings, sweep, None, executor, progress, model)
    before = sweep_trace(bench, trace, settings, model=model).points[0]
    moved = bench.tuning.tuned_by(settings or {})
    moved = moved if moved in sweep else bench.tuning.tuned
    search = _Search(bench, moved, goal, conditions, swept.points, swept.workload)
    chosen = search.choose(before)
    result = Recommendation(
        pattern=pattern,
        workload=swept.workload,
        before=before["settings"],
        settings=chosen["settings"],
        before_metrics=before["metrics"],
        metrics=chosen["metrics"],
        reason=search.reason(chosen, before),
        objective=f"{goal.direction}:{goal.metric}",
        unreached=search.unreached,
        limits=tuple(asked),
        points=tuple({"settings": p["settings"], "metrics": p["metrics"]} for p in swept.points),
        alternatives=tuple(search.alternatives(chosen)),
        observed=swept.observed,
        calibration=swept.calibration,
        environment=swept.environment,
        notes=swept.remarks,
    )
    if not live:
        return result
    values = {**(settings or {}), **search.tuned(chosen)}
    shown = progress is not None
    measured = run(pattern, trace, values, LIVE_SECONDS, progress=shown, force=force)
    return dataclasses.replace(result, measured=measured.metrics)


def most_of(
    sweep: Mapping[str, Iterable[Any]], settings: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return settings with the highest number that tuning may recommend of each.

    What a live check of a recommendation would do on a user's server is at most this.
    """
    highest = {
        key: max(numbers)
        for key, values in sweep.items()
        if (numbers := [v for v in values if isinstance(v, (int, float))])
    }
    return {**(settings or {}), **highest}


def _goal(goal: Objective, limits: Sequence[Condition]) -> Objective:
    """Return the objective; a limit on its own metric is then what is good enough."""
    own = [limit.value for limit in limits if limit.metric == goal.metric]
    if not own:
        return goal
    tightest = max(own) if goal.direction == "max" else min(own)
    return dataclasses.replace(goal, target=tightest)


class _Search:
    """Looks through the points of a sweep for the one to ship."""

    def __init__(
        self,
        bench: AnyBench,
        moved: str,
        goal: Objective,
        limits: Sequence[Condition],
        points: Sequence[Point],
        workload: Mapping[str, Any],
    ) -> None:
        self._bench, self._tuning = bench, bench.tuning
        self._moved = moved
        self._goal = goal
        self._limits = limits
        self._points = points
        for condition in limits:
            if condition.metric not in points[0]["metrics"]:
                known = ", ".join(points[0]["metrics"])
                raise BadInputError(
                    f"is not predicted for this pattern; known: {known}", condition.metric
                )
        if goal.metric not in points[0]["metrics"]:
            raise BadInputError("is not predicted for this pattern", goal.metric)
        self._kept = [point for point in points if self._keeps(point)]
        if not self._kept:
            raise BrokenLimitError(self._why_none())
        self._best = self._pick(self._kept)
        timed_out = fewest_timed_out(self._kept, workload)
        self.unreached = unreached(goal, self._noun(), self._best, timed_out)

    def choose(self, before: Point) -> Point:
        """Return the smallest point that is good enough.

        At the same size the one with less of what else is a number, then the policy in use. Where
        no point reaches what is looked for, it is the one that does least harm, which may be the
        present one.
        """
        if self.unreached:
            return self._least_bad(before)
        best = self._best
        enough = self._enough(self._kept, best)
        if not self._keeps(before):
            return self._smallest(enough, before)
        safe = [p for p in enough if not harms(before["metrics"], p["metrics"], for_gain=True)]
        if not safe:
            return self._smallest(least_harmful([*enough, *self._enough([before], best)]), before)
        chosen = self._smallest(safe, before)
        guarded = len(safe) < len(enough)
        little = self._size(chosen) > _WORTH_IT * self._size(before)
        return before if guarded and little and self._enough([before], best) else chosen

    def _least_bad(self, before: Point) -> Point:
        """Return the best point with no more timeouts or errors, and no less throughput, than now.

        Of those that are as good, the one with the fewest timeouts and errors and the highest
        throughput; the present one if it is among them.
        """
        safe = [p for p in self._kept if not harms(before["metrics"], p["metrics"])]
        if self._keeps(before):
            safe.append(before)
        if not safe:
            return self._smallest(least_harmful(self._kept), before)
        left = least_harmful(self._enough(safe, self._pick(safe)))
        if any(point is before for point in left):
            return before
        return self._smallest(left, before)

    def _enough(self, points: Sequence[Point], best: float) -> list[Point]:
        return [p for p in points if good_enough(self._goal, self._value(p), best)]

    def _smallest(self, points: Sequence[Point], before: Point) -> Point:
        same = self._others(before)
        sign = -1 if self._goal.direction == "max" else 1
        return min(
            points,
            key=lambda p: (
                self._size(p),
                tuple(value for value in self._others(p) if isinstance(value, int)),
                self._others(p) != same,
                sign * self._value(p),
            ),
        )

    def tuned(self, point: Point) -> dict[str, Any]:
        """Return the settings that tuning looks for, at a point."""
        return {key: point["settings"][key] for key in (self._moved, *self._tuning.also_tuned)}

    def reason(self, chosen: Point, before: Point) -> str:
        """Return in words why this point and not its neighbours."""
        if self.unreached:
            return self._why_unreached(chosen, before)
        info = metric(self._goal.metric)
        largest = max(self._kept, key=self._size)
        by = f" by {self._weight}" if self._weight else ""
        enough = self._enough(self._kept, self._best)
        words = []
        if len(self._kept) > 1 and len(enough) == len(self._kept):
            words.append(self._all_alike())
        words.append(
            f"{self._write(chosen)} is the smallest setting{by} that "
            + write_enough(self._goal, self._best)
            + self._guarded(chosen, before)
            + (f" and keeps {self._limits_text()}" if self._limits else "")
            + f": {info.format(self._value(chosen))}; the best is {info.format(self._best)}."
        )
        saved = self._size(largest) / max(self._size(chosen), 1)
        if math.isfinite(saved) and saved >= 1.5:
            words.append(f"The largest setting looked at is {times(saved)} as large.")
        if self._write(chosen) == self._write(before):
            words.append("That is what you have today.")
        else:
            gives = f"Today's {self._write(before)} gives {info.format(self._value(before))}"
            words.append(f"{gives}{self._trade(chosen, before)}.")
            words.append(cost(before["metrics"], chosen["metrics"]))
        words.append(self._tuning.risks(chosen, self._points))
        return " ".join(word for word in words if word)

    def _trade(self, chosen: Point, before: Point) -> str:
        """Return how large the chosen one is against the present one, and what that brings."""
        size = self._size(chosen) / max(self._size(before), 1)
        if not size or not math.isfinite(size) or times(size) == times(1):
            return ""
        info = metric(self._goal.metric)
        now, then = self._value(before), self._value(chosen)
        brings = f"for the same {info.plain}"
        if info.difference(now, then) != info.difference(now, now):
            verb = "raises" if then > now else "lowers"
            brings = f"and {verb} the {info.plain} {changed_by(now, then, info.unit)}"
        return f", so this is {times(size)} the {self._weight or 'size'} {brings}"

    def _guarded(self, chosen: Point, before: Point) -> str:
        """Return why the chosen one is not the smallest of all that are good enough, if so."""
        enough = self._enough(self._kept, self._best)
        if self._size(self._smallest(enough, before)) >= self._size(chosen):
            return ""
        if harms(before["metrics"], chosen["metrics"], for_gain=True):
            return f" at the least cost in {_GUARDED}"
        return f" without {_HARM} than today"

    def _all_alike(self) -> str:
        info = metric(self._goal.metric)
        values = [self._value(point) for point in self._kept]
        low, high = info.format(min(values)), info.format(max(values))
        between = low if low == high else f"{low} to {high}"
        return f"The {self._noun()} hardly matters to the {info.plain}: {between} with all of them."

    def _why_unreached(self, chosen: Point, before: Point) -> str:
        info = metric(self._goal.metric)
        best = next(p for p in self._kept if self._value(p) == self._best)
        counts = info.plain.endswith("s") and info.unit not in ("ratio", "seconds")
        verb = "are" if counts else "is"
        found = (
            f": the best {info.plain} {verb} {info.format(self._best)}, with {self._write(best)}"
        )
        words = [f"{self.unreached}{'' if all_useless(self._goal, self._best) else found}."]
        if chosen is before:
            words.append(f"Keep {self._write(before)}: nothing is better without {_HARM}.")
            return " ".join(words)
        if not self._keeps(before):
            words.append(f"Of those that keep the limits, {self._write(chosen)} does least harm.")
            words.append(cost(before["metrics"], chosen["metrics"]))
            return " ".join(word for word in words if word)
        now = info.format(self._value(before))
        value = info.format(self._value(chosen))
        if value != now and self._pick([chosen, before]) == self._value(chosen):
            closest = f"comes closest: {value}, today {now}"
            words.append(f"Without {_HARM} than today, {self._write(chosen)} {closest}.")
        else:
            gains = gained(before["metrics"], chosen["metrics"])
            today = "as today" if value == now else f"today {now}"
            words.append(f"With {self._write(chosen)} it is {value}, {today}{gains}.")
        return " ".join(words)

    def alternatives(self, chosen: Point) -> list[NamedPoint]:
        """Return the knee of the chosen line, and the best point whatever its size.

        Where nothing reaches what is looked for, there is none: each could do harm.
        """
        if self.unreached:
            return []
        line = sorted(
            (p for p in self._kept if self._others(p) == self._others(chosen)), key=self._size
        )
        found = []
        sign = 1 if self._goal.direction == "max" else -1
        log = self._bench.info(self._moved).scale == "log"
        bend = knee([self._size(p) for p in line], [sign * self._value(p) for p in line], log=log)
        label = metric(self._goal.metric).plain
        if bend is not None:
            text = f"Diminishing returns past {self._write(line[bend])}: "
            text += "each further doubling helps less."
            found.append(self._named("knee", line[bend], text))
        best = next(p for p in self._kept if self._value(p) == self._best)
        text = f"The best {label} that any setting looked at reaches, whatever its size."
        found.append(self._named("best", best, text))
        return found

    def _named(self, name: str, point: Point, reason: str) -> NamedPoint:
        return {
            "name": name,
            "settings": point["settings"],
            "metrics": point["metrics"],
            "reason": reason,
        }

    def _keeps(self, point: Point) -> bool:
        return all(limit.holds(point["metrics"][limit.metric]) for limit in self._limits)

    def _pick(self, points: Sequence[Point]) -> float:
        values = [self._value(point) for point in points]
        return max(values) if self._goal.direction == "max" else min(values)

    def _value(self, point: Point) -> float:
        return float(point["metrics"][self._goal.metric])

    def _size(self, point: Point) -> float:
        if self._tuning.weighed_by is not None:
            return float(point["metrics"][self._tuning.weighed_by])
        size = point["settings"][self._moved]
        return math.inf if size is None else float(size)

    def _others(self, point: Point) -> tuple[Any, ...]:
        return tuple(point["settings"][key] for key in self._tuning.also_tuned)

    def _write(self, point: Point) -> str:
        info = self._bench.info(self._moved)
        size = point["settings"][self._moved]
        counted = info.kind is int and info.unit != "bytes"
        number = grouped(size) if counted and size is not None else format_quantity(size, info.unit)
        others = ", ".join(f"{key} {point['settings'][key]}" for key in self._tuning.also_tuned)
        return f"{info.key} {number}" + (f" with {others}" if others else "")

    @property
    def _weight(self) -> str | None:
        weight = self._tuning.weighed_by
        return None if weight is None else metric(weight).label

    def _noun(self) -> str:
        others = [limit for limit in self._limits if limit.metric != self._goal.metric]
        kept = f" that keeps {self._join(others)}" if others else ""
        return f"{self._tuning.tuned_noun}{kept}"

    @staticmethod
    def _join(limits: Iterable[Condition]) -> str:
        return " and ".join(str(limit) for limit in limits)

    def _limits_text(self) -> str:
        return self._join(self._limits)

    def _why_none(self) -> str:
        closest = []
        for limit in self._limits:
            values = [float(point["metrics"][limit.metric]) for point in self._points]
            info = metric(limit.metric)
            closest.append(
                f"{info.label} goes from {info.format(min(values))} to {info.format(max(values))}"
            )
        return f"no setting satisfies {self._limits_text()}: {'; '.join(closest)}; relax a limit"
