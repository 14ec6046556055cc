"""`budget_of`: the split of a service's memory and connections to recommend, with its reasons."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from perflab.bench.parts import Objective
from perflab.callbacks import Progress
from perflab.errors import BadInputError, BrokenLimitError
from perflab.errors.extras import naming_extra
from perflab.instrumentation.catalog import metric
from perflab.lab.alerts import Condition, parse_condition
from perflab.lab.environment import environment
from perflab.lab.outcome import workload_summary
from perflab.service.budget import Budget, BudgetPoint
from perflab.service.connections import connections_of
from perflab.service.flow import Flows
from perflab.service.incoming import incoming
from perflab.service.metrics import service_metrics
from perflab.service.predict import calibrations_of, costs_in, prediction_of
from perflab.service.split import Split, Splitter
from perflab.service.split_search import SplitSearch, Tried
from perflab.tuning.objective import parse_objective
from perflab.units import counted, in_words, percent

if TYPE_CHECKING:
    from perflab.modelling.prediction import Metrics
    from perflab.service.layout import ServiceLayout

OBJECTIVE = Objective("min", "latency_seconds_mean")
_MEMORY, _CONNECTIONS = "memory_bytes", "most_connections"
_ROUNDING = 1e-9
_GIB = 2.0**30
_STEP_OF = 0.25
"""A step is 1 GiB, or so much of the budget where that is less."""
_MORE_CONNECTIONS = 10
_CURVE = (0.25, 0.5, 2.0, 4.0)


@naming_extra("cli")
def budget_of(
    service: ServiceLayout,
    workload: object = None,
    limits: str | Iterable[str] | None = None,
    objective: str | None = None,
    progress: Progress | None = None,
) -> Budget:
    """Return the best split of a service's memory and connections.

    Args:
        service: As it is now.
        workload: A file's path, a name with parameters, or a `Trace`; none for the default of the
            first stage's bench.
        limits: Such as ``memory_bytes<=4GiB`` for all caches together, ``most_connections<=400``,
            or one on a latency. Without the first, the memory is what the caches have now;
            `max_connections` holds with and without the second.
        objective: Such as ``min:latency_seconds_p99``; the mean latency where not given.
        progress: Called with the splits predicted and how many there are at most.

    Raises:
        BadInputError: If the workload or a limit is not right, or less than the stages take at
            least: it says which stage, and by how much.
        BrokenLimitError: If no split keeps a limit on what is predicted.
    """
    return _Budgeting(service, workload, limits, objective).budget(progress)


class _Budgeting:
    """The work of one `budget_of`."""

    def __init__(
        self,
        service: ServiceLayout,
        workload: object,
        limits: str | Iterable[str] | None,
        objective: str | None,
    ) -> None:
        self.service = service
        self.goal = parse_objective(objective, OBJECTIVE)
        self.limits = [parse_condition(text) for text in _texts(limits)]
        self.known = calibrations_of(service)
        self.came = incoming(service, workload)
        costs = costs_in(self.known, service)
        self.flows = Flows(self.came, costs)
        self.splitter = Splitter(service, self.came, costs)
        self.present = self.splitter.present()
        self._check()

    def budget(self, progress: Progress | None) -> Budget:
        """Return the result."""
        memory, allowed = self._bound(_MEMORY), self._bound(_CONNECTIONS)
        total = self.present.total_bytes if memory is None else memory
        bounds = [self.service.settings.max_connections, allowed]
        most = min((each for each in bounds if each is not None), default=None)
        per_pool = self.splitter.most_per_pool(most)
        search = SplitSearch(self.splitter, self._metrics, self._value, progress)
        best = search.best(total, per_pool)
        before = self._metrics_of(self.service)
        chosen = self.splitter.service_of(best.split)
        if self._fits(before, total, most) and self._value(before) <= self._value(best.metrics):
            best, chosen = Tried(self.present, before), self.service
        self._check_limits(best)
        named = self._point("recommended", best.split, best.metrics)
        steps = tuple(self._next_steps(best, most))
        return Budget(
            workload=workload_summary(self.came.workload),
            before=self.service.shown(),
            settings=chosen.shown(),
            before_metrics=before,
            metrics=best.metrics,
            chosen=named,
            reason=self._reason(named, before, steps),
            objective=f"{self.goal.direction}:{self.goal.metric}",
            limits=tuple(str(limit) for limit in self.limits),
            points=tuple(self._point("", *each) for each in search.tried.items()),
            next_steps=steps,
            curve=tuple(self._curve(best, total)),
            connections_curve=tuple(self._connections_curve(best, most)),
            evaluations=len(search.tried),
            remarks=tuple(f"{name}: {each.describe()}" for name, each in self.known.items()),
            environment=environment(),
        )

    def _fits(self, before: Metrics, memory: float, connections: int | None) -> bool:
        """Say whether the service as it is now keeps the budget."""
        if self.present.total_bytes > memory * (1 + _ROUNDING):
            return False
        return connections is None or before.get(_CONNECTIONS, 0.0) <= connections

    def _check(self) -> None:
        """Refuse a service without anything to split, and limits on what it has not.

        Raises:
            BadInputError: If so.
        """
        if not self.splitter.caches:
            text = "has no cache, so there is no memory to split; 'fleet' sizes its pools"
            raise BadInputError(text, "service")
        metrics = self._metrics_of(self.service)
        for limit in self.limits:
            if limit.metric in (_MEMORY, _CONNECTIONS) and not limit.comparison.startswith("<"):
                text = f"is not an upper bound; write it like {limit.metric}<={limit.written}"
                raise BadInputError(text, str(limit))
        for name in (self.goal.metric, *(limit.metric for limit in self.limits)):
            if name not in metrics:
                text = f"is not a metric of this service; it has {', '.join(metrics)}"
                raise BadInputError(text, name)

    def _bound(self, name: str) -> int | None:
        """Return the largest whole number within all limits on a metric; none where none is."""
        bounds = [
            math.ceil(limit.value) - 1 if limit.comparison == "<" else math.floor(limit.value)
            for limit in self.limits
            if limit.metric == name
        ]
        return min(bounds, default=None)

    def _metrics(self, split: Split) -> Metrics:
        return self._metrics_of(self.splitter.service_of(split))

    def _metrics_of(self, service: ServiceLayout) -> Metrics:
        flow = self.flows.through(service)
        return service_metrics(flow, service.settings, connections_of(service).most)

    def _value(self, metrics: Metrics) -> tuple[float, ...]:
        """Return what is to be small: broken limits, failures, then the objective."""
        broken = sum(not limit.holds(metrics[limit.metric]) for limit in self._predicted_limits)
        sign = 1.0 if self.goal.direction == "min" else -1.0
        return float(broken), metrics["errors"], sign * metrics[self.goal.metric]

    @property
    def _predicted_limits(self) -> list[Condition]:
        """The limits on what is predicted, and not on what is given."""
        return [limit for limit in self.limits if limit.metric not in (_MEMORY, _CONNECTIONS)]

    def _check_limits(self, best: Tried) -> None:
        """Refuse a budget with which a limit cannot be kept.

        Raises:
            BrokenLimitError: With the stage that takes most of the latency, and by how much.
        """
        for limit in self._predicted_limits:
            found = best.metrics[limit.metric]
            if limit.holds(found):
                continue
            info = metric(limit.metric)
            flow = self.flows.through(self.splitter.service_of(best.split))
            rows = prediction_of(self.splitter.service_of(best.split), flow, self.known).stages
            worst = max(rows, key=lambda row: row.metrics["latency_share"])
            share = percent(worst.metrics["latency_share"])
            text = (
                f"no split keeps it: the best has {info.format(found)}, "
                f"{info.format(abs(found - limit.value))} off; {worst.stage} takes {share} of the "
                "latency"
            )
            raise BrokenLimitError(text, str(limit))

    def _point(self, name: str, split: Split, metrics: Metrics) -> BudgetPoint:
        stages = [stage.bench for stage in self.splitter.caches]
        taken = dict(zip(stages, split.memory_bytes, strict=True))
        return BudgetPoint(name, taken, split.connections, metrics, split.shared)

    def _next_steps(self, best: Tried, most: int | None) -> Iterator[BudgetPoint]:
        """Yield what more memory for one cache, and ten more connections, would do."""
        split = best.split
        step = min(_GIB, split.total_bytes * _STEP_OF)
        for place, stage in enumerate(self.splitter.caches):
            memory = list(split.memory_bytes)
            memory[place] += step
            more = dataclasses.replace(split, memory_bytes=tuple(memory))
            name = f"{in_words(step, 'bytes')} more for {stage.bench}"
            yield self._point(name, more, self._metrics(more))
        if self.service.pool is None:
            return
        processes = self.service.settings.processes
        if split.shared is not None:
            more = split.sized(split.size + _MORE_CONNECTIONS)
            added = _MORE_CONNECTIONS
        else:
            each = max(1, round(_MORE_CONNECTIONS / processes))
            more = split.sized(split.size + each)
            added = each * processes
        over = most is not None and connections_of(self.splitter.service_of(more)).most > most
        beyond = ", beyond what is allowed" if over else ""
        name = f"{counted(added, 'more connection')}{beyond}"
        yield self._point(name, more, self._metrics(more))

    def _curve(self, best: Tried, total: float) -> Iterator[BudgetPoint]:
        """Yield what the same shares do at other budgets, as far as the caches fit in."""
        shares = self.splitter.shares(best.split)
        least = sum(self.splitter.least())
        for factor in sorted((*_CURVE, 1.0)):
            budget = total * factor
            if budget < least:
                continue
            memory = self.splitter.memory_for(budget, shares)
            split = dataclasses.replace(best.split, memory_bytes=memory)
            metrics = best.metrics if factor == 1 else self._metrics(split)
            yield self._point(in_words(budget, "bytes"), split, metrics)

    def _connections_curve(self, best: Tried, most: int | None) -> Iterator[BudgetPoint]:
        """Yield what the same memory does at other numbers of connections, as far as allowed."""
        split = best.split
        present = split.size
        if present == 0:
            return
        for size in sorted({max(1, round(present * factor)) for factor in (*_CURVE, 1.0)}):
            there = split.sized(size)
            count = connections_of(self.splitter.service_of(there)).most
            if most is None or count <= most or size == present:
                metrics = best.metrics if size == present else self._metrics(there)
                yield self._point(counted(count, "connection"), there, metrics)

    def _reason(self, chosen: BudgetPoint, before: Metrics, steps: Iterable[BudgetPoint]) -> str:
        info = metric(self.goal.metric)
        parts = [f"{in_words(taken, 'bytes')} for {n}" for n, taken in chosen.memory_bytes.items()]
        if chosen.shared is not None:
            parts.append(f"{counted(chosen.shared, 'connection')} of PgBouncer")
        elif chosen.connections:
            parts.append(f"{counted(chosen.connections, 'connection')} per process")
        now, then = before[info.name], chosen.metrics[info.name]
        said = f"{', '.join(parts)}: {info.plain} {info.format(then)}, now {info.format(now)}"
        if then == now:
            said = f"keep the settings as they are ({said})"
        sign = 1.0 if self.goal.direction == "min" else -1.0
        gains = [(sign * (then - each.metrics[info.name]), each) for each in steps]
        if not gains:
            return said
        gain, best = max(gains, key=lambda pair: pair[0])
        if gain <= 0 or math.isclose(gain, 0, abs_tol=1e-12):
            return f"{said}; more of one thing alone gains nothing"
        by = info.difference(then, best.metrics[info.name])
        return f"{said}; the next step that pays most is {best.name} ({by})"


def _texts(limits: str | Iterable[str] | None) -> list[str]:
    if limits is None:
        return []
    return [limits] if isinstance(limits, str) else list(limits)
