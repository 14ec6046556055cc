"""The metrics by name: label, unit, which way is better, and how a value is written."""

from __future__ import annotations

import dataclasses
import difflib
import math
from typing import Literal

_STEPS: dict[str, tuple[tuple[str, float], ...]] = {
    "seconds": (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)),
    "bytes": (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("B", 1.0)),
}

Better = Literal["higher", "lower", "neither"]


@dataclasses.dataclass(frozen=True, slots=True)
class MetricInfo:
    """What is known of one metric: what an axis, a table row or an alert is labelled with."""

    name: str
    label: str
    unit: str
    better: Better

    @property
    def plain(self) -> str:
        """The label as part of a sentence: ``mean latency`` for ``latency, mean``."""
        head, _, tail = self.label.partition(", ")
        return f"{tail} {head}" if tail else head

    def format(self, value: float | None) -> str:
        """Return a value with its unit, short enough for a table."""
        if value is None or math.isnan(value):
            return "n/a"
        if self.unit == "ratio":
            return f"{value * 100:.2f} %"
        if self.unit in _STEPS:
            return _scaled(value, _STEPS[self.unit])
        if self.unit == "currency":
            return _three(value)
        if self.unit.endswith("/s"):
            return f"{_scaled(value, (('M', 1e6), ('k', 1e3), ('', 1.0))).strip()}/s"
        return f"{value:,.0f}" if float(value).is_integer() else _three(value)

    def format_band(self, error: float) -> str:
        """Return half the width of a band: ``± 0.25 points`` of a ratio, else in the unit."""
        return f"± {error * 100:.2g} points" if self.unit == "ratio" else f"± {self.format(error)}"


