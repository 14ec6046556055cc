"""`Snapshot`: what the child reports ten times per second, always counted from its start."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from perflab.bench.replay import WRITE_OUTCOMES
from perflab.instrumentation.histogram import LatencyHistogram


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts from the start of a run; what happened in between is the difference of two.

    Attributes:
        seconds: Since the start of the run, pauses left out.
        requests: How many requests are done.
        shown_seconds: What the run's own clock shows.
        counters: The session's counters.
        histograms: Latencies by outcome (``hit``, ``miss`` ...).
        distributions: The session's other times by name (``wait`` ...).
        version: How many changes of settings have been made.
        mark: ``warm``, ``change``, ``end`` or nothing; ``settled`` once all is over that was under
            way at a change, and so went by the settings before it.
        server_up: Whether perflab's own server behind is up; None where there is no such server.
    """

    seconds: float
    requests: int
    shown_seconds: float
    counters: dict[str, float]
    histograms: dict[str, LatencyHistogram]
    distributions: dict[str, LatencyHistogram] = dataclasses.field(default_factory=dict)
    version: int = 0
    mark: str = ""
    server_up: bool | None = None

    def since(self, earlier: Snapshot | None, levels: Collection[str]) -> Snapshot:
        """Return what happened after an earlier snapshot.

        Args:
            earlier: From when it counts; none for the start of the run.
            levels: The counters that go up and down, which stay as they are.
        """
        if earlier is None:
            return self
        return dataclasses.replace(
            self,
            seconds=self.seconds - earlier.seconds,
            requests=self.requests - earlier.requests,
            counters=_difference(self.counters, earlier.counters, levels),
            histograms=_later(self.histograms, earlier.histograms),
            distributions=_later(self.distributions, earlier.distributions),
        )

    def without_rare(self, fewest: int) -> Snapshot:
        """Return it without the latencies of outcomes that came less often than `fewest` times."""
        often = {name: found for name, found in self.histograms.items() if found.count >= fewest}
        return dataclasses.replace(self, histograms=often)

    def fallen(self, earlier: Snapshot, levels: Collection[str]) -> list[str]:
        """Return the counters, levels apart, that are lower than in an earlier snapshot."""
        before = earlier.counters
        return [
            name
            for name, value in self.counters.items()
            if name not in levels and value < before.get(name, value)
        ]

    def latency(self) -> LatencyHistogram:
        """Return the latencies of all outcomes but writes in one histogram."""
        whole = LatencyHistogram()
        for outcome, histogram in self.histograms.items():
            if outcome not in WRITE_OUTCOMES:
                whole.merge(histogram)
        return whole

    @property
    def writes(self) -> int:
        """How many of the requests were writes, renewals and removals of a trace."""
        return sum(self.histograms[name].count for name in WRITE_OUTCOMES & self.histograms.keys())

    def metrics(self) -> dict[str, float]:
        """Return the metrics that every pattern has: latency and throughput."""
        latency = self.latency()
        result = {}
        if latency.count:
            result["latency_seconds_mean"] = latency.mean
            for name, quantile in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)):
                result[f"latency_seconds_{name}"] = latency.quantile(quantile)
        if self.seconds > 0:
            result["throughput_per_second"] = (self.requests - self.writes) / self.seconds
        return result


def _later(
    new: Mapping[str, LatencyHistogram], old: Mapping[str, LatencyHistogram]
) -> dict[str, LatencyHistogram]:
    return {
        name: histogram.subtract(old[name]) if name in old else histogram
        for name, histogram in new.items()
    }


def _difference(
    new: Mapping[str, float], old: Mapping[str, float], levels: Collection[str]
) -> dict[str, float]:
    return {
        name: value if name in levels else value - old.get(name, 0) for name, value in new.items()
    }
