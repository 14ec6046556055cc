"""The lazy loader's what-if: exact hits of any chunk size and number of chunks in memory."""

from __future__ import annotations

import threading
from typing import Self

from perflab.errors import BadInputError
from perflab.modelling.prediction import Costs, Prediction
from perflab.patterns.lazy_loading.model.chunk_counts import ChunkCounts, CutAccesses
from perflab.patterns.lazy_loading.model.chunk_windows import ChunkWindows
from perflab.patterns.lazy_loading.model.costs import LazyCosts
from perflab.patterns.lazy_loading.model.metrics import lazy_metrics, lazy_remarks, shared_metrics
from perflab.patterns.lazy_loading.model.shared_loads import SharedAccesses, Threads
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.accesses import Accesses

_LOOKED_AT = 400_000
_MOST_SIZES = 200


class _Counted:
    """Accesses and every count of them that was made, whatever the costs."""

    def __init__(self, accesses: Accesses) -> None:
        self.accesses = accesses
        self.windows = ChunkWindows(accesses, min(1.0, _LOOKED_AT / len(accesses)))
        self.shared = SharedAccesses(accesses)
        self._cuts: dict[int, CutAccesses] = {}
        self._lock = threading.Lock()

    def known(self, chunk_size: int) -> CutAccesses | None:
        """Return what was counted at a chunk size, if anything."""
        return self._cuts.get(chunk_size)

    def cut(self, chunk_size: int) -> CutAccesses:
        """Return the accesses cut into chunks of a size, one of the latest so many sizes."""
        with self._lock:
            found = self._cuts.pop(chunk_size, None) or CutAccesses(self.accesses, chunk_size)
            self._cuts[chunk_size] = found
            while len(self._cuts) > _MOST_SIZES:
                del self._cuts[next(iter(self._cuts))]
        return found


class LazyLoadingModel:
    """Predictions for accesses to rows; keeps every count that it has made.

    One pass over the accesses answers for a chunk size at every number of chunks, exactly.
    Latency and bytes are those of loads that were measured, at other sizes interpolated. Several
    threads are followed through their accesses in time by `kernels.shared_loads`, for each size
    and number anew: who asks for a chunk that another one loads waits for it.

    Args:
        counted: The accesses, and what was counted of them.
        costs: What hits, loads and rows cost.
    """

    def __init__(self, counted: _Counted, costs: LazyCosts) -> None:
        self._counted, self._costs = counted, costs

    @classmethod
    def of(cls, accesses: Accesses, costs: Costs) -> Self:
        """Return the model of accesses at the costs of a calibration."""
        return cls(_Counted(accesses), LazyCosts.of(costs))

    def with_costs(self, costs: Costs) -> Self:
        """Return the model of the same accesses at other costs."""
        return type(self)(self._counted, LazyCosts.of(costs))

    def predict(
        self, settings: LazyLoadingSettings, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them."""
        costs, n_rows = self._costs, self._counted.accesses.n_rows
        cut = self._counted.cut(settings.chunk_size)
        held = costs.chunks_held(settings)
        threads = Threads.of(settings, load, costs, n_rows)
        if threads is None:
            counts = cut.counts(held, settings.read_ahead, requests)
            metrics = lazy_metrics(counts, settings, load, costs, n_rows)
        else:
            asked = (settings.chunk_size, held, settings.read_ahead, threads, requests)
            run = self._counted.shared.run(*asked)
            metrics = shared_metrics(run, threads, settings, costs, n_rows)
        remarks = lazy_remarks(settings, load, costs, n_rows, cut.distinct)
        return Prediction(metrics, remarks=remarks)

    def preview(self, settings: LazyLoadingSettings, load: LoadSettings) -> Prediction:
        """Return a first prediction from windows of the accesses, exact where they are few."""
        accesses = self._counted.accesses
        if len(accesses) <= _LOOKED_AT:
            return self.predict(settings, load)
        return from_windows(self._counted.windows, accesses, settings, load, self._costs)

    def prepare(self) -> None:
        """Do nothing: no work is common to all chunk sizes."""

    def ready(self, settings: LazyLoadingSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests would answer at once."""
        cut = self._counted.known(settings.chunk_size)
        held = self._costs.chunks_held(settings)
        threads = Threads.of(settings, load, self._costs, self._counted.accesses.n_rows)
        if threads is not None:
            asked = (settings.chunk_size, held, settings.read_ahead, threads)
            return self._counted.shared.ready(*asked)
        return cut is not None and cut.ready(held, settings.read_ahead)


class SampledLazyLoadingModel:
    """Predictions from windows that hold a share of the accesses.

    Args:
        accesses: All rows requested.
        windows: Those that are looked at.
        costs: What hits, loads and rows cost.
    """

    def __init__(self, accesses: Accesses, windows: ChunkWindows, costs: LazyCosts) -> None:
        self._accesses, self._windows, self._costs = accesses, windows, costs

    @classmethod
    def of(cls, accesses: Accesses, costs: Costs, share: float) -> Self:
        """Return the model of a share of accesses, above 0 and at most 1."""
        return cls(accesses, ChunkWindows(accesses, share), LazyCosts.of(costs))

    def with_costs(self, costs: Costs) -> Self:
        """Return the model of the same windows at other costs."""
        return type(self)(self._accesses, self._windows, LazyCosts.of(costs))

    def predict(
        self, settings: LazyLoadingSettings, load: LoadSettings, requests: slice | None = None
    ) -> Prediction:
        """Return the mean of the windows; the error is two standard errors of the hit rate.

        Raises:
            BadInputError: If only some of the requests are asked for.
        """
        if requests is not None:
            raise BadInputError("a sample answers for all requests only", "sample")
        return from_windows(self._windows, self._accesses, settings, load, self._costs)

    def prepare(self) -> None:
        """Do nothing: each chunk size is looked at when it is requested."""

    def ready(self, settings: LazyLoadingSettings, load: LoadSettings) -> bool:
        """Say that an answer is always near."""
        del settings, load
        return True


def from_windows(
    windows: ChunkWindows,
    accesses: Accesses,
    settings: LazyLoadingSettings,
    load: LoadSettings,
    costs: LazyCosts,
) -> Prediction:
    """Return a prediction from windows of the accesses."""
    size, asked, n_rows = settings.chunk_size, len(accesses), accesses.n_rows
    capacity = costs.chunks_held(settings)
    remarks = lazy_remarks(settings, load, costs, n_rows, None)
    threads = Threads.of(settings, load, costs, n_rows)
    if threads is not None:
        run, error = windows.shared(size, capacity, settings.read_ahead, threads)
        metrics = shared_metrics(run.scaled(asked), threads, settings, costs, n_rows)
        return Prediction(metrics, sampled=windows.share, error=error, remarks=remarks)
    brought = touches = 0.0
    if settings.read_ahead and capacity > 1:
        (rate, brought, touches), error = windows.read_ahead(size, capacity, settings.read_ahead)
    else:
        rate, error = windows.hit_rate(size, capacity)
    hits = round(rate * asked)
    ahead = round(brought * asked)
    held = min(capacity, -(-n_rows // size), asked - hits + ahead)
    counts = ChunkCounts(
        requests=asked,
        hits=hits,
        misses=asked - hits,
        evictions=max(0, asked - hits + ahead - held),
        held=held,
        ahead=ahead,
        first_touches=round(touches * asked),
    )
    metrics = lazy_metrics(counts, settings, load, costs, n_rows)
    return Prediction(metrics, sampled=windows.share, error=error, remarks=remarks)
