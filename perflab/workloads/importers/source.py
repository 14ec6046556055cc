"""A file to import: opened, unpacked where it is compressed, and read in blocks."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from perflab.settings import BadInputError

Progress = Callable[[int, int], object]

BLOCK_BYTES = 1 << 24
HEAD_BYTES = 1 << 16
MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
}
SUFFIXES = (".gz", ".xz", ".zst", ".zstd", ".bz2")
_UNPACK_ERRORS = (EOFError, OSError, lzma.LZMAError, zlib.error)


class Source:
    """A file that is there, is a file, and is not empty.

    Args:
        path: As the user wrote it; so it stands in errors.
        progress: Called with bytes read and bytes in all; may raise to stop the reading.
        sort: Whether rows of a table are sorted by time, which must else be in order.

    Attributes:
        head: The first bytes of the content, unpacked.
        packed: How it is compressed, or None.

    Raises:
        BadInputError: If it is missing, a folder, empty, unreadable or a broken archive.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        progress: Progress | None = None,
        *,
        sort: bool = False,
    ) -> None:
        self.place = str(path)
        self.sort = sort
        self.path = Path(path).expanduser()
        self._progress = progress
        if self.path.is_dir():
            raise BadInputError("is a folder; name a file in it", self.place)
        try:
            self.total_bytes = self.path.stat().st_size
            with self.path.open("rb") as file:
                self.packed = _packed(file.read(8))
        except OSError as error:
            hint = "; check the spelling" if isinstance(error, FileNotFoundError) else ""
            text = f"cannot be opened ({error.strerror}){hint}"
            raise BadInputError(text, self.place) from None
        self.head = next(self.blocks(HEAD_BYTES), b"")
        if not self.head:
            raise BadInputError("is empty; a trace needs at least one request", self.place)

    @property
    def stem(self) -> str:
        """The file's name without the endings of compression and format."""
        name = self.content_name
        return Path(name).stem.removesuffix(".trace") or name

    @property
    def content_name(self) -> str:
        """The file's name without the ending of the compression."""
        name = self.path.name
        for suffix in SUFFIXES:
            if self.packed and name.lower().endswith(suffix):
                return name[: -len(suffix)]
        return name

    def blocks(self, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
        """Yield the content, unpacked, in blocks of about that many bytes.

        Raises:
            BadInputError: If the archive is cut off or damaged.
        """
        with self.reader() as reader:
            while block := reader.read(block_bytes):
                yield block

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """Open the content, unpacked, as a file to read from."""
        with self.path.open("rb") as raw:
            yield Reader(self, raw)

    def report(self, done: int) -> None:
        """Tell the progress callback how many bytes of the file are read."""
        if self._progress is not None:
            self._progress(min(done, self.total_bytes), self.total_bytes)


class Reader(io.RawIOBase):
    """A source's content as a readable file; it reports progress and looks out for NUL bytes."""

    def __init__(self, source: Source, raw: IO[bytes]) -> None:
        super().__init__()
        self._source = source
        self._raw = raw
        self._content = _unpack(source.packed, raw)
        self.text_only = False
        self.watch: Callable[[bytes], object] | None = None

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, unpacked; none at the end.

        Raises:
            BadInputError: If the archive is broken, or a text is wanted and this is none.
        """
        try:
            block = bytes(self._content.read(size))
        except _UNPACK_ERRORS as error:
            if self._source.packed is None:
                raise BadInputError(f"cannot be read ({error})", self._source.place) from None
            text = f"the {self._source.packed} archive is cut off or damaged ({error})"
            raise BadInputError(f"{text}; fetch it again", self._source.place) from None
        self._source.report(self._raw.tell())
        if self.text_only and b"\0" in block:
            raise BadInputError(BINARY_TEXT, self._source.place)
        if self.watch is not None:
            self.watch(block)
        return block

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as buffered readers ask for it."""
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


BINARY_TEXT = (
    "is binary data, not text; name its format, such as --format int32be "
    "(of int32le, int32be, int64le, int64be, oracle), or convert it to UTF-8 text"
)


def _packed(magic: bytes) -> str | None:
    return next((name for start, name in MAGIC.items() if magic.startswith(start)), None)


def _unpack(packed: str | None, raw: IO[bytes]) -> Any:
    if packed == "gzip":
        return gzip.GzipFile(fileobj=raw)
    if packed == "xz":
        return lzma.LZMAFile(raw)
    if packed == "bzip2":
        return bz2.BZ2File(raw)
    if packed == "zstd":
        return pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")
    return raw
