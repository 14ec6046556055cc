"""How far a measured value may be from its prediction: by how well the costs are known."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.lab.calibration import NARROWEST, WIDEST, Calibration
from perflab.lab.run import Run
from perflab.units import percent

POINTS = 0.02
"""How far a ratio that no time is part of may be off."""
SHARE = 0.10
"""How far anything else may be off where the model has the run's own times."""
_MEMORY_SHARE, _MEMORY_BYTES = 0.15, 2.0**20
# A wait that hardly adds to the latency may be off by a multiple without harm.
_FLOOR = 0.02
_WAIT = "wait_seconds"
_WIDEST = 1.0
TAILS = ("_p95", "_p99", "_p999")
_WIDER_TAIL = 1.5
TIMED_RATIOS = ("stall_fraction", "utilisation")
"""Shares of a time."""
_STALLED = "stall_fraction"
_ROUNDED = 1.01
# What is counted one by one differs between runs by about its root.
_DEVIATIONS = 2.0
_NOT_COUNTED = ("seconds", "1/s", "ratio", "bytes", "currency")


@dataclasses.dataclass(frozen=True, slots=True)
class Bands:
    """The 95 % bands of predictions that rest on the same costs.

    Attributes:
        share: Half the width of the band around a mean time, as a share of it; none where the
            costs were not measured on this machine, so that nothing is known of it.
        own_times: Whether the costs are the run's own, so that what is off is the model alone.
        drawn: Whether of these only the distribution is known, and not when each request came and
            what it took: then chance parts the waits of a queue and those of its prediction.
    """

    share: float | None
    own_times: bool = False
    drawn: bool = False

    @classmethod
    def of(cls, calibration: Calibration | Mapping[str, object], date: str = "") -> Bands:
        """Return the bands of predictions from a calibration, or from one as results keep it.

        Args:
            calibration: Whose costs.
            date: When it was predicted, in ISO 8601; empty for now.
        """
        if isinstance(calibration, Calibration):
            return cls(calibration.band_at(date))
        if not calibration:
            return cls(None)
        known = Calibration.from_dict({**calibration, "kind": Calibration.kind})
        return cls(known.band_at(date))

    @classmethod
    def of_run(cls, run: Run) -> Bands:
        """Return the bands of what was predicted before a run, of costs as old as they were then.

        A result that is opened years later says what it said.
        """
        return cls.of(run.calibration, str(run.environment.get("date") or ""))

    def half_width(self, info: MetricInfo, predicted: Mapping[str, float]) -> float | None:
        """Return half the width of a metric's band, in its unit.

        Tails are less certain than means. A queue's wait grows with load / (1 - utilisation), so
        that a service time which is off by a share moves it by that share over what is idle. What
        is not stalled is throughput: a rate that is off by a share moves it by that of the rest.

        Args:
            info: The metric.
            predicted: All that was predicted, by metric.

        Returns:
            At least what a good model is off by; none where times were never measured.
        """
        value = abs(predicted[info.name])
        if info.name.endswith("memory_bytes"):
            return max(_MEMORY_SHARE * value, _MEMORY_BYTES)
        if info.unit in ("seconds", "1/s") or info.name in TIMED_RATIOS:
            return self._of_time(info, value, predicted)
        if info.unit == "ratio":
            return max(POINTS, self._of_joins(info, predicted))
        if info.grows_with and predicted.get(info.grows_with):
            base = metric(info.grows_with)
            half = self.half_width(dataclasses.replace(base, grows_with=""), predicted)
            return None if half is None else half * value / abs(predicted[base.name])
        if info.in_lots and predicted.get(info.in_lots):
            return max(SHARE * value, _wandering(value, info.in_lots, predicted))
        # One that is predicted to be 0 never comes; a few differ by chance by one or two.
        counted = _DEVIATIONS * math.sqrt(value + 1.0) if value and _counts(info) else 0.0
        return max(SHARE * value, counted)

    def _of_joins(self, info: MetricInfo, predicted: Mapping[str, float]) -> float:
        """Return how far a hit rate may be off because requests wait for each other's loads.

        Who does follows from times: with a load that takes longer by a share, about so many more
        do. Misses that load nothing have waited. From the run's own times it is known.
        """
        if info.name != "hit_rate" or (self.own_times and not self.drawn):
            return 0.0
        waits = predicted.get("misses", 0.0) - predicted.get("loads", math.inf)
        share = WIDEST if self.share is None else self.share
        return share * max(waits, 0.0) / max(predicted.get("requests", 0.0), 1.0)

    def _of_time(
        self, info: MetricInfo, value: float, predicted: Mapping[str, float]
    ) -> float | None:
        if self.share is None:
            return None
        widened = self._widened(info, self.share, predicted)
        half = value * widened
        if info.name == _STALLED:
            half = max(half, widened * (1.0 - value))
        if info.unit == "ratio":
            return max(POINTS, half)
        floor = _FLOOR * (predicted.get("latency_seconds_mean") or 0.0)
        return max(half, floor) if info.unit == "seconds" else half

    def _widened(self, info: MetricInfo, share: float, predicted: Mapping[str, float]) -> float:
        name = info.name
        if info.once:
            return _WIDEST
        if self.drawn:
            return max(share, _by_chance(name, share, predicted))
        if self.own_times:
            return share
        wider = _WIDER_TAIL if name.endswith(TAILS) else 1.0
        if name.startswith(_WAIT):
            idle = max(1.0 - (predicted.get("utilisation") or 0.0), 0.1)
            return min(_WIDEST, max(NARROWEST, wider * share / idle))
        return min(WIDEST, max(NARROWEST, wider * share))

    def is_off(
        self, info: MetricInfo, predicted: Mapping[str, float], measured: Mapping[str, float]
    ) -> bool:
        """Say whether a metric was measured beyond its band; never where there is none."""
        half = self.half_width(info, predicted)
        if half is None:
            return False
        if info.grows_with and not predicted.get(info.grows_with):
            half = max(half, self._of_nothing(info, predicted, measured))
        if info.unit == "seconds":
            half = max(half, _FLOOR * (measured.get("latency_seconds_mean") or 0.0))
        return abs(measured[info.name] - predicted[info.name]) > half

    def _of_nothing(
        self, info: MetricInfo, predicted: Mapping[str, float], measured: Mapping[str, float]
    ) -> float:
        """Return the band of what grows with something of which none is predicted."""
        base = metric(info.grows_with)
        there = measured.get(base.name)
        half = self.half_width(base, predicted) if there and base.name in predicted else None
        return half * abs(measured[info.name] / there) if half and there else 0.0

    def shown(self, info: MetricInfo, predicted: Mapping[str, float]) -> str:
        """Return a predicted value in words; inside of a band it has no more than two digits."""
        value = predicted[info.name]
        if self.text(info, predicted):
            value = _in_short(value)
        return info.format(value)

    def text(self, info: MetricInfo, predicted: Mapping[str, float]) -> str:
        """Return the band in words, such as ``± 22 %``; empty for a metric that has none.

        A time that hardly adds to the latency may be off by more than its share: then as a time.
        """
        if info.unit not in ("seconds", "1/s") or self.share is None or not predicted[info.name]:
            return ""
        half = self.half_width(info, predicted)
        if half is None or not math.isfinite(half):
            return ""
        widened = self._widened(info, self.share, predicted)
        if half > abs(predicted[info.name]) * widened * _ROUNDED:
            return f"± {info.format(_in_short(half))}"
        return f"± {percent(round(widened, 2))}"


