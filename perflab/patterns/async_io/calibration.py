"""What is read out of measured and predicted runs of the client: a calibration, and the risks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from perflab.bench.session import Runs
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.modelling.latency import QUANTILES
from perflab.modelling.usl import fit_usl
from perflab.patterns.async_io.settings import AsyncIORunSettings
from perflab.units import in_words

USER_STEPS = (1, 2, 4, 8, 16, 32)
_OWN_STEPS = ((0.0, 1), (0.0, 16), (0.002, 64), (0.002, 256))
_FULL = tuple(step for step in _OWN_STEPS if step[1] > 1)
"""Where the event loops are full: one request alone does not show what passes one at a time."""
_TIMED = ((0.02, 4), (0.02, 64))
_OUTLIER = 2
"""Times less throughput than the best of them, from which on a run is not believed."""
_FEWEST, _EACH = 20, 4
"""Requests that a run at some concurrency needs, in all and for each in flight."""
_WARMUP = 0.2
"""Seconds in which connections are opened."""
_HELD_FROM = 0.05
"""The share of a request's time in the limiter, from which on a run shows the cap on the rate."""
_SLOWER = 0.05


def own_runs(done: Runs) -> Iterator[dict[str, Any]]:
    """Yield runs that tell what client and server cost beside the service times.

    What came out far slower than the others is run once more at the end.

    Args:
        done: The runs up to now; it grows before the next one is requested.
    """
    same = {"load_model": "closed", "retries": 0, "timeout": 60, "warmup_seconds": _WARMUP}
    for latency, limit in (*_OWN_STEPS, *_TIMED):
        yield {**same, "latency_seconds": latency, "max_concurrent": limit}
    found = _fastest(done)
    rates = {step: found[step]["throughput"] for step in _FULL}
    for (latency, limit), rate in rates.items():
        if rate * _OUTLIER < max(rates.values()):
            yield {**same, "latency_seconds": latency, "max_concurrent": limit}


def user_runs(settings: AsyncIORunSettings, done: Runs) -> Iterator[dict[str, Any]]:
    """Yield runs at up to six concurrencies against the user's server.

    They take half of the requests that the user agreed to; the run itself has the other half.

    Args:
        settings: Which server, how long it may take, and how many requests were agreed to.
        done: The runs up to now; it grows before the next one is requested.

    Raises:
        BadInputError: If nothing was answered: more in flight would be answered no sooner.
    """
    same = {
        "load_model": "closed",
        "retries": 0,
        "warmup_seconds": _WARMUP,
        "urls": settings.urls,
        "timeout": settings.timeout,
        "most_rate": settings.most_rate,
        "max_body_bytes": settings.max_body_bytes,
    }
    half = settings.most_requests // 2
    needed = {limit: max(_FEWEST, _EACH * limit) for limit in USER_STEPS}
    steps = [n for n in USER_STEPS if sum(needed[m] for m in USER_STEPS if m <= n) <= half]
    spare = half - sum(needed[limit] for limit in steps)
    for limit in steps:
        most = needed[limit] + spare // len(steps)
        yield {**same, "max_concurrent": limit, "most_requests": most}
        if not any(costs.get("run", {}).get("throughput") for _, costs in done):
            raise BadInputError(
                "no request was answered while the server was measured; does it answer within "
                f"the timeout of {in_words(settings.timeout, 'seconds')}?",
                "urls",
            )


def own_calibration(runs: Runs) -> dict[str, Any]:
    """Return bottleneck, delay, and how late waits end, by requests in flight."""
    found = _fastest(runs)
    bottlenecks = {step[1]: 1.0 / found[step]["throughput"] for step in _FULL}
    # Medians: another program that takes the processor for a moment is not what a request costs.
    alone = _median(found[(0.0, 1)])
    bottleneck = min(bottlenecks[16], alone)
    late = {
        str(limit): max(0.0, _median(found[(latency, limit)]) - latency - alone)
        for latency, limit in _TIMED
    }
    return {
        "bottleneck_seconds": {"1": bottleneck, **{str(n): v for n, v in bottlenecks.items()}},
        "delay_seconds": alone - bottleneck,
        "timer_seconds": late,
    }


def _fastest(runs: Runs) -> dict[tuple[float, int], Mapping[str, Any]]:
    """Return runs by latency and limit; of several at the same ones the fastest.

    Another program that takes the processor for a second makes a run slower, and nothing faster.

    Raises:
        BadInputError: If one of the steps finished nothing.
    """
    found: dict[tuple[float, int], Mapping[str, Any]] = {}
    for values, costs in runs:
        run = costs.get("run")
        if run is None:  # it finished nothing
            continue
        step = (values["latency_seconds"], values["max_concurrent"])
        if step not in found or run["throughput"] > found[step]["throughput"]:
            found[step] = run
    if not {*_OWN_STEPS, *_TIMED, *_FULL} <= set(found):
        raise BadInputError(
            "a round of the calibration finished nothing, as the machine was too busy elsewhere; "
            "measure again when it is not",
            "async_io",
        )
    return found


def _median(run: Mapping[str, Any]) -> float:
    return float(run["latency"]["quantiles"][QUANTILES.index(0.5)])


def user_calibration(runs: Runs) -> dict[str, Any]:
    """Return the points by requests in flight; those held back by the cap are left out.

    One alone is no exception: what it does in a second is what its latency allows.
    """
    points: dict[str, Any] = {}
    capped: int | None = None
    for values, costs in runs:
        point = costs.get("run")
        if point is None or not point["throughput"]:
            continue
        limit = values["max_concurrent"]
        if _is_held(point):
            if capped is None:
                capped = max(map(int, points), default=0)
            if limit == 1:
                alone = (1.0 - point["error_share"]) / point["latency"]["mean"]
                points["1"] = {**point, "throughput": alone}
            continue
        points[str(limit)] = point
    if not points:
        return {}
    from perflab.patterns.async_io.model.user import ended  # loads numba

    law = fit_usl([float(n) for n in points], [ended(point) for point in points.values()])
    fitted = {
        "rate": law.rate,
        "contention": law.contention,
        "coherency": law.coherency,
        "worst_residual": law.worst_residual,
    }
    return {"points": points, "usl": fitted, **({} if capped is None else {"capped": capped})}


def _is_held(point: Mapping[str, Any]) -> bool:
    """Say whether a run shows the client's own cap on the rate and not the server."""
    held, served = float(point["throttled_seconds"]), float(point["latency"]["mean"])
    return held > _HELD_FROM * (held + served)


def concurrency_risks(chosen: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> str:
    """Return in words what fewer and what more requests in flight than chosen would do."""
    line = sorted(points, key=lambda point: point["settings"]["max_concurrent"])
    place = next(i for i, point in enumerate(line) if point["settings"] == chosen["settings"])
    rate, tail = metric("throughput_per_second"), metric("latency_seconds_p95")
    words = []
    if place > 0:
        less = line[place - 1]
        words.append(
            f"Too low: {less['settings']['max_concurrent']} in flight do "
            f"{rate.format(less['metrics'][rate.name])}."
        )
    most = line[-1]
    slower = most["metrics"][tail.name] / max(chosen["metrics"][tail.name], 1e-12) - 1
    if slower > _SLOWER:
        words.append(
            f"Too high: with {most['settings']['max_concurrent']} in flight the p95 is "
            f"{tail.format(most['metrics'][tail.name])}, for everybody who uses that server, and "
            f"throughput is {rate.format(most['metrics'][rate.name])}."
        )
    else:
        words.append("Too high: more in flight bring nothing here, and each holds a connection.")
    return " ".join(words)
