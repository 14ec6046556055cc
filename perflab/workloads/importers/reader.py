"""`Reader`: a file's content, unpacked, and as valid UTF-8 where a text is wanted."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from typing import IO, Any, Protocol

from perflab.errors import BadInputError
from perflab.units import counted
from perflab.workloads.importers.blanks import BlankMerger
from perflab.workloads.importers.room import SPARE_BYTES, free_memory
from perflab.workloads.importers.unpack import UNPACK_ERRORS, damage, refuse_bomb, unpack
from perflab.workloads.importers.utf8 import BYTE_ORDER_MARK, Repair, looks_binary

BINARY_TEXT = (
    "is binary data, not text; name its format, such as --format int32be "
    "(of int32le, int32be, int64le, int64be, oracle), or convert it to UTF-8 text"
)
# The free memory is looked up once for so many bytes.
CHECKED_EVERY = 32 << 20
LEAST_SHARE = 0.4
LEAST_BYTES = 1 << 12


class Content(Protocol):
    """What a reader knows of its file."""

    place: str
    packed: str | None
    total_bytes: int
    encoding: str | None
    undecodable: bool

    def report(self, done: int) -> None:
        """Tell the progress."""


class Reader(io.RawIOBase):
    r"""A source's content as a readable file; it reports progress and keeps within bounds.

    Args:
        source: The file.
        raw: It, opened.
        text: Whether it is to be text in UTF-8: UTF-16 is decoded, a byte order mark dropped,
            lines that end with CR alone end with LF, and bytes that are not UTF-8 become ``\xNN``.
        escape: What such a byte begins with.
        nul: Whether a text may hold NUL bytes.
        blanks: Whether a text is a table parted by blanks, which becomes one parted by tabs.
    """

    def __init__(
        self,
        source: Content,
        raw: IO[bytes],
        *,
        text: bool = False,
        escape: str = "\\x",
        nul: bool = False,
        blanks: bool = False,
    ) -> None:
        super().__init__()
        self._source = source
        self._raw = raw
        self._content = unpack(source.packed, raw)
        self._nul = nul
        self._text = text
        self._repair = Repair(escape)
        self._blanks = BlankMerger() if blanks else None
        self._wide = (
            codecs.getincrementaldecoder(source.encoding)("backslashreplace")
            if text and source.encoding
            else None
        )
        self._old_lines: bool | None = None
        self._spare = b""
        self._ended = False
        self._unpacked = 0
        self._looked = CHECKED_EVERY
        self._free_first = 0
        self.watch: Callable[[bytes], object] | None = None

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, unpacked; none at the end.

        Raises:
            BadInputError: If the archive is broken or a bomb, the memory is full, or a text is
                wanted and this is none.
        """
        if not self._text:
            return self._next(size)
        # What is escaped is longer than what was requested, and more may not be returned; less is
        # returned at the end alone, as Arrow takes each piece for a block of whole lines.
        while not self._ended and (size < 0 or len(self._spare) < size):
            block = self._next(size if size < 0 else max(size - len(self._spare), LEAST_BYTES))
            self._ended = not block
            more = self._as_text(block)
            self._spare = self._spare + more if self._spare else more
        end = len(self._spare) if size < 0 else min(size, len(self._spare))
        # Arrow drops the LF of a quoted CRLF that two pieces part.
        if end > 1 and self._spare[end - 1 : end] == b"\r" and not self._at_end(end):
            end -= 1
        found, self._spare = self._spare[:end], self._spare[end:]
        if self.watch is not None:
            self.watch(found)
        return found

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as buffered readers ask for it."""
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def _at_end(self, end: int) -> bool:
        """Say whether nothing comes behind so many bytes of what is spare."""
        return self._ended and end == len(self._spare)

    def _next(self, size: int) -> bytes:
        source = self._source
        try:
            block = bytes(self._content.read(size))
        except UNPACK_ERRORS as error:
            if source.packed is None:
                raise BadInputError(f"cannot be read ({error})", source.place) from None
            raise BadInputError(damage(source.packed, error), source.place) from None
        self._unpacked += len(block)
        if source.packed:
            refuse_bomb(source.packed, source.total_bytes, self._unpacked, source.place)
        if self._unpacked >= self._looked:
            self._looked = self._unpacked + CHECKED_EVERY
            free = free_memory()
            self._free_first = self._free_first or free
            # What was read is put together at the end, when it is there twice for a moment.
            if free < max(SPARE_BYTES, LEAST_SHARE * self._free_first):
                text = f"fills the memory ({counted(self._unpacked, 'byte')} were read so far)"
                raise BadInputError(f"{text}; cut a part out of it", source.place)
        source.report(self._raw.tell())
        return block

    def _as_text(self, block: bytes) -> bytes:
        first = self._old_lines is None
        if self._wide is not None:
            block = self._wide.decode(block, final=not block).encode("utf-8", "backslashreplace")
        if first:
            block = block.removeprefix(BYTE_ORDER_MARK)
            self._old_lines = b"\r" in block and b"\n" not in block
        before = self._repair.count
        text = self._repair.feed(block, final=not block)
        if self._repair.count > before:
            self._source.undecodable = True
            if before == 0 and looks_binary(block):
                raise BadInputError(BINARY_TEXT, self._source.place)
        if not self._nul and b"\0" in text:
            raise BadInputError(BINARY_TEXT, self._source.place)
        text = text.replace(b"\r", b"\n") if self._old_lines else text
        return text if self._blanks is None else self._blanks.feed(text, final=not block)
