"""`Outcomes`: which requests hit, and what a cache holds after each."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

_NONE = np.empty((0, 2), np.int32)


class Totals(Protocol):
    """What a loop has counted by its end."""

    @property
    def hits(self) -> int:
        """Requests that found a live entry."""

    @property
    def entries(self) -> int:
        """Resident entries at the end."""


class Outcomes(NamedTuple):
    """What became of each request.

    Attributes:
        hit: bool of shape (n,), whether it found a live entry.
        entries: int64 of shape (n,), resident entries after it, expired ones that were not removed
            by then included.
    """

    hit: npt.NDArray[np.bool_]
    entries: npt.NDArray[np.int64]

    @classmethod
    def of(cls, history: npt.NDArray[np.int32], totals: Totals) -> Outcomes:
        """Return the outcomes of all requests that a loop has counted.

        Args:
            history: What the loop has filled.
            totals: What the same loop has counted.
        """
        end = np.array([[totals.hits, totals.entries]], np.int32)
        after = np.concatenate([history[1:], end]) if len(history) else history
        return cls(after[:, 0] > history[:, 0], after[:, 1].astype(np.int64))


def new_history(requests: int) -> npt.NDArray[np.int32]:
    """Return room for the hits and the entries before each request, for a loop to fill."""
    return np.zeros((requests, 2), np.int32)


def history_for(
    ids: npt.NDArray[np.int32], history: npt.NDArray[np.int32] | None
) -> npt.NDArray[np.int32]:
    """Return a history that compiled code may write to; an empty one where none is kept.

    Raises:
        ValueError: If it is not one of `new_history` for so many requests.
    """
    if history is None:
        return _NONE
    if history.dtype != np.int32 or history.shape != (len(ids), 2):
        raise ValueError(f"a history of {history.shape} {history.dtype} for {len(ids)} requests")
    if not (history.flags.c_contiguous and history.flags.writeable):
        raise ValueError("a history is contiguous and may be written to")
    return history
