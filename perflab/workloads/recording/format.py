"""The file of a part of a recording, which one that is cut off or changed does not pass for.

All numbers are little-endian. A file is:

- 8 bytes, ``perflab`` and a line feed;
- 4 bytes, the CRC-32 of all that follows the next 8;
- 8 bytes, how many follow these;
- 4 bytes, how many the next has;
- the part's `Facts` in JSON, with the number of ``rows``, of ``keys_held``, and the ``bytes`` of
  each column as it stands here;
- the `Columns`, one after the other. Each is a zlib stream of the lowest bytes of all its values,
  then of the next higher ones, and so on: the high ones are alike, and take little room so.
"""

from __future__ import annotations

import json
import math
import struct
import sys
import zlib
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeGuard

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.workloads.recording.columns import TYPE_CODES, UNKNOWN_HIT, UNKNOWN_SIZE, Columns
from perflab.workloads.recording.keys import PLACES
from perflab.workloads.recording.left_out import LeftOutCounts, read_counts
from perflab.workloads.recording.operations import DROP

VERSION = 3
"""Of the file. Version 1 was Parquet; version 2 told reads, as 1, from writes, as 0."""

KEY_FORMAT = 2
MAGIC = b"perflab\n"
MOST_ROWS = 1 << 21
MOST_BYTES = 1 << 27
Column: TypeAlias = "array[int] | array[float]"
_HEAD = struct.Struct("<8sIQ")
_GET, _SET, _TOUCH = int(Operation.GET), int(Operation.SET), int(Operation.TOUCH)
_FACTS_LENGTH = struct.Struct("<I")
_MOST_REQUESTS = 1 << 62
# Hashes do not shrink; the first column is theirs.
_LEVELS = (0, *(1,) * (len(TYPE_CODES) - 1))


class Facts(NamedTuple):
    """What a part says about its rows.

    Attributes:
        limit: The places in its sample: those below.
        requests: How many there were while it was written, for keys not in the sample too; None
            where that is not known.
        left_out: What was seen but is not replayed, by kind and name.
        keys: The version of the form that keys have before they are hashed.
    """

    limit: int
    requests: int | None
    left_out: LeftOutCounts
    keys: int = KEY_FORMAT


def encode(columns: Columns, facts: Facts) -> bytes:
    """Return the content of a part's file."""
    arrays: tuple[Column, ...] = columns
    packed = [_packed(each, level) for each, level in zip(arrays, _LEVELS, strict=True)]
    said = {
        "version": VERSION,
        **facts._asdict(),
        "rows": len(columns.which),
        "keys_held": len(columns.keys),
        "bytes": [len(each) for each in packed],
    }
    text = json.dumps(said).encode()
    body = b"".join((_FACTS_LENGTH.pack(len(text)), text, *packed))
    return _HEAD.pack(MAGIC, zlib.crc32(body), len(body)) + body


def read_file(path: Path) -> tuple[Columns, Facts] | None:
    """Return a part; None where it is damaged.

    Raises:
        BadInputError: If a later perflab wrote it.
    """
    body = _body(path)
    if body is None:
        return None
    try:
        start = _FACTS_LENGTH.size + _FACTS_LENGTH.unpack_from(body)[0]
        said = json.loads(body[_FACTS_LENGTH.size : start])
    except (struct.error, ValueError, RecursionError):
        return None
    facts = read_facts(said, path)
    if facts is None:
        return None
    try:
        return _columns(said, memoryview(body)[start:]), facts
    except (zlib.error, KeyError, TypeError, ValueError):
        return None


def read_facts(said: object, path: Path) -> Facts | None:
    """Return what a part says about its rows; None where it does not say it.

    Raises:
        BadInputError: If a later perflab wrote it.
    """
    if not isinstance(said, Mapping) or not _is_count(said.get("version")):
        return None
    if said["version"] > VERSION:
        text = f"was written by a newer perflab (format {said['version']})"
        raise BadInputError(text, str(path))
    limit, requests, keys = said.get("limit"), said.get("requests"), said.get("keys", 1)
    if not _is_count(limit) or not 1 <= limit <= PLACES:
        return None
    known = requests if _is_count(requests) else None
    return Facts(limit, known, read_counts(said.get("left_out")), keys if _is_count(keys) else 0)


def _body(path: Path) -> bytes | None:
    """Return what follows the head of a part, as long and with the checksum that this says."""
    if not path.is_file():  # a pipe would hold the reader up
        return None
    try:
        with path.open("rb") as file:
            magic, checksum, length = _HEAD.unpack(file.read(_HEAD.size))
            body = file.read(min(length, MOST_BYTES) + 1)
    except (OSError, struct.error):
        return None
    whole = magic == MAGIC and len(body) == length and zlib.crc32(body) == checksum
    return body if whole else None


def _columns(said: Mapping[str, Any], data: memoryview) -> Columns:
    """Return the columns that stand in a file.

    Raises:
        ValueError: If they are not those that are said; other errors where nothing is.
    """
    rows, held, lengths = said["rows"], said["keys_held"], said["bytes"]
    if not _is_count(rows) or not _is_count(held) or not held <= rows <= MOST_ROWS:
        raise ValueError(rows)
    if not all(map(_is_count, lengths)) or sum(lengths) != len(data):
        raise ValueError(lengths)
    found: list[array[Any]] = []
    for code, length in zip(TYPE_CODES, lengths, strict=True):
        found.append(_unpacked(data[:length], code, rows if found else held))
        data = data[length:]
    columns = Columns(*found)
    bounds = (
        (len(columns.keys), columns.which),
        (DROP, columns.code),  # which is never written
        (UNKNOWN_HIT + 1, columns.hit),
    )
    if any(max(values, default=-1) >= bound for bound, values in bounds):
        raise ValueError(bounds)
    return columns if said["version"] > 2 else with_codes(columns)


def with_codes(columns: Columns) -> Columns:
    """Return columns of which reads were 1 and writes 0; a write of a lifetime alone renewed it."""
    rows = zip(columns.code, columns.size, columns.ttl, strict=True)
    codes = [
        _GET if read else _TOUCH if size == UNKNOWN_SIZE and not math.isnan(ttl) else _SET
        for read, size, ttl in rows
    ]
    return columns._replace(code=array("B", codes))


def _planes(width: int) -> range:
    return range(width) if sys.byteorder == "little" else range(width - 1, -1, -1)


def _packed(values: Column, level: int) -> bytes:
    data, width = values.tobytes(), values.itemsize
    return zlib.compress(b"".join([data[i::width] for i in _planes(width)]), level)


def _unpacked(data: memoryview, code: str, count: int) -> Column:
    values: Column = array(code)
    width = values.itemsize
    stream = zlib.decompressobj()
    planes = stream.decompress(data, count * width + 1)
    if len(planes) != count * width or not stream.eof or stream.unused_data:
        raise ValueError(code)
    content = bytearray(len(planes))
    for number, i in enumerate(_planes(width)):
        content[i::width] = planes[number * count : (number + 1) * count]
    values.frombytes(content)
    return values


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_REQUESTS
