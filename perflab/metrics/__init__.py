"""Hooks and events, counters, latency histograms, memory sampling, and the metrics by name."""

from perflab.metrics.atomic_counter import AtomicCounter
from perflab.metrics.catalog import METRICS, MetricInfo, metric
from perflab.metrics.counters import Counters, difference
from perflab.metrics.events import Event, EventKind
from perflab.metrics.histogram import LatencyHistogram
from perflab.metrics.hooks import Hook, fan_out
from perflab.metrics.memory import MemorySampler

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
