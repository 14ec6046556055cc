"""Archives unpacked within bounds: of what they demand in memory, and of what comes out."""

from __future__ import annotations

from typing import IO, Any

import pyarrow as pa

from perflab.errors import BadInputError
from perflab.primitives.archives import MEMORY_BYTES, ArchiveError, Unpacked
from perflab.units import counted

SUFFIXES = (".gz", ".xz", ".zst", ".zstd", ".bz2")
UNPACK_ERRORS = (ArchiveError, EOFError, OSError, MemoryError)
# Logs and traces pack 5 to 50 times; a bomb packs 1,000 to 30,000 times.
MOST_RATIO = 250
ALWAYS_ALLOWED = 64 << 20


def unpack(packed: str | None, raw: IO[bytes]) -> Any:
    """Return what to read the content of an archive from; of anything else, the file itself."""
    if packed is None:
        return raw
    if packed == "zstd":
        return pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")
    return Unpacked(packed, raw)


def damage(packed: str, error: Exception) -> str:
    """Return what is wrong with an archive that could not be read on."""
    said = str(error)
    if "emory" in said or isinstance(error, MemoryError):
        text = f"the {packed} archive wants more than {MEMORY_BYTES >> 20} MiB of memory"
        return f"{text} to be unpacked; compress it again with a smaller window or dictionary"
    return f"the {packed} archive is cut off or damaged ({said}); fetch it again"


def refuse_bomb(packed: str, packed_bytes: int, unpacked_bytes: int, place: str) -> None:
    """Stop where far more comes out of an archive than out of any log or trace.

    Raises:
        BadInputError: With the bound.
    """
    if unpacked_bytes <= max(ALWAYS_ALLOWED, MOST_RATIO * packed_bytes):
        return
    text = (
        f"the {packed} archive of {counted(packed_bytes, 'byte')} unpacks to more than "
        f"{counted(unpacked_bytes, 'byte')}, over {MOST_RATIO} times its size"
    )
    raise BadInputError(f"{text}; if it is what it should be, unpack it and name the file", place)
