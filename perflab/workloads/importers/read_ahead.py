"""`ReadAhead`: a file that Arrow reads in a thread of its own, let go of when nobody is in it."""

from __future__ import annotations

import atexit
import io
import sys
import threading
import time
from collections import deque
from typing import IO, Self

_LAST_READ_SECONDS = 0.5
_SETTLE_SECONDS = 0.05
"""What Arrow's thread takes to let go of the last bytes, for which it needs the interpreter."""
_leaving: deque[tuple[float, ReadAhead]] = deque(maxlen=64)
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
        self._reader: int | None = None

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none at the end, or once it is over."""
        with self._reading:
            self._reader = threading.get_ident()
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
        # Also where the last read has begun: its thread may not have left Python yet.
        _leaving.append((time.monotonic() + _LAST_READ_SECONDS, self))

    def wait(self, until: float) -> None:
        """Wait for the last read, and until its thread has left Python.

        Args:
            until: When to give up, on the monotonic clock.
        """
        self._at_end.wait(max(0.0, until - time.monotonic()))
        while self._reader in sys._current_frames() and time.monotonic() < until:  # noqa: SLF001
            time.sleep(0.001)


@atexit.register
def _wait_for_last_reads() -> None:
    recent = [(until, ahead) for until, ahead in _leaving if until > time.monotonic()]
    for until, ahead in recent:
        ahead.wait(until)
    if recent:
        time.sleep(_SETTLE_SECONDS)
