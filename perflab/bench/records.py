"""`Records`: what a session notes of each request, in room that is taken beforehand."""

from __future__ import annotations

import threading
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Records:
    """A row of numbers for each of so many first requests, from any thread.

    All its memory is in use from the start: a run does not grow by what is noted of it, and what
    it is measured to need is the pattern's own.

    Args:
        most: How many rows there is room for; later ones are left out.
        types: The type of each column, as `array` names it: ``d`` and ``f`` for numbers of 8 and 4
            bytes, ``q``, ``I`` and ``B`` for whole ones of 8, 4 and 1.
    """

    def __init__(self, most: int, types: str) -> None:
        self._most = most
        self._columns: list[array[Any]] = [array(kind, [0]) * most for kind in types]
        self._length = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._length

    def add(self, *values: float) -> None:
        """Note a row, if there is room."""
        with self._lock:
            place = self._length
            if place < self._most:
                for column, value in zip(self._columns, values, strict=True):
                    column[place] = value
                self._length = place + 1

    def columns(self, *, ordered: bool) -> list[npt.NDArray[np.float64]]:
        """Return the columns.

        Args:
            ordered: Whether by the values of the first, instead of as they came.
        """
        import numpy as np

        with self._lock:
            found = [np.array(column[: self._length], np.float64) for column in self._columns]
        if not ordered:
            return found
        order = np.argsort(found[0], kind="stable")
        return [column[order] for column in found]
