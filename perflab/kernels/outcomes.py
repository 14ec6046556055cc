"""`Outcomes`: which requests hit, and what a cache holds after each."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt


class Totals(Protocol):
    """What a loop has counted by its end."""

    @property
    def hits(self) -> int:
        """Requests that found a live entry."""

    @property
    def entries(self) -> int:
        """Resident entries at the end."""

    @property
    def bytes(self) -> int:
        """Their size together."""


class Outcomes(NamedTuple):
    """What became of each request.

    Attributes:
        hit: bool of shape (n,), whether it found a live entry.
        entries: int32 of shape (n,), resident entries after it, expired ones that were not removed
            by then included.
        bytes: Their size together after the last one; 0 where sizes are not known.
    """

    hit: npt.NDArray[np.bool_]
    entries: npt.NDArray[np.int32]
    bytes: int = 0

    @classmethod
    def of(cls, history: npt.NDArray[np.int32], totals: Totals) -> Outcomes:
        """Return the outcomes of all requests that a loop has counted.

        Args:
            history: What the loop has filled.
            totals: What the same loop has counted.
        """
        hit = np.empty(len(history), np.bool_)
        entries = np.empty(len(history), np.int32)
        if len(history):
            np.greater(history[1:, 0], history[:-1, 0], out=hit[:-1])
            hit[-1] = totals.hits > history[-1, 0]
            entries[:-1] = history[1:, 1]
            entries[-1] = totals.entries
        return cls(hit, entries, totals.bytes)


def new_history(requests: int) -> npt.NDArray[np.int32]:
    """Return room for the hits and the entries before each request, for a loop to fill."""
    return np.zeros((requests, 2), np.int32)


def history_for(
    ids: npt.NDArray[np.int32], history: npt.NDArray[np.int32] | None
) -> npt.NDArray[np.int32] | None:
    """Return a history after a look at whether compiled code may write to it.

    Where it is None, numba compiles a loop of its own without the lines that write it, so that
    those who only count pay nothing.

    Raises:
        ValueError: If it is not one of `new_history` for so many requests.
    """
    if history is None:
        return None
    if history.dtype != np.int32 or history.shape != (len(ids), 2):
        raise ValueError(f"a history of {history.shape} {history.dtype} for {len(ids)} requests")
    if not (history.flags.c_contiguous and history.flags.writeable):
        raise ValueError("a history is contiguous and may be written to")
    return history
