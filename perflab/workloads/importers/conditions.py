"""Operations that depend on what is there: decided by what the file says of each key before."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from perflab.operations import Operation
from perflab.workloads.recording.operations import (
    ADD,
    FROM,
    KEPT,
    REPLACE,
    TOUCH_LONGER,
    TOUCH_SHORTER,
    TOUCH_WITH,
    TOUCH_WITHOUT,
)

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
_GONE = -math.inf


def decided(
    ids: npt.NDArray[np.int32], codes: Codes, times: Floats | None, ttls: Floats | None
) -> tuple[Codes, Floats | None, npt.NDArray[np.bool_] | None]:
    """Return codes of `Operation`, lifetimes, and which rows did something; None where all did.

    A key of which nothing is known yet may be there or not: what is done to it is then done. A
    lifetime that is kept is none where the key was not there.

    Args:
        ids: The key of each row.
        codes: Those of `Operation` and of `perflab.workloads.recording.operations`.
        times: Seconds, in order; without them nothing expires.
        ttls: Seconds, NaN where not said, `KEPT` or `TAKEN`.
    """
    open_rows = codes > Operation.WRITE
    if ttls is not None:
        open_rows |= ttls < 0
    if not open_rows.any():
        return codes, ttls, None
    codes = codes.copy()
    lifetimes = np.full(len(ids), np.nan) if ttls is None else ttls.copy()
    concerned = np.zeros(int(ids.max()) + 1, np.bool_)
    concerned[ids[open_rows]] = True
    rows = np.flatnonzero(concerned[ids] & (codes != Operation.GET) & (codes != Operation.WRITE))
    moments = np.zeros(len(rows)) if times is None else times[rows]
    kept = np.ones(len(ids), np.bool_)
    until: dict[int, float] = {}
    named: float | None = None
    columns = (rows, ids[rows], codes[rows], lifetimes[rows], moments)
    for row, key, code, ttl, now in zip(*(column.tolist() for column in columns), strict=True):
        ends = until.get(key)
        if code == FROM:
            named, kept[row] = ends, False
            continue
        if not _applies(code, ends, now, ttl):
            kept[row] = False
            continue
        if code == Operation.DELETE:
            until[key] = _GONE
            continue
        if ttl < 0:
            left = ends if ttl == KEPT else named
            ttl = left - now if left is not None and left > now else math.inf  # noqa: PLW2901
            lifetimes[row] = ttl
        touches = code == Operation.TOUCH or code >= TOUCH_WITHOUT
        codes[row] = Operation.TOUCH if touches else Operation.SET
        if not (touches and ends is not None and ends <= now):
            until[key] = now + (math.inf if math.isnan(ttl) else ttl)
    return codes, None if ttls is None else lifetimes, None if kept.all() else kept


def _applies(code: int, ends: float | None, now: float, ttl: float) -> bool:
    """Say whether an operation does something to a key that is there until a moment."""
    if ends is None or code < ADD:
        return True
    there = ends > now
    if code == ADD:
        return not there
    if code == REPLACE or not there:
        return there
    return {
        TOUCH_WITHOUT: ends == math.inf,
        TOUCH_WITH: ends < math.inf,
        TOUCH_LONGER: now + ttl > ends,
        TOUCH_SHORTER: now + ttl < ends,
    }[code]
