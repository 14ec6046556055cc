"""`miss_seconds`: how long the backend takes for each read of a trace that misses, as recorded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perflab.operations import Operation
from perflab.workloads.kinds.trace import Trace

Floats = npt.NDArray[np.float64]


def miss_seconds(trace: Trace) -> Floats | None:
    """Return the recorded backend time of each read, should it miss.

    It is the row's own time or, where the row has none, the median of those of its key's reads.

    Args:
        trace: As it was recorded, or as `replayed` returns it.

    Returns:
        float64 of shape (n,), seconds; NaN for a row that is no read, and for a read of a key
        without any time, for which the setting ``backend_seconds`` counts. None where no read of
        the trace has a time.
    """
    recorded = trace.backend_seconds
    if recorded is None:
        return None
    reads = reads_of(trace)
    known = reads & ~np.isnan(recorded)
    if not known.any():
        return None
    found = np.where(known, recorded, np.nan)
    missing = reads & ~known
    if missing.any():
        found[missing] = _medians(trace, recorded, known, missing)[trace.ids[missing]]
    return found


def reads_of(trace: Trace) -> npt.NDArray[np.bool_]:
    """Return which rows are reads, bool of shape (n,)."""
    if trace.operations is None:
        return np.ones(len(trace), np.bool_)
    return np.asarray(trace.operations == Operation.GET)


def _medians(
    trace: Trace,
    recorded: Floats,
    known: npt.NDArray[np.bool_],
    missing: npt.NDArray[np.bool_],
) -> Floats:
    """Return the median time of each key that lacks one somewhere; NaN where it has none."""
    wanted = np.zeros(trace.n_keys, np.bool_)
    wanted[trace.ids[missing]] = True
    rows = np.flatnonzero(known & wanted[trace.ids])
    medians = np.full(trace.n_keys, np.nan)
    if not len(rows):
        return medians
    ids, seconds = trace.ids[rows], recorded[rows]
    order = np.lexsort((seconds, ids))
    ids, seconds = ids[order], seconds[order]
    starts = np.flatnonzero(np.diff(ids, prepend=-1))
    counts = np.diff(starts, append=len(ids))
    medians[ids[starts]] = (seconds[starts + (counts - 1) // 2] + seconds[starts + counts // 2]) / 2
    return medians
