"""`WriteBuffer`: records gathered in memory and written together."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from write_buffer.settings import WriteBufferSettings


class WriteBuffer:
    """Appends records to a file, many at a time."""

    def __init__(self, path: Path, settings: WriteBufferSettings) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._counts = {"records": 0, "flushes": 0, "bytes_written": 0}
        self._flush_seconds = 0.0
        self.settings = settings

    def add(self, record: bytes) -> bool:
        """Take a record; return whether it led to a write."""
        with self._lock:
            self._waiting.append(record)
            self._counts["records"] += 1
            limit = self.settings.max_delay
            full = len(self._waiting) >= min(
                self.settings.batch_size, limit + 1 if limit else 10**9
            )
            if full:
                self._write()
            return full

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            if self._waiting:
                self._write()

    def stats(self) -> dict[str, float]:
        """Return counters, and the levels ``buffered_records`` and ``at_risk_bytes``."""
        with self._lock:
            return {
                **self._counts,
                "flush_seconds": self._flush_seconds,
                "buffered_records": len(self._waiting),
                "at_risk_bytes": sum(map(len, self._waiting)),
            }

    def close(self) -> None:
        """Write what waits and close the file."""
        self.flush()
        self._file.close()

    def _write(self) -> None:
        started = time.perf_counter()
        parts = self._waiting
        if not self.settings.compact:
            parts = [len(record).to_bytes(4, "big") + record for record in parts]
        content = b"".join(parts)
        if self.settings.durability != "memory":
            self._file.write(content)
            self._counts["bytes_written"] += len(content)
        if self.settings.durability == "sync":
            os.fsync(self._file.fileno())
        self._waiting = []
        self._counts["flushes"] += 1
        self._flush_seconds += time.perf_counter() - started
