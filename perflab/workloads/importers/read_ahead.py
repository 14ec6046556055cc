"""`ReadAhead`: a file that Arrow reads in a thread of its own, let go of when nobody is in it."""

from __future__ import annotations

import atexit
import io
import threading
import time
from collections import deque
from typing import IO, Self

_LAST_READ_SECONDS = 0.5
_leaving: deque[tuple[float, threading.Event]] = deque(maxlen=64)
"""Files whose last read may still come, and until when it is waited for."""


class ReadAhead(io.RawIOBase):
    """Passes reads on until it is closed, and ends then.

    Arrow reads ahead in a thread, also after an error has ended the reading here. A thread that is
    in Python when the interpreter goes down aborts the process, so the interpreter's end waits for
    a read that may still come; whether it comes is Arrow's to know.

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
        """Wait for the read that is going on; the one after it is the last."""
        self._over = True
        with self._reading:
            pass
        if not self._at_end.is_set():
            _leaving.append((time.monotonic() + _LAST_READ_SECONDS, self._at_end))


@atexit.register
def _wait_for_last_reads() -> None:
    for until, at_end in _leaving:
        at_end.wait(max(0.0, until - time.monotonic()))
