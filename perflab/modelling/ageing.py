"""Costs that were measured before, set right by what a run has measured since."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from perflab.modelling.prediction import Costs

T = TypeVar("T")
_MOST = 100.0
"""At most so many times slower or faster: beyond, something else was measured."""


def replaced(costs: Costs, own: Costs, names: Iterable[str]) -> dict[str, Any]:
    """Return costs with those of some names from a run, where it saw them."""
    return {**costs, **{name: own[name] for name in names if name in own}}


def factor(now: float, before: float) -> float:
    """Return how many times longer something takes now; 1 where that cannot be told."""
    if not (now > 0 and before > 0):
        return 1.0
    found = now / before
    return found if math.isfinite(found) and 1 / _MOST <= found <= _MOST else 1.0


def scaled(cost: T, by: float) -> T:
    """Return a cost times a factor, whether it is a number, a list, or a mapping of such."""
    if isinstance(cost, Mapping):
        return {name: scaled(part, by) for name, part in cost.items()}  # type: ignore[return-value]
    if isinstance(cost, (list, tuple)):
        return type(cost)(scaled(part, by) for part in cost)
    if isinstance(cost, (int, float)) and not isinstance(cost, bool):
        return cost * by  # type: ignore[return-value]
    return cost


def scaled_parts(costs: Costs, names: Iterable[str], by: float) -> dict[str, Any]:
    """Return costs in which the parts of some names are scaled, where they are there."""
    return {**costs, **{name: scaled(costs[name], by) for name in names if name in costs}}
