"""`WorkingSetHistories`: live keys and bytes over time at any TTL, from a sample first."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from perflab.modelling.history import Curve, History
from perflab.modelling.operations import Way, replayed, way_of
from perflab.modelling.student import t_95
from perflab.modelling.working_set import WorkingSets, working_sets
from perflab.patterns.cache.model.key_samples import FEWEST_KEYS, KeySample, KeySampler
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

EXACT_REQUESTS = 20_000_000
"""Beyond, a pass over all requests takes too long and too much memory to follow a slider."""

_LARGE = 1_000_000
_SHARE = 0.01
_SAMPLED_REQUESTS = 1_000_000
_WORTH_IT = 0.25
_DRAWS = 4
_STEPS = 200
_MOMENTS = 10
"""Looked at in each step of a curve, which keeps the most of them."""
_KEPT = 500

WITHOUT_OWN_TTLS = "with this TTL for every entry: the workload's own TTLs are left out here"

Key = tuple[float | None, float | None]


class ReplayedHistories:
    """The working sets of a trace, by the way in which its writes and removals are replayed.

    Args:
        trace: As it was recorded.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._found: dict[Way | None, WorkingSetHistories] = {}

    def best_known(self, ttl: float | None, load: LoadSettings) -> History | None:
        """Return the sharpest answer that there is by now, without computing one."""
        found = self._at(load).best_known(ttl, load)
        return None if found is None else self._named(found, load)

    def preview(self, ttl: float | None, load: LoadSettings) -> History:
        """Return an answer, at once: from samples where the trace is large."""
        return self._named(self._at(load).preview(ttl, load), load)

    def settle(self, ttl: float | None, load: LoadSettings) -> History:
        """Return the exact answer, or that of the samples beyond `EXACT_REQUESTS`."""
        return self._named(self._at(load).settle(ttl, load), load)

    def _named(self, found: History, load: LoadSettings) -> History:
        own = self._trace.ttls is not None and load.ttl_from == "recorded"
        return dataclasses.replace(found, remark=WITHOUT_OWN_TTLS) if own else found

    def _at(self, load: LoadSettings) -> WorkingSetHistories:
        way = way_of(self._trace, load)
        found = self._found.get(way)
        return found or self._found.setdefault(
            way, WorkingSetHistories(replayed(self._trace, load))
        )


