"""`ChunkCounts`: what an LRU of chunks does over accesses to rows, exactly, at any size."""

from __future__ import annotations

import dataclasses
import threading
from typing import Self

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.kept_answers import MOST_SLICES, KeptAnswers
from perflab.modelling.looped import LoopedTrace, within_two_passes
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.trace import Trace

_FIRST_REACH = 5_000
"""Most answers are wanted for fewer chunks than these, and cost less without the rest."""


@dataclasses.dataclass(frozen=True, slots=True)
class ChunkCounts:
    """What a lazy loader did over some requests; `held` chunks are in memory at their end.

    `ahead` chunks were loaded ahead, `first_touches` of the hits were the first access to one.
    """

    requests: int
    hits: int
    misses: int
    evictions: int
    held: int
    ahead: int = 0
    first_touches: int = 0

    @classmethod
    def of(cls, requests: int, found: kernels.ReadAheadCounts | kernels.SharedLoads) -> Self:
        """Return what a kernel has counted over so many requests."""
        held = found.held, found.ahead, found.first_touches
        return cls(requests, found.hits, found.misses, found.evictions, *held)


def reuse_of(
    rows: npt.NDArray[np.int32] | npt.NDArray[np.int64], chunk_size: int, n_rows: int
) -> tuple[npt.NDArray[np.int32], int]:
    """Return what `kernels.chunk_reuse` does, with memory that follows the accesses, not the rows.

    Args:
        rows: Row numbers.
        chunk_size: Rows a chunk.
        n_rows: How many rows there are.
    """
    if n_rows // chunk_size <= max(2 * len(rows), 1 << 16):
        return kernels.chunk_reuse(rows, chunk_size, n_rows)
    ids, chunks = kernels.dense_ids(rows // chunk_size)
    return kernels.chunk_reuse(ids, 1, len(chunks))


class CutAccesses:
    """Accesses to a store that is cut into chunks of one size; keeps every count it has made.

    Args:
        accesses: The rows requested.
        chunk_size: Rows a chunk.
    """

    def __init__(self, accesses: Accesses, chunk_size: int) -> None:
        self._accesses = accesses
        self._size = chunk_size
        self._curve: npt.NDArray[np.int64] | None = None
        self._distinct = 0
        self._repeats = 0
        self._counts: KeptAnswers[tuple[int, ...], ChunkCounts] = KeptAnswers()
        self._slices: KeptAnswers[tuple[int, ...], ChunkCounts] = KeptAnswers(MOST_SLICES)
        self._looped: LoopedTrace | None = None
        self._lock = threading.Lock()

    @property
    def distinct(self) -> int | None:
        """How many chunks are requested at all, where that has been counted."""
        return None if self._curve is None else self._distinct

    def ready(self, capacity: int, read_ahead: int) -> bool:
        """Say whether `counts` over all requests would answer at once."""
        if read_ahead and capacity > 1:
            return (capacity, read_ahead, 0, len(self._accesses)) in self._counts
        return capacity == 0 or self._reaches(capacity)

    def counts(
        self, capacity: int, read_ahead: int = 0, requests: slice | None = None
    ) -> ChunkCounts:
        """Return what a loader that holds `capacity` chunks does over a slice of the requests.

        Args:
            capacity: Chunks held; 0 where not one fits.
            read_ahead: Chunks loaded ahead.
            requests: Which; all where none is given. Beyond the end they begin again.
        """
        length = len(self._accesses)
        first = requests.start or 0 if requests else 0
        last = length if requests is None or requests.stop is None else requests.stop
        if first >= last:
            return ChunkCounts(0, 0, 0, 0, 0)
        if read_ahead and capacity > 1:
            return self._counted(capacity, read_ahead, first, last)
        if first == 0 and last == length:
            return self._of_all(capacity)
        parts = [
            (self._counted(capacity, 0, begin, end), times)
            for begin, end, times in within_two_passes(length, first, last)
        ]
        fields = ("requests", "hits", "misses", "evictions")
        sums = {name: sum(getattr(part, name) * times for part, times in parts) for name in fields}
        return ChunkCounts(**sums, held=max(part.held for part, _ in parts))

    def _of_all(self, capacity: int) -> ChunkCounts:
        length = len(self._accesses)
        if capacity == 0:
            return ChunkCounts(length, 0, length, 0, 0)
        with self._lock:
            if not self._reaches(capacity):
                accesses = self._accesses
                previous, self._repeats = reuse_of(accesses.rows, self._size, accesses.n_rows)
                self._distinct = int(np.count_nonzero(previous < 0))
                if capacity <= _FIRST_REACH:
                    self._curve = kernels.lru_curve_up_to(previous, _FIRST_REACH)
                else:
                    self._curve = kernels.lru_curve(previous)
            assert self._curve is not None  # noqa: S101  (it has just been made)
            curve = self._curve
        held = min(capacity, self._distinct)
        hits = int(curve[held]) + self._repeats
        return ChunkCounts(length, hits, length - hits, length - hits - held, held)

    def _reaches(self, capacity: int) -> bool:
        curve = self._curve
        return curve is not None and min(capacity, self._distinct) < len(curve)

    def _counted(self, capacity: int, read_ahead: int, first: int, last: int) -> ChunkCounts:
        if capacity == 0:
            return ChunkCounts(last - first, 0, last - first, 0, 0)

        def compute() -> ChunkCounts:
            if read_ahead:
                return self._with_read_ahead(capacity, read_ahead, first, last)
            return self._plain(capacity, first, last)

        whole = first == 0 and last == len(self._accesses)
        kept = self._counts if whole else self._slices
        return kept.answer((capacity, read_ahead, first, last), compute)

    def _plain(self, capacity: int, first: int, last: int) -> ChunkCounts:
        looped = self._loop()
        hits = self._hits(looped, capacity, last)
        held = min(capacity, looped.distinct(last))
        before = held_before = 0
        if first:
            before = self._hits(looped, capacity, first)
            held_before = min(capacity, looped.distinct(first))
        hits -= before
        misses = last - first - hits
        return ChunkCounts(last - first, hits, misses, misses - held + held_before, held)

    def _hits(self, looped: LoopedTrace, capacity: int, last: int) -> int:
        previous, following = looped.reuse(last)
        requests = kernels.Requests(previous=previous, next_use=following)
        return int(kernels.policy_hits("lru", requests, capacity).sum())

    def _with_read_ahead(
        self, capacity: int, read_ahead: int, first: int, last: int
    ) -> ChunkCounts:
        chunks = (self._accesses.rows // self._size).astype(np.int32, copy=False)
        n_chunks = -(-self._accesses.n_rows // self._size)
        found = kernels.lru_read_ahead(
            chunks, n_chunks, capacity, read_ahead, start=first, stop=last
        )
        return ChunkCounts.of(last - first, found)

    def _loop(self) -> LoopedTrace:
        with self._lock:
            if self._looped is None:
                chunks = self._accesses.rows // self._size
                ids, known = kernels.dense_ids(chunks)
                self._looped = LoopedTrace(Trace("chunks", ids, len(known), check=False))
                self._looped.expect_run()
        return self._looped
