"""`joined_loads`: reads of several threads that miss, and wait for another's load of their key."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.latency import OutcomeCost, SpreadCost, mix
from perflab.modelling.trace_facts import KeptWithTraces
from perflab.settings import LoadSettings
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.trace import Trace

Floats = npt.NDArray[np.float64]
Cost = OutcomeCost | SpreadCost

_LOOKED_AT = 1_000_000
"""How close requests for a key lie is told by the first so many."""
_SIZES = 200
_ROUNDS = 4
_MOST_WINDOWS = 64
_WINDOWS_A_DECADE = 24


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What a cache does with reads that come one after another.

    Attributes:
        reads: How many there are.
        misses: How many of them miss.
        hit: What a hit takes.
        miss: What a miss takes.
        between_seconds: What a thread spends between two requests.
    """

    reads: int
    misses: int
    hit: OutcomeCost
    miss: Cost
    between_seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Joined:
    """Reads that would hit if each waited for the one before it, and wait for its load instead.

    Attributes:
        reads: How many.
        wait: What they take.
        seconds: What a read takes on average, what lies between two included.
    """

    reads: int
    wait: SpreadCost
    seconds: float

    def among(self, metrics: Mapping[str, float], asked: Asked) -> dict[str, float]:
        """Return metrics with these reads among the misses, where runs count them, and slower."""
        hits, misses = asked.reads - asked.misses - self.reads, asked.misses + self.reads
        outcomes = [(hits, asked.hit), (asked.misses, asked.miss), (self.reads, self.wait)]
        counts = {"hits": float(hits), "misses": float(misses), "hit_rate": hits / asked.reads}
        return {**metrics, **counts, **mix(outcomes)}


def joined_loads(trace: Trace, load: LoadSettings, asked: Asked) -> Joined | None:
    """Return how many reads join a load that another thread has begun; none where none does.

    A miss is joined by the reads of its key that come until its load is over, at most one of each
    other thread, which waits then. How many come while one load lasts follows from the pace or,
    where there is none that threads can keep, from what they take for a read on average. How close
    reads of a key that misses lie is that of an LRU with as many misses, whatever the policy.

    Atre et al., "Caching with delayed hits", SIGCOMM 2020, call them delayed hits.

    Args:
        trace: The requests; where there are writes among them nothing is said of joins.
        load: With threads and pace.
        asked: What the cache does otherwise.
    """
    others, length = load.concurrency - 1, asked.miss.mean
    if others < 1 or trace.operations is not None or asked.misses < 1 or length <= 0:
        return None
    known = _known.of(trace, _Bursts)
    share = asked.misses / asked.reads
    joined = left = spent = 0.0
    for _ in range(_ROUNDS):
        hits = asked.reads - asked.misses - joined
        spent = hits * asked.hit.mean + (asked.misses + left * joined) * length
        spent = spent / asked.reads + asked.between_seconds
        by_times, window = _window(trace, load, others, length, spent)
        per_miss, left = known.at(trace, window, others, share, by_times=by_times)
        joined = min(per_miss * asked.misses, float(asked.reads - asked.misses))
    if round(joined) == 0:
        return None
    middles = asked.miss.middles * left
    wait = SpreadCost(length * left, middles, np.asarray(asked.miss.shares))
    return Joined(round(joined), wait, spent)


def pace_of(trace: Trace, load: LoadSettings) -> float:
    """Return how many rows per second come; infinite where they come as fast as they can."""
    if load.request_rate is not None:
        return load.request_rate
    if load.speedup is None or trace.times is None:
        return math.inf
    return load.speedup * len(trace) / pass_seconds(trace.times)


def _window(
    trace: Trace, load: LoadSettings, others: int, length: float, spent: float
) -> tuple[bool, float]:
    """Return whether a load lasts so long on the clock of the trace, or for so many requests."""
    busy = others * length / spent
    pace = pace_of(trace, load)
    if pace * length >= busy:
        return False, busy
    if load.request_rate is None and trace.times is not None:
        return True, length * (load.speedup or 1.0)
    return False, pace * length


