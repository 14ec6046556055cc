"""Whether a Parquet file can be read without ending the process: tried in another one first.

Some damaged files end any process that asks Arrow for their metadata (an uncaught C++ exception,
so SIGABRT), which no `except` can prevent, and which would take a notebook's kernel along.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

from perflab.errors import BadInputError
from perflab.units import in_words

PATIENCE_SECONDS = 60.0
_MOST_KNOWN = 1000
_CHILD = Path(__file__).with_name("parquet_probe_child.py")
_FINE, _WRONG = b"fine\n", b"wrong\n"

Identity = tuple[int, ...]

_known: dict[Identity, str] = {}
_lock = threading.Lock()


class ParquetProbe:
    """A process that reads Parquet files for others; it ends with the block, or with its parent."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def fault(self, path: str | os.PathLike[str]) -> str:
        """Return what is wrong with a file, in words; nothing where it can be read, or refused.

        Where no process can be started, or it has no Arrow, nothing is known to be wrong.
        """
        process = self._process or self._started()
        if process is None:
            return ""
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(os.fsencode(path).hex().encode() + b"\n")
            process.stdin.flush()
            ready = select.select([process.stdout], [], [], PATIENCE_SECONDS)[0]
            answer = process.stdout.readline() if ready else b""
        except OSError:
            ready, answer = [process.stdout], b""
        if answer == _FINE:
            return ""
        if answer == _WRONG:
            return "values that lie outside of its pages"
        code = self.close()
        if not ready:
            return f"reading it takes longer than {in_words(PATIENCE_SECONDS, 'seconds')}"
        if code >= 0:
            return ""
        return f"reading it ends the process with {signal.Signals(-code).name}"

    def close(self) -> int:
        """End the process and return its status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        with process:
            if process.stdin is not None:
                process.stdin.close()
            try:
                return process.wait(1.0)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()

    def _started(self) -> subprocess.Popen[bytes] | None:
        if not sys.executable:
            return None
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                # Not from this folder: its modules are named as others' may be.
                [sys.executable, "-P", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=-1,
            )
        except OSError:
            return None
        return self._process


def check_parquet(
    path: str | os.PathLike[str], place: str, probe: ParquetProbe | None = None
) -> None:
    """Refuse a Parquet file that would end this process.

    A file that this process wrote or has tried before is not tried again, as long as it is the
    same: by device, inode, size and time of change. One that is missing, or no Parquet, is left
    for its reader to refuse.

    Args:
        path: The file.
        place: What to call it in errors.
        probe: A running process, where several files are to be checked.

    Raises:
        BadInputError: If it is such a file.
    """
    identity = _identity(path)
    if identity is None:
        return
    fault = _known.get(identity)
    if fault is None:
        if probe is None:
            with ParquetProbe() as own:
                fault = own.fault(path)
        else:
            fault = probe.fault(path)
        _keep(identity, fault)
    if fault:
        text = f"is damaged or hostile ({fault}); fetch or make it again"
        raise BadInputError(text, place)


def trust_parquet(path: str | os.PathLike[str]) -> None:
    """Remember that this process wrote a file, so that it need not be tried."""
    identity = _identity(path)
    if identity is not None:
        _keep(identity, "")


def _identity(path: str | os.PathLike[str]) -> Identity | None:
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _keep(identity: Identity, fault: str) -> None:
    with _lock:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[identity] = fault