def _by_chance(name: str, share: float, predicted: Mapping[str, float]) -> float:
    """Return how far a time in a queue may be off if services are redrawn, as a share of it.

    Two means of n waits at a utilisation u differ by some 2 / (sqrt(n) (1 - u)) of the wait, once
    for each of the two (Whitt, "Planning queueing simulations", Management Science 1989); a
    service time that is off by a share moves a wait by that share over what is idle.
    """
    wait = predicted.get("wait_seconds_mean")
    if wait is None or not name.startswith((_WAIT, "latency_seconds")):
        return 0.0
    idle = max(1.0 - (predicted.get("utilisation") or 0.0), 0.1)
    spread = 2.0 * math.sqrt(2.0 / max(predicted.get("requests", 1.0), 1.0))
    found = min(_WIDEST, math.hypot(share, _DEVIATIONS * spread) / idle)
    whole = predicted.get("latency_seconds_mean") or wait
    return found if name.startswith(_WAIT) else found * min(1.0, wait / whole)


def _wandering(level: float, lots: str, predicted: Mapping[str, float]) -> float:
    """Return how far the mean of a level may be off by chance.

    It comes and goes in lots: by one of them it may differ at any time. Over n lots, of which b
    are there at once, its mean has some n / (b + 1) independent parts, each off by some
    sqrt(b + 1) lots, as counts of what comes at random are.
    """
    count = predicted[lots]
    lot = predicted.get("requests", count) / count
    return max(lot, _DEVIATIONS * (level + lot) / math.sqrt(count))


def _in_short(value: float) -> float:
    """Return a number of two digits."""
    return round(value, 1 - math.floor(math.log10(abs(value)))) if value else value


def _counts(info: MetricInfo) -> bool:
    return info.unit not in _NOT_COUNTED


MODEL = Bands(SHARE, own_times=True)
"""How far a prediction from the run's own times may be off: what is left is the model's."""
IN_RUN = Bands(SHARE, own_times=True, drawn=True)
"""The same while it runs: each request's own times are known when it is over."""
