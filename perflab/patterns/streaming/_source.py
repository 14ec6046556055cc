"""The input of a stream: opened, unpacked where it is compressed, and read in blocks."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Protocol, Self

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.files import expanded
from perflab.primitives.archives import CUT, FOLLOWED, ArchiveError, Unpacked, packed_as
from perflab.primitives.regular_file import refuse_special

if TYPE_CHECKING:
    import pyarrow as pa

_OTHERS = {
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a Parquet file",
    b"\x04\x22\x4d\x18": "an lz4 archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"\x1f\x9d": "an archive of compress (.Z)",
}
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_CUT = (CUT, "Truncated compressed stream")
_BROKEN = (ArchiveError, EOFError, OSError)


class Source:
    """A file that is read once from start to end.

    Attributes:
        place: The path as the user wrote it.
        packed: ``gzip``, ``xz``, ``zstd``, ``bzip2``, or none.
        total_bytes: The file's size.
        cut_off: Why the archive ended before its end, once that was seen; else none.

    Raises:
        BadInputError: If it is missing, a folder, empty, unreadable, or no text in UTF-8.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.place = os.fspath(path)
        full = expanded(path)
        if "\0" in self.place:
            raise BadInputError("holds a NUL byte, which no name of a file has", self.place)
        if full.is_dir():
            raise BadInputError("is a folder; name a file in it", self.place)
        refuse_special(full, self.place)
        try:
            self.total_bytes = full.stat().st_size
            self._raw: IO[bytes] = full.open("rb")
        except OSError as error:
            hint = "; check the spelling" if isinstance(error, FileNotFoundError) else ""
            raise BadInputError(f"cannot be opened ({error.strerror}){hint}", self.place) from None
        head = self._raw.read(8)
        self._raw.seek(0)
        self.packed = packed_as(head)
        self.cut_off: str | None = None
        self._done = 0
        problem = next((what for magic, what in _OTHERS.items() if head.startswith(magic)), None)
        if not head:
            problem = "empty, not even a header"
        elif head.startswith(_WIDE):
            problem = "not UTF-8 but UTF-16; save it as UTF-8"
        if problem is not None:
            self.close()
            raise BadInputError(f"is {problem}; a CSV is wanted", self.place)
        self._content = _unpack(self.packed, self._raw)

    @property
    def done_bytes(self) -> int:
        """How many bytes of the file have been read."""
        self._done = max(self._done, min(self._raw.tell(), self.total_bytes))
        return self._done

    def read(self, size: int) -> bytes:
        """Return about so many bytes, unpacked; none at the end, or where the archive is cut off.

        Raises:
            BadInputError: If the disk fails.
        """
        try:
            return bytes(self._content.read(size))
        except _BROKEN as error:
            if self.packed is None:
                text = f"cannot be read ({getattr(error, 'strerror', None) or error})"
                raise BadInputError(text, self.place) from None
            self.cut_off = f"the {self.packed} archive {_what_is_wrong(str(error))}"
            return b""

    def put_back(self, size: int) -> bool:
        """Have the last bytes that were read come once more; say whether they will.

        Those of an archive do not.
        """
        if self.packed is None:
            self._raw.seek(-size, os.SEEK_CUR)
        return self.packed is None

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _what_is_wrong(error: str) -> str:
    if any(text in error for text in _CUT):
        return "is cut off here"
    if FOLLOWED in error:
        return "ends here, but other bytes follow"
    # Most damage shows late only, by a checksum at the end of a part.
    return "is damaged here (rows shortly before may be wrong)"


class _Content(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _unpack(packed: str | None, raw: IO[bytes]) -> _Content:
    if packed is None:
        return raw
    return _Zstd(raw) if packed == "zstd" else Unpacked(packed, raw)


_STEP = 1 << 16


class _Zstd:
    """Reads in small steps, so that what stands before damage in an archive is not lost.

    With an error, the decoder gives nothing of what it has made of the same bytes before; so the
    file is unpacked once more up to there, and the last bytes one by one.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        with naming_extra("files"):
            import pyarrow as pa  # has the decoder; needed for such files only

        self._arrow = pa
        self._raw = _Sparing(raw)
        self._content = self._open()
        self._given = 0
        self._late: Exception | None = None

    def read(self, size: int) -> bytes:
        steps = []
        while size > 0 and self._late is None:
            step = self._step(min(size, _STEP))
            if not step:
                break
            steps.append(step)
            size -= len(step)
        if not steps and self._late is not None:
            raise self._late
        return b"".join(steps)

    def _open(self) -> pa.CompressedInputStream:
        source = self._arrow.PythonFile(self._raw, mode="r")
        return self._arrow.CompressedInputStream(source, "zstd")

    def _step(self, size: int) -> bytes:
        try:
            found = bytes(self._content.read(1 if self._raw.spared else size))
        except _BROKEN as error:
            if self._raw.spared:
                self._late = error
                return b""
            return self._again()
        self._given += len(found)
        return found

    def _again(self) -> bytes:
        self._raw.spare()
        self._content = self._open()
        skipped = 0
        while skipped < self._given:
            skipped += len(self._content.read(min(self._given - skipped, _STEP)))
        return self._step(1)


class _Sparing:
    """A file that can be read again from its start, and then gives its last bytes one by one."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._from: int | None = None
        self.closed = False

    @property
    def spared(self) -> bool:
        """Whether it is read again."""
        return self._from is not None

    def spare(self) -> None:
        """Begin again; from shortly before the present place on, give bytes one by one."""
        self._from = max(0, self._raw.tell() - _STEP)
        self._raw.seek(0)

    def close(self) -> None:
        """Stay open: Arrow closes its file with the decoder, and another one reads on here."""

    def read(self, size: int) -> bytes:
        """Return at most so many bytes."""
        if self._from is not None:
            size = max(1, min(size, self._from - self._raw.tell()))
        return self._raw.read(size)
