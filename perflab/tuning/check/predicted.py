"""Conditions on what is predicted: there is no noise, so each holds or is broken."""

from __future__ import annotations

import math
from collections.abc import Sequence

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError, nearest
from perflab.instrumentation.catalog import metric
from perflab.lab.alerts import Condition as Limit
from perflab.modelling.prediction import Metrics
from perflab.tuning.check.allowance import Allowance
from perflab.tuning.check.document import Condition


def held_against(
    before: Metrics, after: Metrics, limits: Sequence[Limit], allowances: Sequence[Allowance]
) -> tuple[Condition, ...]:
    """Return each condition with its verdict.

    Args:
        before: The baseline's metrics.
        after: Those of the settings that are checked.
        limits: Bounds on `after`.
        allowances: How much worse than `before` it may be.
    """
    return (
        *(_limit(before, after, limit) for limit in limits),
        *(_change(before, after, allowance) for allowance in allowances),
    )


def check_predicted(
    bench: AnyBench, before: Metrics | None, after: Metrics, names: Sequence[str], option: str
) -> None:
    """Refuse conditions on metrics that were not predicted.

    Args:
        bench: Whose.
        before: The baseline's metrics, where they count; None where they do not.
        after: Those of the settings that are checked.
        names: The metrics of conditions.
        option: The option that named them.

    Raises:
        BadInputError: With the first of them, and the nearest that is there.
    """
    known = bench.known_metrics()
    for name in names:
        if name not in known:
            told = f"{bench.identity.pattern} has no metric {name!r}{nearest(name, known)}"
            raise BadInputError(told, option)
        if not _is_known(after, name):
            measured = "; --live measures it" if name in bench.measured_metrics() else ""
            told = f"{name} is not predicted{nearest(name, after)}{measured}"
            raise BadInputError(told, option)
        if before is not None and not _is_known(before, name):
            raise BadInputError(f"the baseline has no {name}; make it again", option)


def _is_known(metrics: Metrics, name: str) -> bool:
    """Say whether a metric has a value: a number that is none comes from a file as None."""
    value = metrics.get(name)
    return value is not None and math.isfinite(value)


def _limit(before: Metrics, after: Metrics, limit: Limit) -> Condition:
    value = after[limit.metric]
    return {
        "condition": str(limit),
        "kind": "limit",
        "metric": limit.metric,
        "before": before.get(limit.metric),
        "after": value,
        "change": _difference(limit.metric, before.get(limit.metric), value),
        "interval": "",
        "verdict": "held" if limit.holds(value) else "broken",
    }


def _change(before: Metrics, after: Metrics, allowance: Allowance) -> Condition:
    name = allowance.metric
    return {
        "condition": str(allowance),
        "kind": "max_worse",
        "metric": name,
        "before": before[name],
        "after": after[name],
        "change": _difference(name, before[name], after[name]),
        "interval": "",
        "verdict": "broken" if allowance.broken(before[name], after[name]) else "held",
    }


def _difference(name: str, before: float | None, after: float) -> str:
    return "" if before is None else metric(name).difference(before, after)
