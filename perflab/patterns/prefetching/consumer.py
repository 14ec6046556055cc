"""What the prefetching bench does with each item: a real transformation, as long as is asked."""

from __future__ import annotations

import sys
import time
import zlib
from typing import Any

import orjson

_LEVEL = 1


class Consumer:
    """Writes an item as JSON and compresses it, again and again until a time has passed.

    Attributes:
        seconds: How long it works on an item at least; it transforms it once at least.
        checksum: Of all that it has made.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.checksum = 0

    def work(self, item: Any, began: float) -> float:
        """Work on one item and return when that was done, as `time.perf_counter` tells it."""
        now = time.perf_counter
        until = began + self.seconds
        while True:
            content = item if isinstance(item, bytes) else orjson.dumps(item, default=repr)
            self.checksum = zlib.adler32(zlib.compress(content, _LEVEL), self.checksum)
            done = now()
            if done >= until:
                return done


def size_of(item: Any) -> int:
    """Return about how many bytes an item takes: its own and those of what it holds."""
    size = sys.getsizeof(item)
    if isinstance(item, (list, tuple)):
        return size + sum(map(sys.getsizeof, item))
    if isinstance(item, dict):
        return size + sum(map(sys.getsizeof, item.values()))
    return size
