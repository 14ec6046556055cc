"""From the flow through a service to what people read: metrics of each stage and of the whole."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.bench.stage import CACHES, Place
from perflab.instrumentation.catalog import MetricInfo, declare
from perflab.modelling.prediction import Metrics
from perflab.operations import Operation

if TYPE_CHECKING:
    from perflab.bench.stage import Passed, Requests
    from perflab.service.flow import Flow, StageFlow
    from perflab.service.settings import ServiceSettings

LATENCIES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}
"""The quantiles of the latency that are told, by name."""
_GIB = 2.0**30
_HOURS, _SECONDS = 24.0, 86_400.0

_lock = threading.Lock()
_waits: WeakKeyDictionary[Passed, Metrics] = WeakKeyDictionary()

METRICS = (
    MetricInfo("requests_per_second", "requests", "1/s", "neither"),
    MetricInfo("passed_per_second", "passed on", "1/s", "lower"),
    MetricInfo("latency_share", "share of latency", "ratio", "lower"),
    MetricInfo("memory_bytes_per_process", "memory per process", "bytes", "lower"),
    MetricInfo("calls_per_second", "outgoing calls", "1/s", "lower"),
    MetricInfo("connections", "connections open", "connections", "neither"),
    MetricInfo("pool_errors", "requests without a connection", "requests", "lower"),
    MetricInfo("pool_error_share", "share without a connection", "ratio", "lower"),
    MetricInfo("most_connections", "connections, at most", "connections", "lower"),
    MetricInfo("database_per_second", "load on the database", "1/s", "lower"),
    MetricInfo("service_seconds_mean", "service time, mean", "seconds", "lower"),
    MetricInfo("in_use", "connections in use, mean", "connections", "neither"),
)
"""What a service has beside the metrics that all patterns share."""
declare(METRICS, "the service")


def reads_of(flow: Flow) -> npt.NDArray[np.bool_] | slice:
    """Return which requests are reads: latencies are of these."""
    operations = flow.incoming.requests.operations
    return slice(None) if operations is None else operations == Operation.GET


def stage_metrics(flow: Flow, here: StageFlow) -> Metrics:
    """Return what a stage does, by metric.

    Hits and misses are of reads; waits are of all requests that came to the stage.

    Args:
        flow: The service's.
        here: One of its stages.
    """
    came, passed = len(here.came), here.passed
    place, seconds = here.stage.place, _seconds_behind(flow)
    found: Metrics = {
        "requests": float(came),
        "requests_per_second": flow.incoming.rate if place is Place.FRONT else came / seconds,
        "passed_per_second": len(passed.requests) / seconds,
    }
    if place in CACHES:
        reads, missed = _reads(flow, here.came), _reads(flow, here.goes_on)
        found |= {"hits": float(reads - missed), "misses": float(missed)}
        found["hit_rate"] = (reads - missed) / max(reads, 1)
    if came:
        found |= _waits_of(passed)
    found["latency_share"] = _share(flow, float(passed.waits.sum()), place)
    if place in CACHES:
        found["memory_bytes"] = float(sum(here.memory_bytes))
        if place is Place.PROCESS:
            found["memory_bytes_per_process"] = float(max(here.memory_bytes))
        return found
    found["errors"] = float(came - len(passed.requests))
    if place is Place.POOL:
        found["connections"] = float(passed.connections)
    elif place is Place.CALL:
        found["calls_per_second"] = _calls(here) / seconds
    else:
        found["errors"] = float(flow.failed.sum())
    return found


def database_metrics(flow: Flow) -> Metrics:
    """Return what the database does for what the pools pass on; nothing where there is no pool."""
    last = flow.stages[-1]
    loads = last.passed.loads
    if last.stage.place is not Place.POOL or loads is None:
        return {}
    queries, busy, ends = queries_of(flow), float(loads.sum()), last.passed.requests.times + loads
    told = flow.fed_back
    if told is not None:
        busy, ends = float(np.nansum(told.services)), told.starts + told.services
    # Where requests come faster than they are served, it works on after the last one.
    lasted = max(flow.incoming.seconds, float(np.nanmax(ends)) if queries else 0.0)
    found = {
        "requests": float(queries),
        "requests_per_second": _queries_per_second(flow),
        "in_use": busy / lasted,
        "latency_share": _share(flow, float(loads.sum())),
    }
    return found | ({"service_seconds_mean": busy / queries} if queries else {})


def service_metrics(flow: Flow, settings: ServiceSettings, most_connections: int) -> Metrics:
    """Return what a service as a whole does, by metric; latencies are of reads.

    Args:
        flow: The service's.
        settings: With the prices.
        most_connections: That the database may get from it.
    """
    latencies = flow.latencies[reads_of(flow)]
    reads, failed = len(latencies), int(flow.failed.sum())
    found: Metrics = {
        "requests": float(len(flow.incoming.requests)),
        "requests_per_second": flow.incoming.rate,
        "hit_rate": 1.0 - _asked_behind(flow) / max(reads, 1),
        "latency_seconds_mean": float(latencies.mean()),
    }
    shares = kernels.quantiles_of(latencies, tuple(LATENCIES.values()))
    for name, value in zip(LATENCIES, shares, strict=True):
        found[f"latency_seconds_{name}"] = float(value)
    found["errors"] = float(failed)
    found["error_share"] = failed / len(flow.incoming.requests)
    found["database_per_second"] = _queries_per_second(flow)
    found["memory_bytes"] = float(sum(sum(here.memory_bytes) for here in flow.stages))
    if most_connections:
        found["most_connections"] = float(most_connections)
    return found | money(found, settings)


def money(metrics: Metrics, settings: ServiceSettings) -> Metrics:
    """Return what memory and calls of the database cost a day; nothing where nothing is priced.

    Args:
        metrics: With ``memory_bytes`` and ``database_per_second``.
        settings: With the prices.
    """
    if not settings.priced:
        return {}
    memory = metrics["memory_bytes"] / _GIB * _HOURS * settings.price_per_gib_hour
    calls = metrics["database_per_second"] * _SECONDS * settings.price_per_backend_call
    return {
        "cost_per_day": memory + calls,
        "memory_cost_per_day": memory,
        "backend_cost_per_day": calls,
    }


def _waits_of(passed: Passed) -> Metrics:
    """Return mean and quantiles of the waits of a stage, which are kept with it."""
    with _lock:
        found = _waits.get(passed)
    if found is None:
        p95, p99 = (float(value) for value in kernels.quantiles_of(passed.waits, (0.95, 0.99)))
        mean = float(passed.waits.mean())
        found = {"wait_seconds_mean": mean, "wait_seconds_p95": p95, "wait_seconds_p99": p99}
        with _lock:
            _waits[passed] = found
    return found


def queries_of(flow: Flow) -> int:
    """Return how many requests the database gets; where calls are the last, how many call.

    Behind a client in front, those of each of its tries.
    """
    if flow.fed_back is not None:
        return int(np.count_nonzero(~np.isnan(flow.fed_back.starts)))
    if flow.stages[-1].stage.place is Place.CALL:
        return _calls(flow.stages[-1])
    if flow.incoming.requests.operations is None:
        return len(flow.stages[-1].goes_on)
    return int(np.count_nonzero(is_query(flow.incoming.requests)[flow.stages[-1].goes_on]))


def is_query(requests: Requests) -> npt.NDArray[np.bool_]:
    """Return which requests are for the database, once no cache answers: reads, and writes of data.

    What sets, renews or removes an entry is for the caches alone.
    """
    if requests.operations is None:
        return np.ones(len(requests), np.bool_)
    return np.isin(requests.operations, (Operation.GET, Operation.WRITE))


def _seconds_behind(flow: Flow) -> float:
    """Return how long requests come, behind a client in front how long it lets some in."""
    told, seconds = flow.fed_back, flow.incoming.seconds
    if told is None or told.let_in is None:
        return seconds
    return max(seconds, float(told.let_in.max()))


def _queries_per_second(flow: Flow) -> float:
    queries, seconds = queries_of(flow), flow.incoming.seconds
    if flow.fed_back is not None and queries:
        # Those of the last tries come after the last request was let in.
        seconds = max(seconds, float(np.nanmax(flow.fed_back.starts)))
    return queries / seconds


def _share(flow: Flow, seconds: float, place: Place | None = None) -> float:
    """Return the share of all latencies that some seconds of a stage are.

    Of a client in front that is all but what the stages behind take of its requests: a try that it
    gave up, and the pause before the next one, are its own.
    """
    total, told = flow.total_seconds, flow.fed_back
    if total <= 0:
        return 0.0
    if told is None or told.let_in is None:
        return seconds / total
    behind = sum(float(here.passed.waits.sum()) for here in flow.stages[1:])
    loads = flow.stages[-1].passed.loads
    behind += 0.0 if loads is None else float(loads.sum())
    let_in = float((told.ends - told.let_in).sum())
    counted = min(1.0, let_in / behind) if behind > 0 else 0.0
    if place is Place.FRONT:
        return 1.0 - counted * behind / total
    return counted * seconds / total


def _calls(here: StageFlow) -> int:
    """Return how many requests called: no call takes no time."""
    return int(np.count_nonzero(here.passed.waits))


def _asked_behind(flow: Flow) -> int:
    """Return how many reads no cache answered."""
    caches = [here for here in flow.stages if here.stage.place in CACHES]
    return _reads(flow, caches[-1].goes_on) if caches else _reads(flow, flow.stages[0].came)


def _reads(flow: Flow, places: npt.NDArray[np.int64]) -> int:
    operations = flow.incoming.requests.operations
    if operations is None:
        return len(places)
    return int(np.count_nonzero(operations[places] == Operation.GET))
