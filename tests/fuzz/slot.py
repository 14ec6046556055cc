"""A file in memory by which a worker says what it is at, also if it dies the moment after."""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path

HEAD = struct.Struct("<dQQ")
COUNT = struct.Struct("<Q")
MOST_TARGETS = 256
MOST_BYTES = 1 << 20
INPUT_AT = HEAD.size + COUNT.size * MOST_TARGETS


class Slot:
    """The input that is being tried, since when, and how many of each target were tried.

    Args:
        path: The file; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(INPUT_AT + MOST_BYTES))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)

    def begin(self, target: int, data: bytes) -> None:
        """Say that an input is tried from now on, and count it."""
        at = HEAD.size + COUNT.size * target
        COUNT.pack_into(self._memory, at, COUNT.unpack_from(self._memory, at)[0] + 1)
        self._memory[INPUT_AT : INPUT_AT + len(data)] = data
        HEAD.pack_into(self._memory, 0, time.monotonic(), target, len(data))

    def end(self) -> None:
        """Say that none is."""
        HEAD.pack_into(self._memory, 0, 0.0, 0, 0)

    @property
    def started(self) -> float:
        """When the input began to be tried; 0 if none is."""
        return float(HEAD.unpack_from(self._memory, 0)[0])

    @property
    def since(self) -> float:
        """How many seconds the input has been tried; 0 if none is."""
        started = self.started
        return time.monotonic() - started if started else 0.0

    @property
    def current(self) -> tuple[int, bytes] | None:
        """The target and the input that is being tried."""
        started, target, length = HEAD.unpack_from(self._memory, 0)
        return (target, self._memory[INPUT_AT : INPUT_AT + length]) if started else None

    def count(self, target: int) -> int:
        """How many inputs of a target were tried."""
        return int(COUNT.unpack_from(self._memory, HEAD.size + COUNT.size * target)[0])
