"""The metrics by name: label, unit, which way is better, and how a value is written."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from perflab.units import band, difference, in_words

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

# A share of a value that is the rounding of sums of floats.
_ROUNDING = 1e-9

Better = Literal["higher", "lower", "neither"]

BENCHES = "perflab.benches"
"""The group of entry points by which benches are found."""

SINCE_CHANGE = "_since_change"
"""What a metric's name ends with in a row of a run, where it was measured since the last change."""

PREDICTED = "predicted_"
"""What a metric's name begins with in a row of a run, where it was predicted."""


@dataclasses.dataclass(frozen=True, slots=True)
class MetricInfo:
    """What is known of one metric: what an axis, a table row or an alert is labelled with.

    Attributes:
        name: As results have it.
        label: As people read it.
        unit: Such as ``seconds``, ``1/s``, ``ratio`` or ``bytes``, or what is counted.
        better: Which way is better.
        grows_with: The metric that counts what this one measures, such as the items of so many
            bytes: both are predicted equally well. Empty for a metric that stands by itself.
        once: Whether a run has one such time: that is a draw, and no mean of many.
        in_lots: Of a level, the metric that counts the lots in which requests come and go, such as
            batches: its mean over few of them is partly chance. Empty for any other metric.
    """

    name: str
    label: str
    unit: str
    better: Better
    grows_with: str = ""
    once: bool = False
    in_lots: str = ""

    @property
    def plain(self) -> str:
        """The label as part of a sentence: ``mean latency`` for ``latency, mean``."""
        head, _, tail = self.label.partition(", ")
        return f"{tail} {head}" if tail else head

    def format(self, value: float | None) -> str:
        """Return a value with its unit, short enough for a table."""
        return in_words(value, self.unit)

    def format_band(self, error: float) -> str:
        """Return half the width of a band: ``± 0.25 points`` of a ratio, else in the unit."""
        return band(error, self.unit)

    def difference(self, before: float, after: float) -> str:
        """Return ``after - before`` with its sign, in points for ratios, else per cent."""
        return difference(before, after, self.unit)

    def is_exact(self, error: float, value: float | None) -> bool:
        """Say whether half the width of a band is nothing but rounding of the value in it."""
        scale = 1.0 if self.unit == "ratio" else abs(value or 1.0)
        return error <= _ROUNDING * scale


SHARED: Mapping[str, MetricInfo] = MappingProxyType(
    {
        info.name: info
        for info in (
            MetricInfo("hit_rate", "hit rate", "ratio", "higher"),
            MetricInfo("byte_hit_rate", "byte hit rate", "ratio", "higher"),
            MetricInfo("backend_seconds_saved_share", "backend time saved", "ratio", "higher"),
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
            MetricInfo("bytes_read", "bytes read", "bytes", "lower"),
            MetricInfo("timeouts", "timeouts", "requests", "lower"),
            MetricInfo("errors", "errors", "requests", "lower"),
            MetricInfo("callers_refused", "callers refused", "requests", "lower"),
            MetricInfo("error_share", "share of errors", "ratio", "lower"),
            MetricInfo("retries", "retries", "tries", "lower"),
        )
    }
)
"""What any pattern may measure; what is one pattern's own is declared by its bench."""

OF_EVERY_RUN = frozenset(
    {
        "requests",
        "memory_bytes",
        "throughput_per_second",
        *(f"latency_seconds_{name}" for name in ("mean", "p50", "p95", "p99", "p999")),
    }
)
"""What each run measures, whatever its pattern."""

_known: dict[str, MetricInfo] = dict(SHARED)
_declared_by: dict[str, str] = dict.fromkeys(SHARED, "perflab")

METRICS: Mapping[str, MetricInfo] = MappingProxyType(_known)
"""All metrics that are known by now: the shared ones, and those of the benches in use."""


def declare(infos: Iterable[MetricInfo], owner: str) -> None:
    """Make a pattern's own metrics known; all of them or, where one cannot be, none.

    Args:
        infos: What is known of each; one that is known already must be declared alike.
        owner: Who declares them, such as ``the pattern 'cache'``.

    Raises:
        ValueError: If two declarations of a name differ; it names both owners.
    """
    new: dict[str, MetricInfo] = {}
    for info in infos:
        known = new.get(info.name) or _known.get(info.name)
        if known is not None and known != info:
            raise ValueError(
                f"{owner} declares the metric {info.name!r} as {_in_words(info)}, and "
                f"{_declared_by.get(info.name, owner)} as {_in_words(known)}; "
                "declare it alike, or give it another name"
            )
        new[info.name] = info
    for name, info in new.items():
        _known.setdefault(name, info)
        _declared_by.setdefault(name, owner)


def metric(name: str) -> MetricInfo:
    """Return what is known of a metric, also one of a pattern that is not in use yet.

    Raises:
        ValueError: If no pattern has such a metric; it names the nearest.
    """
    if name not in _known:
        _declare_all()
    if name in _known:
        return _known[name]
    close = difflib.get_close_matches(name, _known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(_known)}"
    raise ValueError(f"unknown metric {name!r}; {hint}")


def _declare_all() -> None:
    """Make the metrics of all installed benches known, those of perflab's first.

    A bench that cannot be loaded has none; whoever asks for its pattern is told why.
    """
    from importlib.metadata import entry_points  # takes a while, and a service has no need of it

    for point in sorted(entry_points(group=BENCHES), key=is_foreign):
        with contextlib.suppress(Exception, SystemExit):
            declare(point.load().display.metric_infos, f"the pattern {point.name!r}")


def is_foreign(point: EntryPoint) -> bool:
    """Say whether an entry point is of another package than perflab."""
    module = point.value.partition(":")[0].strip()
    return module.partition(".")[0] != __name__.partition(".")[0]


def _in_words(info: MetricInfo) -> str:
    return f"{info.label!r} ({info.unit}, better: {info.better})"
