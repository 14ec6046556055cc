"""The live side: a real file, written by batches."""

from __future__ import annotations

import tempfile
from pathlib import Path

from perflab.bench import Session
from perflab.settings import LoadSettings
from write_buffer.buffer import WriteBuffer
from write_buffer.records import Records
from write_buffer.settings import WriteBufferSettings


class WriteBufferSession(Session[WriteBufferSettings]):
    """Gives the workload's records to a buffer."""

    def __init__(
        self, settings: WriteBufferSettings, load: LoadSettings, workload: Records
    ) -> None:
        within = "/dev/shm" if load.backend == "shm" and Path("/dev/shm").is_dir() else None
        self._folder = tempfile.TemporaryDirectory(dir=within)
        self._lengths = workload.lengths
        self._body = bytes(int(workload.lengths.max()))
        self._buffer = WriteBuffer(Path(self._folder.name) / "records", settings)

    def request(self, index: int, _due: float) -> str:
        """Give one record to the buffer."""
        wrote = self._buffer.add(self._body[: int(self._lengths[index])])
        return "written" if wrote else "kept"

    def apply(self, settings: WriteBufferSettings, _load: LoadSettings) -> None:
        """Change the running buffer."""
        self._buffer.settings = settings

    def counters(self) -> dict[str, float]:
        """Return the buffer's statistics."""
        return self._buffer.stats()

    def problem(self) -> str | None:
        """Return none: a full disk raises."""
        return None

    def about(self) -> dict[str, str]:
        """Return where the file is."""
        return {"file": "a temporary one"}

    def act(self, _name: str) -> None:
        """Write what waits."""
        self._buffer.flush()

    def close(self) -> None:
        """Remove the file."""
        self._buffer.close()
        self._folder.cleanup()
