"""How much memory and disk is free for what is read."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import psutil

SHARE = 4
SPARE_BYTES = 128 << 20
_GROUP = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Return the bytes that are free on the machine, or in the container where that is less."""
    free = int(psutil.virtual_memory().available)
    # No cgroup of version 2, or no limit in it: the machine's is the limit.
    with contextlib.suppress(OSError, ValueError, KeyError):
        most = int((_GROUP / "memory.max").read_text())
        said = (line.split() for line in (_GROUP / "memory.stat").read_text().splitlines())
        files = {name: int(value) for name, value in said}["inactive_file"]
        free = min(free, most - int((_GROUP / "memory.current").read_text()) + files)
    return max(free, 0)


def most_whole(times: int) -> int:
    """Return how many bytes may be read whole, where each takes `times` as many in memory.

    That is a quarter of the memory that is free.
    """
    return free_memory() // (SHARE * times)


def free_disk(folder: str) -> int:
    """Return the bytes that may be written to a folder's disk, leaving some for others."""
    return max(shutil.disk_usage(folder).free - SPARE_BYTES, 0)