class _Bursts:
    """How close the reads of a key lie, for each number of misses; kept with a trace.

    Safe for several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: npt.NDArray[np.int32] | None = None
        self._distances = np.empty(0, np.int32)
        self._sizes = np.empty(0, np.int64)
        self._misses = np.empty(0)
        self._kept: KeptAnswers[tuple[float, int, bool], tuple[Floats, Floats]]
        self._kept = KeptAnswers(_MOST_WINDOWS)

    def at(
        self, trace: Trace, window: float, most: int, share: float, *, by_times: bool
    ) -> tuple[float, float]:
        """Return how many reads join a miss, and what is left of the load then, on average.

        Args:
            trace: Whose they are.
            window: How long a load lasts: requests or, by times, seconds of the trace.
            most: So many join one load at the most.
            share: Of the reads, those that miss.
            by_times: Whether times tell who comes within the window.
        """
        if not by_times and window <= 1:
            return 0.0, 0.0
        with self._lock:
            if self._next is None:
                self._look_at(trace)
        shares = self._misses / max(len(self._distances), 1)
        joined = left = 0.0
        for near, weight in _near(window, by_times=by_times):
            key = (near, most, by_times)
            found = self._kept.answer(key, partial(self._joined, trace, *key))
            counts, parts = (float(np.interp(share, shares, each)) for each in found)
            joined, left = joined + weight * counts, left + weight * counts * parts
        return joined, left / joined if joined > 0 else 0.0

    def _look_at(self, trace: Trace) -> None:
        ids, n_keys = trace.ids[:_LOOKED_AT], trace.n_keys
        if n_keys > len(ids):
            ids, names = kernels.dense_ids(ids)
            n_keys = len(names)
        previous, following = kernels.previous_and_next(ids, n_keys)
        curve, self._distances = kernels.lru_curve_and_distances(previous)
        most = len(curve) - 1
        sizes = np.unique(np.geomspace(1, max(most, 1), _SIZES).astype(np.int64) - 1)
        # The largest first, so that misses rise.
        self._sizes = np.append(sizes, most)[::-1]
        self._misses = (len(ids) - curve[self._sizes]).astype(np.float64)
        self._next = following

    def _joined(
        self, trace: Trace, window: float, most: int, by_times: bool
    ) -> tuple[Floats, Floats]:
        following = self._next
        assert following is not None  # noqa: S101  (looked at before)
        places: npt.ArrayLike = ()
        if by_times and trace.times is not None:
            places = trace.times[: len(following)]
        found = kernels.joiners(following, window, most, places)
        some = np.flatnonzero(found.counts)
        distances = self._distances[some]
        order = np.argsort(distances, kind="stable")
        # Those miss, in a cache of each size, that need a larger one.
        ends = np.searchsorted(distances[order], self._sizes, side="right")
        counts, left = (
            _sums_beyond(values[some][order].astype(np.float64), ends)
            for values in (found.counts, found.shares)
        )
        return counts / np.maximum(self._misses, 1.0), left / np.maximum(counts, 1.0)


_known: KeptWithTraces[_Bursts] = KeptWithTraces()


def _near(window: float, *, by_times: bool) -> list[tuple[float, float]]:
    """Return the windows that are looked at for one, with their weights: those share what is kept.

    A number of requests is a mean itself, so it lies between two of a grid. Times may be whole
    seconds, of which a grid would blur the steps, so that a window by times keeps two digits.
    """
    if by_times:
        return [(round(window, 1 - math.floor(math.log10(window))), 1.0)]
    place = math.log10(window) * _WINDOWS_A_DECADE
    before, part = math.floor(place), place - math.floor(place)
    edges = ((before, 1.0 - part), (before + 1, part))
    return [(10 ** (step / _WINDOWS_A_DECADE), weight) for step, weight in edges if weight > 0]


def _sums_beyond(values: Floats, ends: npt.NDArray[np.int64]) -> Floats:
    """Return the sum of all values from each of some places on."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    found: Floats = sums[-1] - sums[ends]
    return found
