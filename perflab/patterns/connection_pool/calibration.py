"""What is read out of measured and predicted pools: costs, slower ones, the risks of a size."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from perflab.bench.conditions import Conditions
from perflab.bench.session import Runs
from perflab.bench.tuning import Point
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.modelling.ageing import factor, replaced, scaled_parts
from perflab.modelling.prediction import Costs, Metrics
from perflab.modelling.usl import fit_usl
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.units import counted, times

if TYPE_CHECKING:
    from perflab.workloads.kinds.arrivals import Arrivals

_SLOWER = 0.05
_USUAL_SLOPE, _STEEPEST = 2.0, 8.0
_MOST_TRIES = 7
_NEAR = 0.02


def half_of_capacity(runs: Runs) -> float:
    """Return the rate that keeps a pool half busy, from a last run in which it was always busy."""
    values, costs = runs[-1]
    (found,) = costs["service"].values()
    return float(values["max_connections"] / found["mean"] / 2)


def pool_calibration(runs: Runs) -> dict[str, object]:
    """Return service times by connections in use, and the law fitted through them.

    Args:
        runs: Settings and costs of runs in which all ``max_connections`` were busy all the time,
            and of those at a ``request_rate``, in which they were half of it.

    Raises:
        BadInputError: If nothing was answered.
    """
    service: dict[str, Costs] = {}
    half: dict[str, Costs] = {}
    for values, costs in runs:
        for found in costs.get("service", {}).values():
            part = half if "request_rate" in values else service
            part[str(values["max_connections"])] = found
    sizes = [int(size) for size in service]
    if not sizes:
        raise BadInputError("no query was answered while the database was measured", "query")
    fitted = fit_usl(sizes, [size / service[str(size)]["mean"] for size in sizes])
    connects = [costs["connect_seconds"] for _, costs in runs if "connect_seconds" in costs]
    lent = [costs["lend"] for values, costs in runs if "lend" in costs and "request_rate" in values]
    handed = [costs["handover_seconds"] for _, costs in runs if "handover_seconds" in costs]
    return {
        "service": service,
        "service_half": half,
        "usl": {
            "rate": fitted.rate,
            "contention": fitted.contention,
            "coherency": fitted.coherency,
            "worst_residual": fitted.worst_residual,
        },
        **({"lend": sorted(lent, key=_mean)[len(lent) // 2]} if lent else {}),
        **({"connect_seconds": min(connects)} if connects else {}),
        **({"handover_seconds": statistics.median(handed)} if handed else {}),
    }


def _mean(cost: Costs) -> float:
    return float(cost["mean"])


def pool_renewed(
    costs: Costs, own: Costs, _settings: object, predicted: Metrics
) -> dict[str, object]:
    """Return the costs as a run shows them: all service times as much longer as its own were."""
    result = replaced(costs, own, ("connect_seconds", "handover_seconds", "lend"))
    if own.get("service") and "service_seconds_mean" in predicted:
        (found,) = own["service"].values()
        result = slower(result, factor(found["mean"], predicted["service_seconds_mean"]))
    return result


def pool_refined(
    costs: dict[str, object], own: Costs, predict: Callable[[Costs], Metrics]
) -> dict[str, object]:
    """Return costs with which services take on average what the run has measured.

    Longer services keep more connections in use, which makes each of them longer still: twice as
    long ones at each number in use are more than twice as long in a run. How much longer they must
    be is found by the secant method on logarithms, of whose tries the nearest is kept.
    """
    if not own.get("service"):
        return costs
    (found,) = own["service"].values()
    wanted, slope, by = found["mean"], _USUAL_SLOPE, 0.0
    tries: list[tuple[float, float]] = []
    for _ in range(_MOST_TRIES):
        mean = predict(slower(costs, math.exp(by))).get("service_seconds_mean", math.nan)
        if not (mean > 0 and wanted > 0):
            return costs
        off = math.log(mean / wanted)
        if tries and by != tries[-1][0]:
            slope = (off - tries[-1][1]) / (by - tries[-1][0])
        tries.append((by, off))
        if abs(off) < _NEAR:
            break
        by -= off / min(max(slope, 1.0), _STEEPEST)
    return slower(costs, math.exp(min(tries, key=lambda each: abs(each[1]))[0]))


def slower(costs: Costs, by: float) -> dict[str, Any]:
    """Return costs of a database all of whose services take so many times as long."""
    result = scaled_parts(costs, ("service", "service_half"), by)
    if costs.get("usl"):
        result["usl"] = {**costs["usl"], "rate": costs["usl"]["rate"] / by}
    return result


def slower_queries(
    now: Conditions[ConnectionPoolSettings], workload: Arrivals, factor: float
) -> Conditions[ConnectionPoolSettings] | None:
    """Return conditions with slower queries; none where the workload tells how long each takes."""
    if workload.durations is not None:
        return None
    return dataclasses.replace(now, costs=slower(now.costs, factor))


def pool_risks(chosen: Point, points: Sequence[Point]) -> str:
    """Return in words what a smaller and what a larger pool than the chosen one would do."""
    line = sorted(points, key=lambda point: point["settings"]["max_connections"])
    place = next(i for i, point in enumerate(line) if point["settings"] == chosen["settings"])
    wait, service = metric("wait_seconds_p95"), metric("service_seconds_mean")
    words = []
    less = line[max(place - 1, 0)]
    if wait.format(less["metrics"][wait.name]) != wait.format(chosen["metrics"][wait.name]):
        size = less["settings"]["max_connections"]
        words.append(
            f"Too small: with {counted(size, 'connection')} the wait's p95 "
            f"is {wait.format(less['metrics'][wait.name])}."
        )
    most = line[-1]
    slower = most["metrics"][service.name] / chosen["metrics"][service.name]
    if slower > 1 + _SLOWER:
        words.append(
            f"Too large: with {counted(most['settings']['max_connections'], 'connection')} a query "
            f"takes {times(slower)} as long, since the database itself slows down."
        )
    else:
        words.append(
            "Too large: more connections bring nothing here, and each of them takes memory and a "
            "process of the database."
        )
    return " ".join(words)
