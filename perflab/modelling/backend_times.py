"""`BackendTimes`: the backend's recorded times of a trace, and which of them misses take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from perflab.modelling.latency import HitMissCosts
from perflab.modelling.miss_seconds import Floats, miss_seconds, reads_of
from perflab.modelling.miss_times import MissTimes, fewer
from perflab.modelling.trace_facts import KeptWithTraces
from perflab.settings import LoadSettings
from perflab.units import percent, times
from perflab.workloads.kinds.trace import Trace

SAVED_SHARE = "backend_seconds_saved_share"

_CLASSES = 1000
_LOOK = 10_000
_NO_READ, _UNKNOWN, _FIRST = range(3)


class BackendTimes:
    """How long the backend takes for each read of a trace that misses.

    Times fall into at most a thousand classes, so that one pass over the misses tells how they
    spread; sums are exact. It does not refer to its trace.

    Args:
        trace: The requests, as `replayed` returns them.
        seconds: From `miss_seconds`.
    """

    def __init__(self, trace: Trace, seconds: Floats) -> None:
        assert trace.backend_seconds is not None  # noqa: S101  (made for such traces)
        reads, known = reads_of(trace), ~np.isnan(seconds)
        self._seconds = np.where(known, seconds, 0.0)
        self._codes, self._values = _classes(seconds, known)
        self._codes[reads & ~known] = _UNKNOWN
        self.reads = int(np.count_nonzero(reads))
        self.recorded = int(np.count_nonzero(reads & ~np.isnan(trace.backend_seconds)))
        self.unknown = int(np.count_nonzero(reads & ~known))
        self.whole = self.missed(np.ones(len(trace), np.bool_))

    def missed(self, miss: npt.NDArray[np.bool_], first: int = 0) -> MissTimes:
        """Return what misses among some rows take.

        Args:
            miss: bool of shape (m,), whether each row is a miss; of rows that are no reads either.
            first: The row that it begins with; after the last row come the first ones again.
        """
        asked_seconds = asked_unknown = missed_seconds = 0.0
        counts = np.zeros(_FIRST + len(self._values))
        for rows, there in self._stretches(first, len(miss)):
            codes, seconds, gone = self._codes[rows], self._seconds[rows], miss[there]
            asked_seconds += float(seconds.sum())
            asked_unknown += np.count_nonzero(codes == _UNKNOWN)
            missed_seconds += float(seconds[gone].sum())
            counts += np.bincount(codes[gone], minlength=len(counts))
        spread = fewer(self._values, counts[_FIRST:])
        unknown = float(counts[_UNKNOWN])
        return MissTimes(missed_seconds, unknown, asked_seconds, float(asked_unknown), *spread)

    def mean_miss(self, costs: HitMissCosts, load: LoadSettings) -> float:
        """Return what a miss of any read takes on average, in seconds."""
        return self.whole.cost(costs, load).mean

    def of_rows(self, rows: npt.NDArray[np.integer]) -> Floats:
        """Return what some rows take, float64 of the shape of `rows`; NaN where none has a time."""
        return np.where(self._codes[rows] < _FIRST, np.nan, self._seconds[rows])

    def asked(self, windows: Sequence[tuple[int, int]]) -> tuple[float, float]:
        """Return the seconds of all reads in some windows together, and the reads without a time.

        Args:
            windows: The first row of each, and the first row after it.
        """
        seconds = sum(float(self._seconds[start:stop].sum()) for start, stop in windows)
        unknown = sum(
            int(np.count_nonzero(self._codes[start:stop] == _UNKNOWN)) for start, stop in windows
        )
        return seconds, float(unknown)

    def remarks(self, load: LoadSettings) -> tuple[str, ...]:
        """Return where a miss's time comes from, and of how many reads one was recorded."""
        if load.calls_function:
            said = (
                f"latency: {load.backend_name} takes its own time; the workload's backend times "
                f"count for {SAVED_SHARE} alone"
            )
        else:
            factor = "" if load.backend_scale == 1 else f", {times(load.backend_scale)}"
            said = f"latency and {SAVED_SHARE}: by the workload's own backend times{factor}"
        if self.whole.missed_share(load) is None:
            said += f"; all are 0, so that {SAVED_SHARE} is not known"
        of_keys = self.reads - self.recorded - self.unknown
        rest = [f"recorded for {percent(self.recorded / self.reads)} of the reads"]
        rest += [f"the median of its key for {percent(of_keys / self.reads)}"] if of_keys else []
        if self.unknown:
            rest.append(f"backend_seconds for {percent(self.unknown / self.reads)}")
        return (f"{said}; {', '.join(rest)}",) if len(rest) > 1 else (said,)

    def _stretches(self, first: int, length: int) -> list[tuple[slice, slice]]:
        """Return the rows, pass by pass, and where they stand among those that are asked for."""
        found, done, size = [], 0, len(self._codes)
        while done < length:
            start = (first + done) % size
            more = min(size - start, length - done)
            found.append((slice(start, start + more), slice(done, done + more)))
            done += more
        return found


class _Found:
    """What is kept with a trace: its times, or that it has none."""

    def __init__(self, trace: Trace) -> None:
        seconds = miss_seconds(trace)
        self.times = None if seconds is None else BackendTimes(trace, seconds)


_known: KeptWithTraces[_Found] = KeptWithTraces()


def backend_times_of(trace: Trace) -> BackendTimes | None:
    """Return the backend's times of a trace, kept with it; None where no read has one."""
    if trace.backend_seconds is None:
        return None
    return _known.of(trace, lambda: _Found(trace)).times


def _classes(
    seconds: Floats, known: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.uint16], Floats]:
    """Return the class of each row with a time, and the mean time of each class, increasing."""
    codes = np.zeros(len(seconds), np.uint16)
    there = seconds[known]
    if len(np.unique(there[:_LOOK])) <= _CLASSES:
        values, places = np.unique(there, return_inverse=True)
        if len(values) <= _CLASSES:
            codes[known] = places.astype(np.uint16) + _FIRST
            return codes, values
    # Zeros are a class of their own: who waits for nothing does not sleep.
    above = there[there > 0]
    low, high = np.log(above.min()), np.log(above.max())
    with np.errstate(divide="ignore"):
        steps = np.floor((np.log(there) - low) / max(high - low, 1e-12) * (_CLASSES - 2))
    places = np.clip(steps + 1, 0, _CLASSES - 1).astype(np.uint16)
    codes[known] = places + np.uint16(_FIRST)
    counts = np.bincount(places, minlength=_CLASSES)
    sums = np.bincount(places, there, minlength=_CLASSES)
    return codes, np.divide(sums, counts, out=np.zeros(_CLASSES), where=counts > 0)
