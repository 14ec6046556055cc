"""Whole numbers in binary, one key a request: 32 or 64 bits, of either byte order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.units import counted, grouped
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.encoding import encode_integers
from perflab.workloads.kinds.trace import Trace

DTYPES = {"int32le": "<i4", "int32be": ">i4", "int64le": "<i8", "int64be": ">i8"}
# Numbers of blocks and of objects are below; hashes, and other formats read as this one, are not.
PLAUSIBLE = 1 << 48
# Records of other formats have up to so many numbers, and these many show that one is a time.
MOST_FIELDS = 8
ORDINALS = {2: "2nd", 3: "3rd", 4: "4th", 5: "5th", 6: "6th", 7: "7th", 8: "8th"}
FEWEST_RECORDS = 64


def read_binary(source: Source, kind: str) -> Trace:
    """Read a key from every 4 or 8 bytes.

    Args:
        source: The file.
        kind: ``int32le``, ``int32be``, ``int64le`` or ``int64be``.

    Raises:
        BadInputError: If the length is no multiple of the width.
    """
    parts = records(source, np.dtype(DTYPES[kind]), kind)
    numbers = np.concatenate([part.astype(np.int64) for part in parts])
    ids, keys = encode_integers(numbers)
    return Trace(source.stem, ids, len(keys), keys=keys, notes=_doubts(numbers, keys))


def records(source: Source, dtype: np.dtype[Any], what: str) -> Iterator[npt.NDArray[Any]]:
    """Yield the records of a file of equal ones, in blocks.

    Args:
        source: The file.
        dtype: A record.
        what: The format, for the error.

    Raises:
        BadInputError: If the length is no multiple of the width.
    """
    width, size, rest = dtype.itemsize, 0, b""
    for block in source.blocks():
        size += len(block)
        content = rest + block
        whole = len(content) // width * width
        rest = content[whole:]
        yield np.frombuffer(content[:whole], dtype)
    if rest:
        text = f"{counted(size, 'byte')} are not a multiple of {width}, the width of {what}"
        raise BadInputError(f"{text}; it is cut off, or of another format", source.place)


def _doubts(numbers: npt.NDArray[np.int64], keys: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """Return notes on what is seldom so in a file of keys alone."""
    said = []
    odd = int(np.count_nonzero((keys < 0) | (keys >= PLAUSIBLE)))
    if odd:
        said.append(
            f"{grouped(odd)} of {counted(len(keys), 'key')} are negative or beyond 2^48 "
            f"({grouped(keys.min())} to {grouped(keys.max())}): hashes, or the file is of another "
            "format"
        )
    fields = _fields(numbers)
    if fields:
        said.append(
            f"every {ORDINALS[fields]} number rises steadily, as times do in records of {fields} "
            "numbers: is the file of keys alone?"
        )
    return tuple(said)


def _fields(numbers: npt.NDArray[np.int64]) -> int:
    """Return how many numbers a record seems to have: one of them never falls; 0 if none does."""
    looked_at = numbers[: MOST_FIELDS * FEWEST_RECORDS * 16]
    if bool(np.all(looked_at[1:] >= looked_at[:-1])):
        return 0
    for fields in range(2, MOST_FIELDS + 1):
        table = looked_at[: len(looked_at) // fields * fields].reshape(-1, fields)
        if len(table) < FEWEST_RECORDS:
            return 0
        steps = np.diff(table, axis=0)
        steady = (steps >= 0).all(axis=0) & (np.count_nonzero(steps, axis=0) > len(table) // 2)
        if steady.any():
            return fields
    return 0
