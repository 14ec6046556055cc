"""Resident memory of another process over time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Self

_MEBIBYTE = 2**20
_AT_ONCE = 0.001
"""Seconds that memory_usage sleeps after its look."""


class MemorySampler:
    """Samples the resident memory of a process from a daemon thread of this one.

    It reads through memory-profiler, which is imported when sampling begins, or through psutil
    where that is not installed. It ends by itself, quietly, when the process has died or may not be
    looked at.

    Args:
        pid: The process to look at.
        interval: Seconds between two samples.
        most: So many of the newest samples are kept.
    """

    def __init__(self, pid: int, interval: float = 0.1, most: int = 10_000) -> None:
        if interval <= 0:
            raise ValueError(f"interval={interval}: seconds between two samples are above 0")
        self.pid = pid
        self.interval = interval
        self._samples: deque[tuple[float, int]] = deque(maxlen=most)
        self._peak = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample, name=f"memory-of-{pid}", daemon=True)

    def start(self) -> Self:
        """Begin to sample; returns itself."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End sampling; what was sampled stays."""
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether it still samples."""
        return self._thread.is_alive()

    @property
    def latest_bytes(self) -> int:
        """The last sample; 0 before the first."""
        return self._samples[-1][1] if self._samples else 0

    @property
    def peak_bytes(self) -> int:
        """The largest sample; 0 before the first."""
        return self._peak

    def samples(self) -> list[tuple[float, int]]:
        """Return the samples that are kept: seconds of `time.time`, and bytes."""
        return list(self._samples)

    def _sample(self) -> None:
        import psutil

        look = looker()
        while not self._stopping.is_set():
            at = time.time()
            try:
                size = look(self.pid)
            except (psutil.Error, OSError):
                return
            if not size:
                return
            self._peak = max(self._peak, size)
            self._samples.append((at, size))
            self._stopping.wait(self.interval)


def looker() -> Callable[[int], int]:
    """Return what reads the resident bytes of a process by its number.

    A process that may not be looked at has 0, as has one that is dead and not yet reaped.
    """
    try:
        # Imported here because memory_profiler imports IPython.
        from memory_profiler import memory_usage
    except ModuleNotFoundError:
        return _by_psutil
    return lambda pid: round(
        (memory_usage(pid, interval=_AT_ONCE, max_iterations=1)[0] or 0) * _MEBIBYTE
    )


def _by_psutil(pid: int) -> int:
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.AccessDenied:
        return 0
