"""`TradeOff`: the objective against what it costs, over all points of a recommendation."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from perflab.bench.base import AnyBench
from perflab.bench.registry import load_bench
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import METRICS, metric
from perflab.lab.alerts import Condition, parse_condition
from perflab.settings import SettingValues
from perflab.settings.load import PRICES
from perflab.tuning.points import Point
from perflab.tuning.recommendation import Recommendation

if TYPE_CHECKING:
    import pandas as pd

MEMORY = ("memory_bytes", "peak_memory_bytes")
MONEY = "cost_per_day"


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a point lies.

    Attributes:
        point: Its settings and metrics.
        cost: What it costs, in the unit of what `TradeOff` names.
        value: The objective's metric.
        is_best_for_cost: Whether no point that costs as much or less is better.
    """

    point: Point
    cost: float
    value: float
    is_best_for_cost: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class TradeOff:
    """Points by what they cost and bring; those that keep the limits.

    Attributes:
        pattern: The pattern's name.
        cost: The metric or setting that counts the cost, such as ``memory_bytes``.
        objective: The metric that was looked for.
        places: All of them, by rising cost.
        named: ``now``, ``recommended``, ``knee`` and ``best``, as far as there is one.
    """

    pattern: str
    cost: str
    objective: str
    places: tuple[Place, ...]
    named: dict[str, Place]

    @property
    def front(self) -> tuple[Place, ...]:
        """The places at which no other is better for the same cost or less, by rising cost."""
        return tuple(place for place in self.places if place.is_best_for_cost)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a point: its settings, ``cost``, the objective, and ``best_for_cost``."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    **place.point["settings"],
                    "cost": place.cost,
                    self.objective: place.value,
                    "best_for_cost": place.is_best_for_cost,
                }
                for place in self.places
            ]
        )


def trade_off_of(found: Recommendation) -> TradeOff | None:
    """Return what each point of a recommendation costs and brings.

    The cost is money where the user has set a price, else the memory where it is predicted, else
    the setting that was tuned, such as connections. Against a cost in money it is never money.

    Returns:
        None where fewer than two points have both, or a file's limits cannot be read.
    """
    bench = load_bench(found.pattern)
    direction, _, objective = found.objective.partition(":")
    in_money = _is_priced(bench, found.settings) and found.metrics.get(MONEY) is not None
    in_money = in_money and metric(objective).unit != metric(MONEY).unit
    cost = MONEY if in_money else cost_key(bench, found.settings, found.metrics)
    try:
        limits = [parse_condition(text) for text in found.limits]
    except BadInputError:
        return None
    kept = [point for point in found.points if _keeps(point, limits)]
    places = [place for place in (_place(point, cost, objective) for point in kept) if place]
    if len(places) < 2:
        return None
    sign = 1 if direction == "max" else -1
    places.sort(key=lambda place: (place.cost, -sign * place.value))
    ranked, best = [], -float("inf")
    for place in places:
        ahead = sign * place.value > best
        best = max(best, sign * place.value)
        ranked.append(dataclasses.replace(place, is_best_for_cost=ahead))
    points: dict[str, Point] = {
        "now": {"settings": found.before, "metrics": found.before_metrics},
        "recommended": {"settings": found.settings, "metrics": found.metrics},
    }
    for other in found.alternatives:
        points |= dict.fromkeys(str(other["name"]).split(" and "), other)
    named = {name: _place(point, cost, objective) for name, point in points.items()}
    known = {name: place for name, place in named.items() if place is not None}
    return TradeOff(found.pattern, cost, objective, tuple(ranked), known)


def _is_priced(bench: AnyBench, settings: SettingValues) -> bool:
    """Say whether the user has set a price: those that are usual here are nobody's own."""
    if not bench.tuning.priced:
        return False
    return any(
        settings.get(key, bench.info(key).default) != bench.info(key).default for key in PRICES
    )


def cost_key(bench: AnyBench, settings: dict[str, object], metrics: dict[str, float]) -> str:
    """Return the metric or setting that counts what a pattern's settings cost."""
    weighed = bench.tuning.weighed_by
    if weighed is not None:
        return weighed
    moved = bench.tuning.tuned_by(settings)
    if bench.info(moved).unit == "bytes":
        return moved
    return next((name for name in MEMORY if metrics.get(name) is not None), moved)


def cost_words(bench: AnyBench, key: str) -> tuple[str, str]:
    """Return what counts the cost in words, and its unit."""
    if key in METRICS:
        return metric(key).label, metric(key).unit
    info = bench.info(key)
    return info.name, info.unit


def _keeps(point: Point, limits: Sequence[Condition]) -> bool:
    known = [point["metrics"].get(limit.metric) for limit in limits]
    return all(
        value is not None and limit.holds(value) for limit, value in zip(limits, known, strict=True)
    )


def _place(point: Point, cost: str, objective: str) -> Place | None:
    spent = point["metrics"].get(cost, point["settings"].get(cost))
    value = point["metrics"].get(objective)
    if not isinstance(spent, (int, float)) or value is None:
        return None
    return Place(point, float(spent), float(value))
