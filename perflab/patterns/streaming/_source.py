"""The input of a stream: opened, unpacked where it is compressed, and read in blocks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any, Self

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.primitives.archives import ArchiveError, Unpacked, packed_as
from perflab.primitives.regular_file import refuse_special

_OTHERS = {
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a Parquet file",
    b"\x04\x22\x4d\x18": "an lz4 archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"\x1f\x9d": "an archive of compress (.Z)",
}
_WIDE = (b"\xff\xfe", b"\xfe\xff")
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
        full = Path(path).expanduser()
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
        return min(self._raw.tell(), self.total_bytes)

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
            self.cut_off = f"the {self.packed} archive is cut off or damaged here"
            return b""

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _unpack(packed: str | None, raw: IO[bytes]) -> Any:
    if packed is None:
        return raw
    if packed == "zstd":
        with naming_extra("files"):
            import pyarrow as pa  # has the decoder; needed for such files only

        return _Gradual(pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd"))
    return Unpacked(packed, raw)


_STEP = 1 << 16


class _Gradual:
    """Reads in small steps, so that what stands before a cut in an archive is not lost."""

    def __init__(self, content: Any) -> None:
        self._content = content
        self._late: Exception | None = None

    def read(self, size: int) -> bytes:
        if self._late is not None:
            raise self._late
        steps = []
        while size > 0:
            try:
                step = self._content.read(min(size, _STEP))
            except _BROKEN as error:
                self._late = error
                break
            if not step:
                break
            steps.append(bytes(step))
            size -= len(step)
        if not steps and self._late is not None:
            raise self._late
        return b"".join(steps)
