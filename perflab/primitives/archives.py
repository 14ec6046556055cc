"""Compressed files read in steps: whole, and where one is damaged, all that stands before that."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import IO, Protocol

STEP_BYTES = 1 << 16
MOST_AT_ONCE = 1 << 24
MEMORY_BYTES = 256 << 20
"""What an xz file may demand of the decoder: `xz -9` wants 65 MiB."""
CUT, FOLLOWED = "it ends before its end marker", "something else follows its end"
"""What an `ArchiveError` says where nothing before it can be wrong."""

_GZIP = 31
_SKIPPABLE = b"\x2a\x4d\x18"
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
}


class ArchiveError(Exception):
    """An archive is cut off or damaged; all that stands before was given."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool:
        """Whether a stream is through."""

    @property
    def unused_data(self) -> bytes:
        """What follows the end of a stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return what comes out, at most so many bytes."""


def packed_as(head: bytes) -> str | None:
    """Return how a file is compressed, by its first eight bytes; None for one that is not."""
    # A zstd file may begin with a frame to be skipped, as pzstd writes it.
    if head[1:4] == _SKIPPABLE and 0x50 <= head[0] <= 0x5F:
        return "zstd"
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


class Unpacked:
    """Reads an archive of gzip, xz or bzip2: all its streams, and the padding between them.

    Args:
        packed: As `packed_as` says it.
        raw: The file, at its start; it can be read again from there.
    """

    def __init__(self, packed: str, raw: IO[bytes]) -> None:
        self._packed = packed
        self._raw = raw
        kinds: dict[str, Callable[[], _Decoder]] = {
            "gzip": _Gzip,
            "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY_BYTES),
            "bzip2": bz2.BZ2Decompressor,
        }
        self._new = kinds[packed]
        self._decoder: _Decoder = self._new()
        self._start = raw.tell()
        self._waiting = b""
        self._broken: str | None = None
        self._ended = False
        self._given = 0
        self._careful_from: int | None = None

    def read(self, size: int) -> bytes:
        """Return so many bytes, or all where it is below 0; fewer only at the end or before damage.

        Raises:
            ArchiveError: If the archive is cut off or damaged here.
        """
        parts: list[bytes] = []
        size = sys.maxsize if size < 0 else size
        while size > 0 and not self._ended and self._broken is None:
            found = self._step(min(size, MOST_AT_ONCE))
            self._given += len(found)
            parts.append(found)
            size -= len(found)
        if not any(parts) and self._broken is not None:
            raise ArchiveError(self._broken)
        return b"".join(parts)

    def _step(self, size: int) -> bytes:
        if self._decoder.eof and not self._next_stream():
            return b""
        data, self._waiting = self._waiting, b""
        if self._careful_from is not None and len(data) > 1:
            data, self._waiting = data[:1], data[1:]
        if not data and getattr(self._decoder, "needs_input", True):
            data = self._raw.read(self._next_bytes())
            if not data:
                self._broken = CUT
                return b""
        try:
            return self._decoder.decompress(data, size)
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            if self._careful_from is None:
                return self._again(size)
            self._broken = str(error)
            return b""

    def _next_bytes(self) -> int:
        if self._careful_from is None:
            return STEP_BYTES
        return max(1, min(STEP_BYTES, self._careful_from - self._raw.tell()))

    def _again(self, size: int) -> bytes:
        """Unpack once more from the start, byte by byte near the damage, and return what is new.

        With an error, a decoder gives nothing of what it has made of the same bytes before.
        """
        self._careful_from = max(self._start, self._raw.tell() - 2 * STEP_BYTES)
        self._raw.seek(self._start)
        self._decoder, self._waiting = self._new(), b""
        skipped = 0
        while skipped < self._given and self._broken is None:
            skipped += len(self._step(min(self._given - skipped, MOST_AT_ONCE)))
        return self._step(size) if self._broken is None else b""

    def _next_stream(self) -> bool:
        rest: bytes = self._decoder.unused_data
        # Between streams, and after the last, there may be padding of zeros.
        while not rest.lstrip(b"\0"):
            rest = self._raw.read(STEP_BYTES)
            if not rest:
                self._ended = True
                return False
        self._waiting = rest.lstrip(b"\0")
        if len(self._waiting) < len(b"\xfd7zXZ\x00"):
            self._waiting += self._raw.read(STEP_BYTES)
        if packed_as(self._waiting) != self._packed:
            self._broken = FOLLOWED
            return False
        self._decoder = self._new()
        return True


class _Gzip:
    """zlib's decoder in the shape of those of lzma and bz2."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(_GZIP)

    @property
    def eof(self) -> bool:
        return bool(self._decoder.eof)

    @property
    def needs_input(self) -> bool:
        return not self._decoder.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return bytes(self._decoder.unused_data)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return bytes(self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length))
