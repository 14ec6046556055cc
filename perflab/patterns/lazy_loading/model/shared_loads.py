"""`SharedRun`: what several threads do that ask one loader, and wait for each other's loads."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.kept_answers import KeptAnswers
from perflab.modelling.latency import OutcomeCost, SpreadCost
from perflab.modelling.looped import within_two_passes
from perflab.modelling.miss_times import fewer
from perflab.modelling.spread import spread_times
from perflab.patterns.lazy_loading.model.chunk_counts import ChunkCounts
from perflab.patterns.lazy_loading.model.costs import LazyCosts, load_cost
from perflab.patterns.lazy_loading.model.own_asks import OwnAsks
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.accesses import Accesses

Floats = npt.NDArray[np.float64]
Times = tuple[Floats, Floats]
"""Seconds, rising, and how often each came."""
Part = tuple[int, int, float]
"""The first access, the first after it, and how often they count."""
_PLACES = 4
"""So many times the threads may be at work: requests of a run are where the model is late."""
_MOST_KEPT = 2_000_000
"""So many times are kept of all answers together: some 32 MB."""
_SUMS = ("requests", "hits", "misses", "evictions", "ahead", "first_touches")


@dataclasses.dataclass(frozen=True, slots=True)
class Threads:
    """Threads that ask at once, and what decides over who waits for whom.

    Attributes:
        count: How many.
        hit: A row of a chunk that is in memory.
        load: A load of a chunk of the size that is looked at.
        between_seconds: What lies between two requests of a thread.
        interval: Seconds between two requests being due; 0 for as fast as they can.
        contention: How far a load waits for the others under way.
        wake: From the end of a load to when who waited for it goes on; none for at once.
        asks: When each request of a run asked, where that is known; instead of pace and contention.
    """

    count: int
    hit: OutcomeCost
    load: OutcomeCost
    between_seconds: float
    interval: float
    contention: float
    wake: OutcomeCost | None
    asks: OwnAsks | None = None

    @classmethod
    def of(
        cls, settings: LazyLoadingSettings, load: LoadSettings, costs: LazyCosts, n_rows: int
    ) -> Self | None:
        """Return the threads of a load; none where one asks alone, which waits for nobody.

        Loads that were measured among as many threads have waited for those of the others.
        """
        if load.concurrency == 1:
            return None
        return cls(
            load.concurrency,
            costs.hit,
            load_cost(costs.loads, min(settings.chunk_size, n_rows)).time,
            costs.overhead_seconds,
            0.0 if load.request_rate is None else 1.0 / load.request_rate,
            costs.contention if costs.threads < load.concurrency else 0.0,
            costs.wake,
            costs.asks,
        )


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class SharedRun:
    """What threads did over some requests, and how long it took.

    Attributes:
        counts: What happened to chunks; misses that waited for another's load are among them.
        loads: Loads by the threads that asked.
        waits: Requests that waited for another's load.
        seconds: How long all requests took together, the threads side by side.
        load_times: What requests took that loaded their chunk.
        wait_times: What requests took that waited.
    """

    counts: ChunkCounts
    loads: float
    waits: float
    seconds: float
    load_times: Times
    wait_times: Times

    @classmethod
    def of(
        cls,
        chunks: npt.NDArray[np.int32],
        n_chunks: int,
        capacity: int,
        read_ahead: int,
        threads: Threads,
        parts: Sequence[Part],
    ) -> Self:
        """Return what threads do over parts of accesses to chunks, each counted so many times."""
        return cls.together(
            [
                (_of_part(chunks, n_chunks, capacity, read_ahead, threads, part), part[2])
                for part in parts
            ]
        )

    @classmethod
    def together(cls, runs: Sequence[tuple[SharedRun, float]]) -> Self:
        """Return several runs as one, each as often as is said with it."""
        sums = {
            name: round(sum(getattr(run.counts, name) * times for run, times in runs))
            for name in _SUMS
        }
        held = max(run.counts.held for run, _ in runs)
        loads, waits, seconds = (
            sum(getattr(run, name) * times for run, times in runs)
            for name in ("loads", "waits", "seconds")
        )
        both = (
            _merged([(getattr(run, name), times) for run, times in runs])
            for name in ("load_times", "wait_times")
        )
        return cls(ChunkCounts(**sums, held=held), loads, waits, seconds, *both)

    def scaled(self, requests: int) -> SharedRun:
        """Return what so many requests would do that go on likewise."""
        return SharedRun.together([(self, requests / max(self.counts.requests, 1))])

    def outcomes(self, threads: Threads) -> list[tuple[float, OutcomeCost | SpreadCost]]:
        """Return how many requests took what: those that hit, load, and wait."""
        loads = _spread(self.load_times) if threads.contention else threads.load
        return [
            (self.counts.requests - self.loads - self.waits, threads.hit),
            (self.loads, loads),
            (self.waits, _spread(self.wait_times)),
        ]


class SharedAccesses:
    """Accesses to a store that several threads make; keeps what it has computed.

    Args:
        accesses: The rows requested.
    """

    def __init__(self, accesses: Accesses) -> None:
        self._accesses = accesses
        self._kept: KeptAnswers[tuple[object, ...], SharedRun] = KeptAnswers(_MOST_KEPT, _weight)

    def ready(self, chunk_size: int, capacity: int, read_ahead: int, threads: Threads) -> bool:
        """Say whether `run` over all requests would answer at once."""
        length = len(self._accesses)
        return (chunk_size, capacity, read_ahead, threads, 0, length) in self._kept

    def run(
        self,
        chunk_size: int,
        capacity: int,
        read_ahead: int,
        threads: Threads,
        requests: slice | None = None,
    ) -> SharedRun:
        """Return what threads do over a slice of the requests.

        Args:
            chunk_size: Rows per chunk.
            capacity: Chunks held; 0 where not one fits.
            read_ahead: Chunks loaded ahead.
            threads: Those that ask.
            requests: Which; all where none is given. Beyond the end they begin again.
        """
        length = len(self._accesses)
        first = requests.start or 0 if requests else 0
        last = length if requests is None or requests.stop is None else requests.stop

        asks = threads.asks
        if asks is not None and last <= len(asks):
            rows = self._accesses.rows[asks.accesses]
            cut = cut_into_chunks(rows, chunk_size, self._accesses.n_rows)
            cut = with_few_chunks(*cut) if read_ahead == 0 else cut
            return _as_asked(*cut, capacity, read_ahead, threads, asks, (first, last, 1.0))
        threads = dataclasses.replace(threads, asks=None)

        def compute() -> SharedRun:
            parts = within_two_passes(length, first, last) or [(0, 0, 1)]
            cut = cut_into_chunks(self._accesses.rows, chunk_size, self._accesses.n_rows)
            if read_ahead == 0:
                cut = with_few_chunks(*cut)
            return SharedRun.of(*cut, capacity, read_ahead, threads, parts)

        key = (chunk_size, capacity, read_ahead, threads, first, last)
        return self._kept.answer(key, compute)


def cut_into_chunks(
    rows: npt.NDArray[np.int32] | npt.NDArray[np.int64], chunk_size: int, n_rows: int
) -> tuple[npt.NDArray[np.int32], int]:
    """Return the chunk of each access, int32 of the shape of `rows`, and how many there are."""
    return (rows // chunk_size).astype(np.int32, copy=False), -(-n_rows // chunk_size)


def with_few_chunks(
    chunks: npt.NDArray[np.int32], n_chunks: int
) -> tuple[npt.NDArray[np.int32], int]:
    """Return the same with numbers for those alone that are requested, where most are not."""
    if n_chunks <= max(2 * len(chunks), 1 << 16):
        return chunks, n_chunks
    ids, known = kernels.dense_ids(chunks)
    return ids, len(known)


def _of_part(
    chunks: npt.NDArray[np.int32],
    n_chunks: int,
    capacity: int,
    read_ahead: int,
    threads: Threads,
    part: Part,
) -> SharedRun:
    first, last, _ = part
    found = kernels.shared_loads(
        *(chunks, n_chunks, capacity, threads.count),
        spread_times(threads.hit),
        spread_times(threads.load, seed=1),
        ahead=read_ahead,
        between_seconds=threads.between_seconds,
        interval=threads.interval,
        contention=threads.contention,
        wake_seconds=_wakes(threads),
        start=first,
        stop=last,
    )
    return _run_of(last - first, found)


def _as_asked(
    chunks: npt.NDArray[np.int32],
    n_chunks: int,
    capacity: int,
    read_ahead: int,
    threads: Threads,
    asks: OwnAsks,
    part: Part,
) -> SharedRun:
    """Return what threads do who ask when those of a run did."""
    first, last, _ = part
    found = kernels.shared_loads(
        *(chunks, n_chunks, capacity, _PLACES * threads.count),
        spread_times(threads.hit),
        asks.load_seconds(threads.load),
        ahead=read_ahead,
        wake_seconds=_wakes(threads),
        asked_seconds=asks.seconds,
        start=first,
        stop=last,
    )
    return _run_of(last - first, found)


def _wakes(threads: Threads) -> Sequence[float] | Floats:
    return (0.0,) if threads.wake is None else spread_times(threads.wake, seed=2)


def _run_of(requests: int, found: kernels.SharedLoads) -> SharedRun:
    counts = ChunkCounts.of(requests, found)
    times = [_counted(each) for each in (found.load_seconds, found.wait_seconds)]
    return SharedRun(counts, found.loads, found.waits, found.seconds, *times)


def _weight(run: SharedRun) -> int:
    return len(run.load_times[0]) + len(run.wait_times[0]) + 1


def _spread(times: Times) -> SpreadCost:
    values, weights = times
    shares = weights / weights.sum() if len(weights) else weights
    return SpreadCost(float(values @ shares), values, shares)


def _counted(seconds: Floats) -> Times:
    return fewer(np.sort(seconds), np.ones(len(seconds)))


def _merged(parts: Sequence[tuple[Times, float]]) -> Times:
    values = np.concatenate([values for (values, _), _ in parts])
    weights = np.concatenate([weights * times for (_, weights), times in parts])
    order = np.argsort(values, kind="stable")
    return fewer(values[order], weights[order])
