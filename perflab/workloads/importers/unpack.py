"""Archives unpacked within bounds: of what they demand in memory, and of what comes out."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from typing import IO, Any

import pyarrow as pa

from perflab.settings import BadInputError

MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
}
SUFFIXES = (".gz", ".xz", ".zst", ".zstd", ".bz2")
UNPACK_ERRORS = (EOFError, OSError, lzma.LZMAError, zlib.error, MemoryError)
# Logs and traces pack 5 to 50 times; a bomb packs 1,000 to 30,000 times.
MOST_RATIO = 250
ALWAYS_ALLOWED = 64 << 20
# `xz -9` wants 65 MiB. Of zstd, 128 MiB (--ultra --long=27) is the decoder's own limit.
XZ_BYTES = 256 << 20
_XZ_STEP = 1 << 16
_XZ_BUFFER = 1 << 20


def packed_as(magic: bytes) -> str | None:
    """Return how a file is compressed, by its first bytes; None for one that is not."""
    return next((name for start, name in MAGIC.items() if magic.startswith(start)), None)


def unpack(packed: str | None, raw: IO[bytes]) -> Any:
    """Return what to read the content of an archive from; of anything else, the file itself."""
    if packed == "gzip":
        return gzip.GzipFile(fileobj=raw)
    if packed == "xz":
        return io.BufferedReader(_Xz(raw), _XZ_BUFFER)
    if packed == "bzip2":
        return bz2.BZ2File(raw)
    if packed == "zstd":
        return pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")
    return raw


def damage(packed: str, error: Exception) -> str:
    """Return what is wrong with an archive that could not be read on."""
    said = str(error)
    if "emory" in said or isinstance(error, MemoryError):
        text = f"the {packed} archive wants more than {XZ_BYTES >> 20} MiB of memory to be unpacked"
        return f"{text}; pack it anew with a smaller window or dictionary"
    return f"the {packed} archive is cut off or damaged ({said}); fetch it again"


def refuse_bomb(packed: str, packed_bytes: int, unpacked_bytes: int, place: str) -> None:
    """Stop where far more comes out of an archive than out of any log or trace.

    Raises:
        BadInputError: With the bound.
    """
    if unpacked_bytes <= max(ALWAYS_ALLOWED, MOST_RATIO * packed_bytes):
        return
    text = (
        f"the {packed} archive of {packed_bytes:,} bytes unpacks to more than "
        f"{unpacked_bytes:,} bytes, over {MOST_RATIO} times its size"
    )
    raise BadInputError(f"{text}; if it is what it should be, unpack it and name the file", place)


class _Xz(io.RawIOBase):
    """The streams of an xz file one after the other, with a limit on the decoder's memory.

    `lzma.LZMAFile` has no such limit, and a file of 100 bytes may demand a dictionary of 1.5 GiB.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__()
        self._raw = raw
        self._decoder = self._new()
        self._waiting = b""

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with what comes next; with nothing at the end."""
        while True:
            if self._decoder.eof and not self._next_stream():
                return 0
            step, self._waiting = self._waiting, b""
            if not step and self._decoder.needs_input:
                step = self._raw.read(_XZ_STEP)
                if not step:
                    raise EOFError("it ends before its end marker")
            found = self._decoder.decompress(step, len(buffer))
            if found:
                buffer[: len(found)] = found
                return len(found)

    def _next_stream(self) -> bool:
        rest = self._decoder.unused_data
        # Between streams, and after the last, there may be padding of zeros.
        while not rest.lstrip(b"\0"):
            rest = self._raw.read(_XZ_STEP)
            if not rest:
                return False
        self._decoder = self._new()
        self._waiting = rest.lstrip(b"\0")
        return True

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_BYTES)
