"""`ReadAhead`: a file that Arrow reads in a thread of its own, let go of when nobody is in it."""

from __future__ import annotations

import io
import threading
from typing import IO, Self

_LAST_READ_SECONDS = 0.5


class ReadAhead(io.RawIOBase):
    """Passes reads on until it is closed, and ends then.

    Arrow reads ahead in a thread, also after an error has ended the reading here. A thread that is
    in Python when the interpreter goes down aborts the process, so the end waits for it.

    Args:
        file: What is read; it stays open.
    """

    def __init__(self, file: IO[bytes] | io.RawIOBase) -> None:
        super().__init__()
        self._file = file
        self._reading = threading.Lock()
        self._over = False
        self._at_end = threading.Event()

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none at the end, or once it is over."""
        with self._reading:
            found = b"" if self._over else self._file.read(size)
            if not found:
                self._at_end.set()
            return found or b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the read that is going on, and for the one after it, which is the last."""
        self._over = True
        with self._reading:
            pass
        self._at_end.wait(_LAST_READ_SECONDS)
