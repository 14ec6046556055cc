"""What is read out of runs of the client: metrics, costs, a calibration, and the risks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from perflab.bench.conditions import Conditions, busier
from perflab.bench.session import Measured, Runs
from perflab.bench.tuning import Point
from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.modelling.ageing import factor, scaled, scaled_parts
from perflab.modelling.latency import QUANTILES, OutcomeCost, costs_of
from perflab.modelling.prediction import Costs, Metrics
from perflab.modelling.usl import fit_usl
from perflab.patterns.async_io.costs import MeasuredPoint
from perflab.patterns.async_io.settings import AsyncIORunSettings
from perflab.units import in_words

USER_STEPS = (1, 2, 4, 8, 16, 32)
_OWN_STEPS = ((0.0, 1), (0.0, 16), (0.002, 64), (0.002, 256))
_FULL = tuple(step for step in _OWN_STEPS if step[1] > 1)
"""Where the event loops are full: one request alone does not show what passes one at a time."""
_TIMED = ((0.02, 4), (0.02, 64))
OWN_RUNS = len(_OWN_STEPS) + len(_TIMED)
_OUTLIER = 2
"""Times less throughput than the best of them, from which on a run is not believed."""
_FEWEST, _EACH = 20, 4
"""Requests that a run at some concurrency needs, in all and for each in flight."""
_WARMUP = 0.2
"""Seconds in which connections are opened."""
_HELD_FROM = 0.05
"""The share of a request's time in the limiter, from which on a run shows the cap on the rate."""
_SLOWER = 0.05


_COUNTED = (
    "errors",
    "timeouts",
    "throttled",
    "connect_errors",
    "retries",
    "in_flight",
    "limit",
    "server_busy",
    "server_waiting",
)
_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}


def measured_metrics(measured: Measured) -> Metrics:
    """Return counts by kind of failure, levels, and what those that were answered tell.

    Throughput is of requests that were answered, latency of these and of those that timed out: a
    refusal that comes at once is not a quick answer. The wait for the client's own rate limit is
    the mean of all requests.
    """
    counters = measured.counters
    result = {name: float(counters[name]) for name in _COUNTED if name in counters}
    result["requests"] = float(measured.requests)
    if not measured.requests:
        return result
    result["throttled_seconds"] = counters["throttled_seconds_total"] / measured.requests
    served = _count(measured, "served")
    result["error_share"] = 1.0 - served / measured.requests
    if measured.seconds > 0:
        result["throughput_per_second"] = served / measured.seconds
    latency = _latency(measured)
    if latency.count:
        result["latency_seconds_mean"] = latency.mean
        found = latency.quantiles(*_SHARES.values())
        for name, value in zip(_SHARES, found, strict=True):
            result[f"latency_seconds_{name}"] = value
    return result


def measured_costs(measured: Measured) -> dict[str, object]:
    """Return throughput, latency and share of errors of a run, as a point for the law."""
    found = costs_of({"latency": _latency(measured)}, ("latency",))
    if not found or measured.seconds <= 0:
        return {}
    known = measured_metrics(measured)
    point = {
        **found,
        "throughput": known["throughput_per_second"],
        "error_share": known["error_share"],
        "throttled_seconds": known["throttled_seconds"],
    }
    return {"run": point}


def own_runs(done: Runs) -> Iterator[dict[str, object]]:
    """Yield runs that tell what client and server cost beside the service times.

    What came out far slower than the others is run once more at the end.

    Args:
        done: The runs up to now; it grows before the next one is requested.
    """
    same = {"load_model": "closed", "retries": 0, "timeout": 60, "warmup_seconds": _WARMUP}
    for latency, limit in (*_OWN_STEPS, *_TIMED):
        yield {**same, "latency_seconds": latency, "max_concurrent": limit}
    found = _fastest(done)
    rates = {step: found[step].throughput for step in _FULL}
    for (latency, limit), rate in rates.items():
        if rate * _OUTLIER < max(rates.values()):
            yield {**same, "latency_seconds": latency, "max_concurrent": limit}


