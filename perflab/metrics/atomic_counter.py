"""A counter that loses nothing when threads share it, for paths that cannot afford a lock."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    _Count = itertools.count[int]
else:
    _Count = itertools.count


class AtomicCounter(_Count):
    """Counts calls of ``next(counter)``, one C call that the interpreter lock makes atomic.

    Costs about 13 ns, a fifth of a counter under a lock. Meant for builds with the interpreter
    lock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reads = 0

    def read(self) -> int:
        """Return how often it was counted up."""
        with self._lock:
            # Looking takes a number as counting does; what looking took is given back.
            value = next(self) - self._reads
            self._reads += 1
        return value
