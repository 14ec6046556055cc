"""A file to import: opened, unpacked where it is compressed, and read in blocks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from perflab.callbacks import Progress
from perflab.errors import BadInputError
from perflab.primitives.archives import packed_as
from perflab.units import counted
from perflab.workloads.importers.blanks import BLANK
from perflab.workloads.importers.reader import BINARY_TEXT, Reader
from perflab.workloads.importers.reading import Reading
from perflab.workloads.importers.room import most_whole
from perflab.workloads.importers.spool import spooled
from perflab.workloads.importers.unpack import SUFFIXES
from perflab.workloads.importers.utf8 import wide_encoding
from perflab.workloads.importers.wrapped import Wrapper

__all__ = ["BINARY_TEXT", "BLOCK_BYTES", "HEAD_BYTES", "Reader", "Source"]


BLOCK_BYTES = 1 << 24
HEAD_BYTES = 1 << 16


class Source:
    """A file that is there, is a file or a pipe, and is not empty.

    Args:
        path: As the user wrote it; so it stands in errors.
        progress: Called with bytes read and bytes in all; may raise to stop the reading.
        sort: Whether rows of a table are sorted by time, which must else be in order.
        reading: What the user says of how it is to be read.

    Attributes:
        wrapper: What takes each line out of what a container or logger put around it, or None.
        path: Where it is; of a pipe, where its content is.
        head: The first bytes of the content, unpacked; of UTF-16, as UTF-8.
        packed: How it is compressed, or None.
        encoding: Which UTF-16 it is, or None.
        undecodable: Whether bytes that are not UTF-8 were seen in it.

    Raises:
        BadInputError: If it is missing, a folder, empty, unreadable or a broken archive.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        progress: Progress | None = None,
        *,
        sort: bool = False,
        reading: Reading | None = None,
    ) -> None:
        self.place = str(path)
        self.sort = sort
        self.reading = reading or Reading()
        self.wrapper: Wrapper | None = None
        self._progress = progress
        self.encoding: str | None = None
        self.undecodable = False
        try:
            self.path = Path(path).expanduser()
            self._name = self.path.name
            if self.path.is_dir():
                raise BadInputError("is a folder; name a file in it", self.place)
            self._spool = spooled(self.path, self.place)
            self.total_bytes = self._spool.size if self._spool else self.path.stat().st_size
            with self._open() as file:
                self.packed = packed_as(file.read(8))
            if self._spool:
                self.path = self._spool.path
        except OSError as error:
            hint = "; check the spelling" if isinstance(error, FileNotFoundError) else ""
            text = f"cannot be opened ({error.strerror}){hint}"
            raise BadInputError(text, self.place) from None
        except (ValueError, RuntimeError) as error:
            if isinstance(error, BadInputError):
                raise
            # A NUL in the name, or a home folder that nobody has.
            text = f"is not the name of a file ({error}); check the spelling"
            raise BadInputError(text, repr(self.place)) from None
        self.head = next(self.blocks(HEAD_BYTES), b"")
        if not self.head:
            raise BadInputError("is empty; a trace needs at least one request", self.place)
        self.encoding = wide_encoding(self.head)
        if self.encoding:
            self.head = self.head[2:].decode(self.encoding, "ignore").encode("utf-8", "replace")

    @property
    def time_unit(self) -> str | None:
        """The unit of its times, where the user named it."""
        return self.reading.time_unit

    @property
    def stem(self) -> str:
        """The file's name without the endings of compression and format."""
        name = self.content_name
        return Path(name).stem.removesuffix(".trace") or name

    @property
    def content_name(self) -> str:
        """The file's name without the ending of the compression."""
        name = self._name
        for suffix in SUFFIXES:
            if self.packed and name.lower().endswith(suffix):
                return name[: -len(suffix)]
        return name

    def blocks(self, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
        """Yield the content, unpacked and else as it is, in blocks of about that many bytes.

        Raises:
            BadInputError: If the archive is cut off or damaged.
        """
        with self.reader(text=False) as reader:
            while block := reader.read(block_bytes):
                yield block

    def whole(self, times: int, escape: str = "\\x", *, text: bool = True) -> bytes:
        """Return the content in one piece.

        Args:
            times: How many bytes of memory each byte of it takes, when it is understood.
            escape: What bytes that are not UTF-8 begin with.
            text: Whether it is made a text in UTF-8.

        Raises:
            BadInputError: If it is larger than a quarter of the memory that is free allows.
        """
        most = most_whole(times)
        parts, size = [], 0
        with self.reader(text=text, escape=escape) as reader:
            while block := reader.read(BLOCK_BYTES):
                parts.append(block)
                size += len(block)
                if size > most:
                    said = (
                        f"is longer than {counted(most, 'byte')}, the most that is read whole: in "
                        f"memory it takes {times} times as many, and a quarter of what is free may "
                        "be used"
                    )
                    raise BadInputError(f"{said}; cut a part out of it", self.place)
        return b"".join(parts)

    @contextmanager
    def reader(
        self, *, text: bool = True, escape: str = "\\x", nul: bool = False
    ) -> Iterator[Reader]:
        """Open the content, unpacked, as a file to read from; see `Reader`."""
        with self._open() as raw:
            blanks = text and self.reading.separator == BLANK
            yield Reader(self, raw, text=text, escape=escape, nul=nul, blanks=blanks)

    def report(self, done: int) -> None:
        """Tell the progress callback how many bytes of the file are read."""
        if self._progress is not None:
            self._progress(min(done, self.total_bytes), self.total_bytes)

    def _open(self) -> IO[bytes]:
        return self._spool.open() if self._spool else self.path.open("rb")