METRICS = {
    info.name: info
    for info in (
        MetricInfo("hit_rate", "hit rate", "ratio", "higher"),
        MetricInfo("byte_hit_rate", "byte hit rate", "ratio", "higher"),
        MetricInfo("hits", "hits", "requests", "higher"),
        MetricInfo("misses", "misses", "requests", "lower"),
        MetricInfo("evictions", "evictions", "entries", "lower"),
        MetricInfo("expirations", "expirations", "entries", "neither"),
        MetricInfo("requests", "requests", "requests", "neither"),
        MetricInfo("entries", "entries held", "entries", "neither"),
        MetricInfo("live_keys", "live keys", "keys", "neither"),
        MetricInfo("live_bytes", "live bytes", "bytes", "neither"),
        MetricInfo("latency_seconds_mean", "latency, mean", "seconds", "lower"),
        MetricInfo("latency_seconds_p50", "latency, p50", "seconds", "lower"),
        MetricInfo("latency_seconds_p95", "latency, p95", "seconds", "lower"),
        MetricInfo("latency_seconds_p99", "latency, p99", "seconds", "lower"),
        MetricInfo("latency_seconds_p999", "latency, p99.9", "seconds", "lower"),
        MetricInfo("throughput_per_second", "throughput", "1/s", "higher"),
        MetricInfo("memory_bytes", "memory", "bytes", "lower"),
        MetricInfo("peak_memory_bytes", "memory, peak", "bytes", "lower"),
        MetricInfo("cost_per_day", "cost per day", "currency", "lower"),
        MetricInfo("memory_cost_per_day", "cost of memory", "currency", "lower"),
        MetricInfo("backend_cost_per_day", "cost of calls", "currency", "lower"),
        MetricInfo("wait_seconds_mean", "wait, mean", "seconds", "lower"),
        MetricInfo("wait_seconds_p95", "wait, p95", "seconds", "lower"),
        MetricInfo("wait_seconds_p99", "wait, p99", "seconds", "lower"),
        MetricInfo("utilisation", "utilisation", "ratio", "neither"),
        MetricInfo("erlang_wait_seconds_mean", "wait, Erlang C", "seconds", "lower"),
        MetricInfo("service_seconds_mean", "service time, mean", "seconds", "lower"),
        MetricInfo("connections", "connections open", "connections", "neither"),
        MetricInfo("in_use", "connections in use", "connections", "neither"),
        MetricInfo("waiting", "callers waiting", "callers", "lower"),
        MetricInfo("connects", "connections made", "connections", "neither"),
        MetricInfo("connections_lost", "connections lost", "connections", "lower"),
        MetricInfo("server_hit_rate", "hit rate, server", "ratio", "higher"),
        MetricInfo("server_errors", "server errors", "requests", "lower"),
        MetricInfo("fallbacks", "served by the loader", "requests", "lower"),
        MetricInfo("breaker_open", "breaker", "ratio", "lower"),
        MetricInfo("refused", "writes refused", "requests", "lower"),
        MetricInfo("values_refused", "values not kept", "requests", "lower"),
        MetricInfo("timeouts", "timeouts", "requests", "lower"),
        MetricInfo("errors", "errors", "requests", "lower"),
        MetricInfo("error_share", "share of errors", "ratio", "lower"),
        MetricInfo("retries", "retries", "requests", "lower"),
        MetricInfo("connect_errors", "connection errors", "requests", "lower"),
        MetricInfo("in_flight", "number, in flight", "requests", "neither"),
        MetricInfo("limit", "limit in flight", "requests", "neither"),
        MetricInfo("throttled", "turned away (429, 503)", "requests", "lower"),
        MetricInfo("server_busy", "at work in the server", "requests", "neither"),
        MetricInfo("server_waiting", "number, queued in the server", "requests", "lower"),
        MetricInfo("loads", "chunks loaded", "chunks", "lower"),
        MetricInfo("chunks", "chunks held", "chunks", "neither"),
        MetricInfo("bytes_read", "bytes read", "bytes", "lower"),
        MetricInfo("read_amplification", "read amplification", "times", "lower"),
        MetricInfo("stall_fraction", "stall fraction", "ratio", "lower"),
        MetricInfo("first_item_seconds", "time to first item", "seconds", "lower"),
        MetricInfo("buffer_items", "buffer level", "items", "neither"),
        MetricInfo("buffer_bytes", "bytes in the buffer", "bytes", "neither"),
        MetricInfo("fetch_seconds_mean", "fetch of a batch, mean", "seconds", "lower"),
        MetricInfo("fetch_seconds_p95", "fetch of a batch, p95", "seconds", "lower"),
        MetricInfo("consume_seconds_mean", "work on an item, mean", "seconds", "lower"),
        MetricInfo("batches", "batches fetched", "batches", "neither"),
        MetricInfo("retries", "retries", "fetches", "lower"),
        MetricInfo("rows_in", "rows in", "rows", "neither"),
        MetricInfo("rows_out", "rows out", "rows", "neither"),
        MetricInfo("rows_rejected", "rows rejected", "rows", "lower"),
        MetricInfo("blocks_refused", "blocks refused", "chunks", "lower"),
    )
}


def metric(name: str) -> MetricInfo:
    """Return what is known of a metric.

    Raises:
        ValueError: If there is no such metric; it names the nearest.
    """
    if name in METRICS:
        return METRICS[name]
    close = difflib.get_close_matches(name, METRICS, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(METRICS)}"
    raise ValueError(f"no metric {name!r}; {hint}")


def _scaled(value: float, steps: tuple[tuple[str, float], ...]) -> str:
    if value == 0:
        return f"0 {steps[-1][0]}"
    for suffix, factor in steps:
        if abs(value) >= factor * 0.9995:
            return f"{_three(value / factor)} {suffix}"
    suffix, factor = steps[-1]
    return f"{value / factor:.2g} {suffix}"


def _three(number: float) -> str:
    """Write a number with three digits, or all of those before the point."""
    return f"{number:,.0f}" if abs(number) >= 999.5 else f"{number:.3g}"
