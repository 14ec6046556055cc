"""Hooks and events, counters, latency histograms, memory sampling, and the metrics by name."""

from perflab.instrumentation.catalog import METRICS, MetricInfo, metric
from perflab.instrumentation.counters import AtomicCounter, Counters, difference
from perflab.instrumentation.events import Event, EventKind
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.instrumentation.hooks import Hook, fan_out
from perflab.instrumentation.memory import MemorySampler

__all__ = [
    "METRICS",
    "AtomicCounter",
    "Counters",
    "Event",
    "EventKind",
    "Hook",
    "LatencyHistogram",
    "MemorySampler",
    "MetricInfo",
    "difference",
    "fan_out",
    "metric",
]
