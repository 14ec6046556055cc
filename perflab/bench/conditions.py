"""`Conditions`: settings, load and costs that a prediction rests on, and how they get harder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Generic

from perflab.bench.identity import S, W
from perflab.modelling.ageing import scaled_parts
from perflab.modelling.prediction import Costs
from perflab.settings import LoadSettings


@dataclasses.dataclass(frozen=True, slots=True)
class Conditions(Generic[S]):
    """What a prediction rests on beside its workload.

    Attributes:
        settings: The pattern's.
        load: The load's.
        costs: What a calibration measured.
    """

    settings: S
    load: LoadSettings
    costs: Costs


Change = Callable[[Conditions[S], W, float], Conditions[S] | None]
"""Returns conditions with something multiplied by a factor; none where it means nothing there."""


def busier(now: Conditions[S], workload: object, factor: float) -> Conditions[S] | None:
    """Return conditions with so many times the load, where requests come at a rate of their own.

    Args:
        now: The conditions as they are.
        workload: Has ``times`` where its requests are dated.
        factor: Such as 1.2 for 20 % more.
    """
    load = now.load
    if load.request_rate is not None:
        changed = load.change(request_rate=load.request_rate * factor)
    elif getattr(workload, "times", None) is not None:
        changed = load.change(speedup=(load.speedup or 1.0) * factor)
    else:
        return None
    return dataclasses.replace(now, load=changed)


def busier_per_lifetime(
    now: Conditions[S], workload: object, factor: float
) -> Conditions[S] | None:
    """Return conditions with more requests per lifetime; none where the trace has lifetimes.

    So many times the requests in the same time are as many in so many times the lifetime.

    Args:
        now: The conditions as they are, with a ``ttl_seconds`` among the settings.
        workload: A trace, whose own times date its requests where it has some.
        factor: Such as 1.2 for 20 % more.
    """
    if getattr(workload, "times", None) is None:
        return busier(now, workload, factor)
    if getattr(workload, "ttls", None) is not None and now.load.ttl_from == "recorded":
        return None
    ttl, rate = getattr(now.settings, "ttl_seconds", None), now.load.request_rate
    return dataclasses.replace(
        now,
        settings=now.settings.change(ttl_seconds=None if ttl is None else ttl * factor),
        load=now.load.change(
            speedup=(now.load.speedup or 1.0) * factor,
            request_rate=None if rate is None else rate * factor,
        ),
    )


def slower_misses(now: Conditions[S], workload: object, factor: float) -> Conditions[S] | None:
    """Return conditions in which each miss takes so many times as long, its extra wait included.

    Args:
        now: The conditions as they are.
        workload: Has ``backend_seconds`` where it tells how long its own backend took.
        factor: Such as 1.2 for 20 % slower.
    """
    load = now.load.change(backend_seconds=now.load.backend_seconds * factor)
    if getattr(workload, "backend_seconds", None) is not None:
        load = load.change(backend_scale=load.backend_scale * factor)
    costs = scaled_parts(now.costs, ("miss", "backend_seconds"), factor)
    return dataclasses.replace(now, load=load, costs=costs)
