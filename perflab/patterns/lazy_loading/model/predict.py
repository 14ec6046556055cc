"""The lazy loader's what-if: exact hits of any chunk size and number of chunks in memory."""

from __future__ import annotations

import threading

from perflab.errors import BadInputError
from perflab.modelling.prediction import Costs, Prediction
from perflab.patterns.lazy_loading.model.chunk_counts import ChunkCounts, CutAccesses
from perflab.patterns.lazy_loading.model.chunk_windows import ChunkWindows
from perflab.patterns.lazy_loading.model.metrics import chunks_held, lazy_metrics, lazy_remarks
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.accesses import Accesses

_LOOKED_AT = 400_000
_MOST_SIZES = 200


class LazyLoadingModel:
    """Predictions for accesses to rows; keeps every count that it has made.

    One pass over the accesses answers for a chunk size at every number of chunks, exactly.
    Latency and bytes are those of loads that were measured, at other sizes interpolated.
    """

    def __init__(self, accesses: Accesses) -> None:
        self.accesses = accesses
        self._cuts: dict[int, CutAccesses] = {}
        self._windows = ChunkWindows(accesses, min(1.0, _LOOKED_AT / len(accesses)))
        self._costs: Costs = {}
        self._lock = threading.Lock()

    def predict(
        self,
        settings: LazyLoadingSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None = None,
    ) -> Prediction:
        """Return the prediction at one setting, over all requests or a slice of them."""
        self._costs = costs
        capacity = chunks_held(settings, costs)
        cut = self._cut(settings.chunk_size)
        counts = cut.counts(capacity, settings.read_ahead, requests)
        n_rows = self.accesses.n_rows
        remarks = lazy_remarks(settings, costs, n_rows, cut.distinct)
        return Prediction(lazy_metrics(counts, settings, load, costs, n_rows), remarks=remarks)

    def preview(
        self, settings: LazyLoadingSettings, load: LoadSettings, costs: Costs
    ) -> Prediction:
        """Return a first prediction from windows of the accesses, exact where they are few."""
        if len(self.accesses) <= _LOOKED_AT:
            return self.predict(settings, load, costs)
        return from_windows(self._windows, self.accesses, settings, load, costs)

    def prepare(self) -> None:
        """Do nothing: no work is common to all chunk sizes."""

    def ready(self, settings: LazyLoadingSettings, load: LoadSettings) -> bool:
        """Say whether `predict` over all requests would answer at once."""
        del load
        cut = self._cuts.get(settings.chunk_size)
        if cut is None or (settings.max_bytes is not None and not self._costs):
            return False
        return cut.ready(chunks_held(settings, self._costs), settings.read_ahead)

    def _cut(self, chunk_size: int) -> CutAccesses:
        with self._lock:
            found = self._cuts.pop(chunk_size, None) or CutAccesses(self.accesses, chunk_size)
            self._cuts[chunk_size] = found
            while len(self._cuts) > _MOST_SIZES:
                del self._cuts[next(iter(self._cuts))]
        return found


class SampledLazyLoadingModel:
    """Predictions from windows that hold a share of the accesses.

    Args:
        accesses: All rows requested.
        share: The share looked at, above 0 and at most 1.
    """

    def __init__(self, accesses: Accesses, share: float) -> None:
        self._accesses = accesses
        self._windows = ChunkWindows(accesses, share)

    def predict(
        self,
        settings: LazyLoadingSettings,
        load: LoadSettings,
        costs: Costs,
        requests: slice | None = None,
    ) -> Prediction:
        """Return the mean of the windows; the error is two standard errors of the hit rate.

        Raises:
            BadInputError: If only some of the requests are asked for.
        """
        if requests is not None:
            raise BadInputError("a sample answers for all requests only", "sample")
        return from_windows(self._windows, self._accesses, settings, load, costs)

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
    costs: Costs,
) -> Prediction:
    """Return a prediction from windows of the accesses."""
    size, asked, n_rows = settings.chunk_size, len(accesses), accesses.n_rows
    capacity = chunks_held(settings, costs)
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
    remarks = lazy_remarks(settings, costs, n_rows, None)
    return Prediction(metrics, sampled=windows.share, error=error, remarks=remarks)
