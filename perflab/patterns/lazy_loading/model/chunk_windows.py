"""`ChunkWindows`: hit rates of an LRU of chunks from windows of the accesses, quickly."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.patterns.lazy_loading.model.chunk_counts import reuse_of
from perflab.patterns.lazy_loading.model.shared_loads import (
    SharedRun,
    Threads,
    cut_into_chunks,
    with_few_chunks,
)
from perflab.workloads.kinds.accesses import Accesses

WINDOWS = 8
FEWEST = 2_000
"""Accesses in a window; what fewer say is chance."""


class ChunkWindows:
    """Looks at windows that lie evenly in the accesses; the first half of each warms the cache.

    What an LRU holds depends only on the latest accesses to as many different chunks as it holds.
    So a window answers exactly for every size that its first half has filled; larger ones seem
    to miss a little more than they do.

    Args:
        accesses: The rows requested.
        share: The share of them in all windows together, above 0 and at most 1.
    """

    def __init__(self, accesses: Accesses, share: float) -> None:
        self._accesses = accesses
        length = len(accesses)
        self._each = min(length, max(FEWEST, round(length * share / WINDOWS)))
        count = max(1, min(WINDOWS, length // self._each))
        self._starts = np.linspace(0, length - self._each, count).astype(int)
        self._curves: dict[int, list[npt.NDArray[np.float64]]] = {}
        self._lock = threading.Lock()

    @property
    def share(self) -> float:
        """The share of the accesses that is looked at."""
        return min(1.0, self._each * len(self._starts) / len(self._accesses))

    def hit_rate(self, chunk_size: int, capacity: int) -> tuple[float, float]:
        """Return the hit rate of a cache of `capacity` chunks, and twice its standard error."""
        if capacity == 0:
            return 0.0, 0.0
        with self._lock:
            if chunk_size not in self._curves:
                self._curves[chunk_size] = [
                    self._curve(int(start), chunk_size) for start in self._starts
                ]
            curves = self._curves[chunk_size]
        rates = np.array([curve[min(capacity, len(curve) - 1)] for curve in curves])
        return float(rates.mean()), _twice_the_error(rates)

    def read_ahead(
        self, chunk_size: int, capacity: int, ahead: int
    ) -> tuple[tuple[float, float, float], float]:
        """Return hits, chunks loaded ahead and their first touches an access, and the error.

        The error is twice the standard error of the first.
        """
        n_chunks = -(-self._accesses.n_rows // chunk_size)
        warm = self._each // 2
        found = []
        for start in self._starts:
            rows = self._accesses.rows[start : start + self._each]
            chunks = (rows // chunk_size).astype(np.int32, copy=False)
            got = kernels.lru_read_ahead(chunks, n_chunks, capacity, ahead, start=warm)
            found.append((got.hits, got.ahead, got.first_touches))
        rates = np.array(found) / (self._each - warm)
        hits, brought, touches = rates.mean(axis=0).tolist()
        return (hits, brought, touches), _twice_the_error(rates[:, 0])

    def shared(
        self, chunk_size: int, capacity: int, ahead: int, threads: Threads
    ) -> tuple[SharedRun, float]:
        """Return what several threads do over the second halves, and the hit rate's error.

        The error is twice the standard error of the hit rate.
        """
        accesses, warm, runs = self._accesses, self._each // 2, []
        for start in self._starts:
            rows = accesses.rows[start : start + self._each]
            cut = cut_into_chunks(rows, chunk_size, accesses.n_rows)
            cut = cut if ahead else with_few_chunks(*cut)
            run = SharedRun.of(*cut, capacity, ahead, threads, [(warm, self._each, 1)])
            runs.append((run, 1.0))
        rates = np.array([run.counts.hits / run.counts.requests for run, _ in runs])
        return SharedRun.together(runs), _twice_the_error(rates)

    def _curve(self, start: int, chunk_size: int) -> npt.NDArray[np.float64]:
        """Return the hit rate of the second half of a window at every capacity."""
        n_rows = self._accesses.n_rows
        rows = self._accesses.rows[start : start + self._each]
        warm = self._each // 2
        previous, repeats = reuse_of(rows, chunk_size, n_rows)
        first = len(reuse_of(rows[:warm], chunk_size, n_rows)[0])
        # Repeats of the first half are those that its accesses have beyond its collapsed ones.
        counted = repeats - (warm - first)
        curve = kernels.lru_curve(previous, start=first) + counted
        return curve / (self._each - warm)


def _twice_the_error(rates: npt.NDArray[np.float64]) -> float:
    if len(rates) < 2:
        return 0.0
    return float(2 * rates.std(ddof=1) / np.sqrt(len(rates)))