def user_runs(settings: AsyncIORunSettings, done: Runs) -> Iterator[dict[str, object]]:
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


def own_calibration(runs: Runs) -> dict[str, object]:
    """Return bottleneck, delay, and how late waits end, by requests in flight."""
    found = _fastest(runs)
    bottlenecks = {step[1]: 1.0 / found[step].throughput for step in _FULL}
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
        "beside": {
            str(limit): _beside(found[(latency, limit)].latency, latency)
            for latency, limit in _TIMED
        },
    }


def _fastest(runs: Runs) -> dict[tuple[float, int], MeasuredPoint]:
    """Return runs by latency and limit; of several at the same ones the fastest.

    Another program that takes the processor for a second makes a run slower, and nothing faster.

    Raises:
        BadInputError: If one of the steps finished nothing.
    """
    found: dict[tuple[float, int], MeasuredPoint] = {}
    for values, costs in runs:
        if "run" not in costs:  # it finished nothing
            continue
        run = MeasuredPoint.of(costs["run"])
        step = (values["latency_seconds"], values["max_concurrent"])
        if step not in found or run.throughput > found[step].throughput:
            found[step] = run
    if not {*_OWN_STEPS, *_TIMED, *_FULL} <= set(found):
        raise BadInputError(
            "a round of the calibration finished nothing, as the machine was too busy elsewhere; "
            "measure again when it is not",
            "async_io",
        )
    return found


def _beside(latency: OutcomeCost, waited: float) -> dict[str, object]:
    """Return what requests took beside a wait of the server's that was the same for all."""
    quantiles = [max(0.0, value - waited) for value in latency.quantiles]
    return {"mean": max(0.0, latency.mean - waited), "quantiles": quantiles}


def _median(run: MeasuredPoint) -> float:
    return run.latency.quantiles[QUANTILES.index(0.5)]


def async_renewed(
    costs: Costs, own: Costs, settings: AsyncIORunSettings, predicted: Metrics
) -> dict[str, object]:
    """Return the costs as a run shows them.

    Of perflab's own server all is as much slower as what a request took beside the service time;
    of the user's, all points are as much slower as the requests were.
    """
    before = predicted.get("latency_seconds_mean", 0.0)
    if "run" not in own or settings.load_model != "closed":
        return dict(costs)
    now = own["run"]["latency"]["mean"]
    if settings.urls is None:
        beside = settings.latency_seconds
        names = ("bottleneck_seconds", "timer_seconds", "delay_seconds", "beside")
        renewed = scaled_parts(costs, names, factor(now - beside, before - beside))
        if _waits_alike(settings):
            own_one = _beside(OutcomeCost.of(own["run"]["latency"]), beside)
            number = str(settings.max_concurrent)
            renewed["beside"] = {**renewed.get("beside", {}), number: own_one}
        return renewed
    by = factor(now, before)
    points = {
        number: {
            **point,
            "throughput": point["throughput"] / by,
            "latency": scaled(point["latency"], by),
        }
        for number, point in costs.get("points", {}).items()
    }
    law = costs.get("usl")
    return {
        **costs,
        "points": points,
        **({"usl": {**law, "rate": law["rate"] / by}} if law else {}),
    }


def _waits_alike(settings: AsyncIORunSettings) -> bool:
    """Say whether the server waits equally long with each request, and none waits for another."""
    places = settings.capacity is None or settings.max_concurrent <= settings.capacity
    alike = settings.latency_shape == "constant" and settings.latency_seconds > 0
    whole = settings.stall_rate == settings.error_rate == 0 and settings.rate_limit is None
    fixed = settings.limit_mode == "fixed" and settings.max_per_host is None
    return places and alike and whole and fixed


