"""What can be read only once, such as a pipe, in a file of its own that can be read again."""

from __future__ import annotations

import io
import os
import select
import stat
import tempfile
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any

from perflab.errors import BadInputError
from perflab.units import counted, in_words
from perflab.workloads.importers.room import free_disk

STEP_BYTES = 1 << 20
CHECKED_EVERY = 64 << 20
# A shell starts the writer and the reader together; who comes later than this is not coming.
WRITER_SECONDS = 3.0
IDLE_SECONDS = 600.0
POLL_SECONDS = 0.05
KEPT = 4
NO_FILE = "is {what}, which cannot be read as a file; name a regular file"
_KINDS = (
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISCHR, "a device or a terminal"),
)
_lock = threading.Lock()
_kept: OrderedDict[tuple[int, int], Spool] = OrderedDict()


class Spool:
    """A temporary file without a name, which goes with its last reader, however that ends.

    Attributes:
        size: How many bytes it holds.
        path: A name for it, while it is there, in this process.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self.size = size
        self.path = Path(f"/dev/fd/{file.fileno()}")

    def open(self) -> IO[bytes]:
        """Return a reader of its own, from the start."""
        return io.BufferedReader(_Spooled(self._file), STEP_BYTES)


class _Spooled(io.RawIOBase):
    """Reads a file from a place of its own, so that several readers do not move each other."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self._place = 0

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def seekable(self) -> bool:
        """Say that it is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        end = os.fstat(self._file.fileno()).st_size
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: end}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the present place."""
        found = os.pread(self._file.fileno(), len(buffer), self._place)
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)


def spooled(path: Path, place: str) -> Spool | None:
    """Return the content of a pipe; None for a regular file.

    A command looks at a file several times, and a pipe gives its content once: what came is kept
    for as long as nothing new comes.

    Raises:
        OSError: If it cannot be opened.
        BadInputError: If it is a device or a socket, nobody writes to it, or it fills the disk.
    """
    seen = path.stat()
    for is_kind, what in _KINDS:
        if is_kind(seen.st_mode):
            raise BadInputError(NO_FILE.format(what=what), place)
    if not stat.S_ISFIFO(seen.st_mode):
        return None
    with _lock:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return _of_pipe(handle, (seen.st_dev, seen.st_ino), place)
        finally:
            os.close(handle)


def _of_pipe(handle: int, who: tuple[int, int], place: str) -> Spool:
    known = _kept.get(who)
    first = _first(handle, 0.0 if known else WRITER_SECONDS, place)
    if not first and known:
        _kept.move_to_end(who)
        return known
    if not first:
        text = "is a pipe that nothing is written to; start its writer first, or name a file"
        raise BadInputError(text, place)
    _kept[who] = made = _copy(handle, first, place)
    if len(_kept) > KEPT:
        _kept.popitem(last=False)
    return made


def _first(handle: int, patience: float, place: str) -> bytes:
    until = time.monotonic() + patience
    while True:
        try:
            found = os.read(handle, STEP_BYTES)
        except BlockingIOError:
            return _next(handle, place)  # there is a writer, who has written nothing so far
        if found or time.monotonic() >= until:
            return found
        time.sleep(POLL_SECONDS)


def _next(handle: int, place: str) -> bytes:
    """Return what comes next; nothing at the end."""
    until = time.monotonic() + IDLE_SECONDS
    while True:
        try:
            return os.read(handle, STEP_BYTES)
        except BlockingIOError:
            if time.monotonic() >= until:
                text = f"is a pipe from which nothing came for {in_words(IDLE_SECONDS, 'seconds')}"
                raise BadInputError(f"{text}; save it to a file", place) from None
            select.select([handle], [], [], 1.0)


def _copy(handle: int, block: bytes, place: str) -> Spool:
    try:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - lives with the spool
        size = checked = 0
        while block:
            if size >= checked:
                room = free_disk(tempfile.gettempdir())
                checked = size + CHECKED_EVERY
                if room < CHECKED_EVERY:
                    text = f"does not fit onto the disk of {tempfile.gettempdir()}"
                    raise BadInputError(
                        f"{text} ({counted(size, 'byte')} so far); save it to a file", place
                    )
            file.write(block)
            size += len(block)
            block = _next(handle, place)
    except OSError as error:
        raise BadInputError(f"cannot be kept for reading ({error.strerror})", place) from None
    return Spool(file, size)