class WorkingSetHistories:
    """The working sets of one trace; keeps what it has computed. Safe for several threads.

    A trace of more than a million requests is answered from four samples of a hundredth of its
    keys first, by frequency strata, with a band from how far they differ. Of a trace that holds a
    share of all keys, they are estimated for all.

    Args:
        trace: The workload, as `replayed` returns it; lifetimes of its own requests are not
            looked at.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._lock = threading.Lock()
        self._found: dict[Key, History] = {}
        self._dated: tuple[float, Trace] | None = None
        self._dated_samples: tuple[float, list[Trace]] | None = None

    def best_known(self, ttl: float | None, load: LoadSettings) -> History | None:
        """Return the sharpest answer that there is by now, without computing one.

        Args:
            ttl: Seconds that an entry lives; none for ever.
            load: With the rate that dates requests where the trace has no times.
        """
        return self._found.get(self._key(ttl, self._rate(load)))

    def preview(self, ttl: float | None, load: LoadSettings) -> History:
        """Return an answer, at once: from samples where the trace is large.

        Raises:
            BadInputError: If nothing dates the requests, or the TTL is not above 0.
        """
        found, rate = self.best_known(ttl, load), self._rate(load)
        if found is not None:
            return found
        if not self._is_sampled:
            return self.settle(ttl, load)
        draws = [
            working_sets(trace, [_or_ever(ttl)], at=self._moments(rate))
            for trace in self._sample_traces(rate)
        ]
        return self._keep(rate, self._mean(ttl, draws))

    def settle(self, ttl: float | None, load: LoadSettings) -> History:
        """Return the exact answer, or that of the samples beyond `EXACT_REQUESTS`.

        Raises:
            BadInputError: If nothing dates the requests, or the TTL is not above 0.
        """
        found, rate = self.best_known(ttl, load), self._rate(load)
        if found is not None and found.sampled >= self.trace.sample_rate:
            return found
        if len(self.trace) > EXACT_REQUESTS and self._is_sampled:
            return self.preview(ttl, load)
        sets = working_sets(
            self._whole(rate), [_or_ever(ttl)], rate=rate, moments=_STEPS * _MOMENTS
        )
        lines = _lines(sets)
        found = History(
            ttl,
            _seconds(sets),
            curves={name: line.curve for name, line in lines.items()},
            errors={},
            peaks={name: line.peak for name, line in lines.items()},
            means={name: line.mean for name, line in lines.items()},
            metrics={"hit_rate": float(sets.hit_rates[0])},
            sampled=self.trace.sample_rate,
        )
        return self._keep(rate, found)

    @cached_property
    def _share(self) -> float:
        share = min(_SHARE, _SAMPLED_REQUESTS / len(self.trace))
        return min(1.0, max(share, FEWEST_KEYS / self.trace.n_keys))

    @property
    def _is_sampled(self) -> bool:
        return len(self.trace) > _LARGE and self._share <= _WORTH_IT

    @cached_property
    def _samples(self) -> list[KeySample]:
        with self._lock:
            return KeySampler(self.trace).draw(self._share, 1.0, range(_DRAWS))

    def _rate(self, load: LoadSettings) -> float | None:
        """Return at which rate the requests of the trace come, given that of the whole."""
        rate = load.request_rate
        return None if rate is None else rate * self.trace.sample_rate

    def _key(self, ttl: float | None, rate: float | None) -> Key:
        return ttl, rate if self.trace.times is None else None

    def _keep(self, rate: float | None, found: History) -> History:
        key = self._key(found.value, rate)
        with self._lock:
            if key in self._found and found.sampled < self.trace.sample_rate:
                return self._found[key]
            while len(self._found) >= _KEPT:
                del self._found[next(iter(self._found))]
            self._found[key] = found
        return found

    def _whole(self, rate: float | None) -> Trace:
        """Return the trace with its times, or those of a rate; the last one is kept."""
        if self.trace.times is not None or rate is None:
            return self.trace
        known = self._dated
        if known is None or known[0] != rate:
            times = self.trace.times_at_rate(rate)
            known = self._dated = rate, dataclasses.replace(self.trace, times=times, check=False)
        return known[1]

    def _sample_traces(self, rate: float | None) -> list[Trace]:
        if self.trace.times is not None or rate is None:
            return [sample.trace for sample in self._samples]
        known = self._dated_samples
        if known is None or known[0] != rate:
            known = self._dated_samples = rate, [sample.dated(rate) for sample in self._samples]
        return known[1]

    def _moments(self, rate: float | None) -> Curve:
        times = self.trace.times
        if times is None:
            ends = (0.0, (len(self.trace) - 1) / (rate or 1.0))
        else:
            ends = (float(times[0]), float(times[-1]))
        return np.linspace(*ends, _STEPS * _MOMENTS)

    def _mean(self, ttl: float | None, draws: Sequence[WorkingSets]) -> History:
        """Scale up what the samples hold, by their share of the keys or of the keys' bytes."""
        curves, errors, peaks, means = {}, {}, {}, {}
        for name in _lines(draws[0]):
            shares = [
                self.trace.sample_rate * (each.bytes_share if name == "live_bytes" else each.share)
                for each in self._samples
            ]
            lines = [_lines(each)[name] for each in draws]
            rows = np.array([one.curve / by for one, by in zip(lines, shares, strict=True)])
            curves[name] = rows.mean(axis=0)
            errors[name] = t_95(len(draws)) * rows.std(axis=0, ddof=1) / math.sqrt(len(draws))
            peaks[name], means[name] = (
                float(
                    np.mean(
                        [getattr(one, what) / by for one, by in zip(lines, shares, strict=True)]
                    )
                )
                for what in ("peak", "mean")
            )
        missed = [
            sample.trace.reads * (1 - float(each.hit_rates[0])) / sample.expected
            for sample, each in zip(self._samples, draws, strict=True)
        ]
        hits = {"hit_rate": min(1.0, max(0.0, 1 - float(np.mean(missed))))}
        seconds, sampled = _seconds(draws[0]), self._share * self.trace.sample_rate
        return History(ttl, seconds, curves, errors, peaks, means, hits, sampled)


class _Line(NamedTuple):
    curve: Curve
    peak: float
    mean: float


def _lines(sets: WorkingSets) -> dict[str, _Line]:
    """Return what is known by metric, of the only TTL."""
    found = {"live_keys": (sets.keys, sets.peak_keys)}
    if sets.bytes is not None and sets.peak_bytes is not None:
        found["live_bytes"] = sets.bytes, sets.peak_bytes
    return {
        name: _Line(
            curves[0].reshape(_STEPS, _MOMENTS).max(axis=1).astype(np.float64),
            float(peaks[0]),
            float(curves[0].mean()),
        )
        for name, (curves, peaks) in found.items()
    }


def _seconds(sets: WorkingSets) -> Curve:
    return np.linspace(0.0, float(sets.seconds[-1] - sets.seconds[0]), _STEPS)


def _or_ever(ttl: float | None) -> float:
    return math.inf if ttl is None else ttl
