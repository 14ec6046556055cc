"""What a run of the client has measured, as metrics and as costs for its model."""

from __future__ import annotations

from typing import Any

from perflab.bench.session import Measured
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.modelling.latency import costs_of
from perflab.modelling.prediction import Metrics

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
_QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}


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
        found = latency.quantiles(*_QUANTILES.values())
        for name, value in zip(_QUANTILES, found, strict=True):
            result[f"latency_seconds_{name}"] = value
    return result


def measured_costs(measured: Measured) -> dict[str, Any]:
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


def _count(measured: Measured, outcome: str) -> int:
    histogram = measured.histograms.get(outcome)
    return histogram.count if histogram is not None else 0


def _latency(measured: Measured) -> LatencyHistogram:
    whole = LatencyHistogram()
    for outcome in ("served", "timeout"):
        if outcome in measured.histograms:
            whole.merge(measured.histograms[outcome])
    return whole
