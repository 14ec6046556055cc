"""`Scratch`: memory that scans of a file work in, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Flags = npt.NDArray[np.bool_]
    Bytes = npt.NDArray[np.uint8]
    Places = npt.NDArray[np.int64]


class Scratch:
    """Arrays that one scan after the other works in; each asks for them and overwrites them.

    New arrays for each scan would cost more than the scan: the system takes large ones back at
    once, and clears their pages when it hands them out again. One thread at a time may use it.
    """

    def __init__(self) -> None:
        self._flags = np.empty((2, 0), np.bool_)
        self._bytes = np.empty(0, np.uint8)
        self._places = np.empty((2, 0), np.int64)

    def flags(self, size: int) -> tuple[Flags, Flags]:
        """Return two arrays of so many flags, of any value."""
        if self._flags.shape[1] < size:
            self._flags = np.empty((2, size), np.bool_)
        return self._flags[0, :size], self._flags[1, :size]

    def bytes(self, size: int) -> Bytes:
        """Return an array of so many bytes, of any value."""
        if len(self._bytes) < size:
            self._bytes = np.empty(size, np.uint8)
        return self._bytes[:size]

    def places(self, size: int) -> tuple[Places, Places]:
        """Return two arrays of so many offsets, of any value."""
        if self._places.shape[1] < size:
            self._places = np.empty((2, size), np.int64)
        return self._places[0, :size], self._places[1, :size]
