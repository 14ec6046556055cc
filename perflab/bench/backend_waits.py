"""`BackendWaits`: the backend's recorded times in a live run, which loads take and hits save."""

from __future__ import annotations

import threading
from time import perf_counter
from typing import TYPE_CHECKING, Any

from perflab.instrumentation.histogram import LatencyHistogram

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perflab.bench.session import Measured
    from perflab.settings import LoadSettings
    from perflab.workloads.kinds.trace import Trace

_HIT, _ASKED, _MISSED = "backend_seconds_hit", "backend_seconds_asked", "backend_seconds_missed"
_BESIDE = "beside_backend"


class BackendWaits:
    """What each read of a trace takes of the backend if it misses, and the sums of a run.

    A read takes its row's recorded time or, where it has none, the median of its key's, each times
    ``backend_scale``; where its key has none either, ``backend_seconds``. A backend that is a
    function of the user's takes its own time: no recorded time is added to it, and the share of
    time that hits save is still that of the recorded ones.

    Args:
        seconds: float64, one per row, from `miss_seconds`.
        load: The load's settings.
    """

    def __init__(self, seconds: memoryview, load: LoadSettings) -> None:
        self._seconds = seconds
        self._local = threading.local()
        self._sums: list[list[float]] = []
        self._beside: list[LatencyHistogram] = []
        self.change(load)

    def change(self, load: LoadSettings) -> None:
        """Take the scale, the wait and the backend of other load settings."""
        self._load = load

    def of(self, index: int) -> float:
        """Return what the read of a row takes of the backend, in seconds."""
        own: float = self._seconds[index]
        is_known = own == own  # noqa: PLR0124  (not a number: none)
        return own * self._load.backend_scale if is_known else self._load.backend_seconds

    def slept(self, seconds: float) -> float | None:
        """Return how long a load waits for a read that takes so long; none for the usual wait."""
        return None if self._load.calls_function else seconds

    def note(self, seconds: float, began: float, *, hit: bool) -> None:
        """Count a read that has taken so long of the backend, or would have.

        Args:
            seconds: From `of`.
            began: When it was asked for, as `time.perf_counter` tells it.
            hit: Whether it was a hit.
        """
        try:
            sums, beside = self._local.own
        except AttributeError:
            sums, beside = self._local.own = [0.0, 0.0, 0.0], LatencyHistogram()
            self._sums.append(sums)
            self._beside.append(beside)
        sums[1] += seconds
        if hit:
            sums[0] += seconds
            return
        if not self._load.calls_function:
            sums[2] += seconds
            beside.record(max(0.0, perf_counter() - began - seconds))

    def counters(self) -> dict[str, float]:
        """Return the seconds that hits have saved, that all reads ask for, and that misses took."""
        sums = list(self._sums)
        return {
            name: sum(each[place] for each in sums)
            for place, name in enumerate((_HIT, _ASKED, _MISSED))
        }

    def distributions(self) -> dict[str, LatencyHistogram]:
        """Return what misses took beside their wait for the backend, a function's apart."""
        whole = LatencyHistogram()
        for each in list(self._beside):
            whole.merge(each)
        return {_BESIDE: whole}


def backend_waits_of(trace: Trace, load: LoadSettings) -> BackendWaits | None:
    """Return the waits of a trace's reads; none where no read has a recorded backend time."""
    if trace.backend_seconds is None:
        return None
    from perflab.modelling.miss_seconds import miss_seconds

    seconds = miss_seconds(trace)
    return None if seconds is None else BackendWaits(seconds.data, load)


def saved_share(counters: Mapping[str, float]) -> dict[str, float]:
    """Return the share of the backend's time that hits have saved, where there was such time."""
    asked = counters.get(_ASKED, 0.0)
    return {"backend_seconds_saved_share": counters[_HIT] / asked} if asked > 0 else {}


def miss_costs(measured: Measured) -> dict[str, Any]:
    """Return ``backend_seconds``, and ``miss`` where each waited for a time of its own.

    A miss is then what it took beside the backend, and the mean of their waits. Nothing is
    returned where nothing missed.
    """
    from perflab.modelling.latency import QUANTILES

    misses = measured.histograms.get("miss")
    if misses is None or not misses.count:
        return {}
    beside = measured.distributions.get(_BESIDE)
    if beside is None or not beside.count or measured.load.calls_function:
        return {"backend_seconds": measured.load.backend_seconds}
    waited = max(0.0, measured.counters[_MISSED]) / misses.count
    # The mean is that of whole latencies, of which the session sees all but the load's own part.
    later = misses.mean - beside.mean
    quantiles = [max(0.0, float(value) + later) for value in beside.quantiles(*QUANTILES)]
    return {"backend_seconds": waited, "miss": {"mean": misses.mean, "quantiles": quantiles}}