def user_calibration(runs: Runs) -> dict[str, object]:
    """Return the points by requests in flight; those held back by the cap are left out.

    One alone is no exception: what it does in a second is what its latency allows.
    """
    points: dict[int, MeasuredPoint] = {}
    capped: int | None = None
    for values, costs in runs:
        point = MeasuredPoint.of(costs["run"]) if "run" in costs else None
        if point is None or not point.throughput:
            continue
        limit = values["max_concurrent"]
        if _is_held(point):
            if capped is None:
                capped = max(points, default=0)
            if limit == 1:
                alone = (1.0 - point.error_share) / point.latency.mean
                points[1] = dataclasses.replace(point, throughput=alone)
            continue
        points[limit] = point
    if not points:
        return {}
    law = fit_usl([float(n) for n in points], [point.ended for point in points.values()])
    fitted = {
        "rate": law.rate,
        "contention": law.contention,
        "coherency": law.coherency,
        "worst_residual": law.worst_residual,
    }
    known = {str(n): dataclasses.asdict(point) for n, point in points.items()}
    return {"points": known, "usl": fitted, **({} if capped is None else {"capped": capped})}


def _is_held(point: MeasuredPoint) -> bool:
    """Say whether a run shows the client's own cap on the rate and not the server."""
    held, served = point.throttled_seconds, point.latency.mean
    return held > _HELD_FROM * (held + served)


def more_arrivals(
    now: Conditions[AsyncIORunSettings], workload: object, factor: float
) -> Conditions[AsyncIORunSettings] | None:
    """Return conditions with more arrivals; none in a closed loop, which takes what it gets."""
    return None if now.settings.load_model == "closed" else busier(now, workload, factor)


def slower_server(
    now: Conditions[AsyncIORunSettings], _workload: object, factor: float
) -> Conditions[AsyncIORunSettings] | None:
    """Return conditions with a slower server; none where a load test tells how fast it is."""
    settings, costs = now.settings, now.costs
    if settings.measured is not None:
        return None
    if settings.urls is None:
        changed = settings.change(latency_seconds=settings.latency_seconds * factor)
        return dataclasses.replace(now, settings=changed)
    if "points" not in costs:
        return None
    points = {
        number: {
            **scaled_parts(point, ("latency",), factor),
            "throughput": point["throughput"] / factor,
        }
        for number, point in costs["points"].items()
    }
    return dataclasses.replace(now, costs={**costs, "points": points})


def concurrency_risks(chosen: Point, points: Sequence[Point]) -> str:
    """Return in words what fewer and what more requests in flight than chosen would do."""
    line = sorted(points, key=lambda point: point["settings"]["max_concurrent"])
    place = next(i for i, point in enumerate(line) if point["settings"] == chosen["settings"])
    rate, tail = metric("throughput_per_second"), metric("latency_seconds_p95")
    words = []
    less = line[max(place - 1, 0)]
    if rate.format(less["metrics"][rate.name]) != rate.format(chosen["metrics"][rate.name]):
        words.append(
            f"Too low: {less['settings']['max_concurrent']} in flight do "
            f"{rate.format(less['metrics'][rate.name])}."
        )
    most = line[-1]
    tails = [point["metrics"].get(tail.name) for point in (most, chosen)]
    if None in tails:
        return " ".join(words)
    slower = tails[0] / max(tails[1], 1e-12) - 1
    if slower > _SLOWER:
        words.append(
            f"Too high: with {most['settings']['max_concurrent']} in flight the p95 is "
            f"{tail.format(most['metrics'][tail.name])}, for everybody who uses that server, and "
            f"throughput is {rate.format(most['metrics'][rate.name])}."
        )
    else:
        words.append("Too high: more in flight bring nothing here, and each holds a connection.")
    return " ".join(words)


def _count(measured: Measured, outcome: str) -> int:
    histogram = measured.histograms.get(outcome)
    return histogram.count if histogram is not None else 0


def _latency(measured: Measured) -> LatencyHistogram:
    whole = LatencyHistogram()
    for outcome in ("served", "timeout"):
        if outcome in measured.histograms:
            whole.merge(measured.histograms[outcome])
    return whole
