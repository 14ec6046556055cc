"""Traces of libCacheSim: its binary oracleGeneral, and the CSV of the same columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.errors import BadInputError
from perflab.units import grouped
from perflab.workloads.importers.binary import records
from perflab.workloads.importers.requests import Parsed, Requests
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.encoding import encode_integers
from perflab.workloads.kinds.trace import Trace

RECORD = np.dtype([("time", "<u4"), ("key", "<u8"), ("size", "<u4"), ("next", "<i8")])
LINE = (
    r"^\s*(?P<time>\d{1,12}(?:\.\d*)?)\s*,\s*(?P<key>[^,\s]+)\s*,\s*(?P<size>\d{1,18})"
    r"\s*(?:,\s*-?\d+\s*)?$"
)
KINDS = {"time": np.float64, "key": np.int64, "size": np.int64}
NO_NEXT = -1
HEADING = r"^\s*#|^\s*[A-Za-z_ ]+,"


def read_oracle(source: Source) -> Trace:
    """Read oracleGeneral: records of time (s), object, size (bytes) and next access, 24 bytes each.

    Objects are unsigned 64-bit numbers; those of 2^63 and above become negative keys. The next
    access is not used: perflab computes it.

    Raises:
        BadInputError: If the length is no multiple of 24, times run backwards, or next accesses lie
            behind.
    """
    parts: dict[str, list[npt.NDArray[Any]]] = {"time": [], "key": [], "size": []}
    seen = 0
    for found in records(source, RECORD, "a record"):
        _check_next(source.place, found, seen)
        seen += len(found)
        for name, kept in parts.items():
            kept.append(found[name].astype(KINDS[name]))
    columns = {name: np.concatenate(kept) for name, kept in parts.items()}
    times = columns["time"]
    late = np.flatnonzero(times[1:] < times[:-1])
    if len(late):
        place = f"{source.place}: record {late[0] + 2}"
        raise BadInputError("the time runs backwards; is it of the format oracle?", place)
    ids, keys = encode_integers(columns["key"])
    return Trace(source.stem, ids, len(keys), times, columns["size"], keys=keys)


def _check_next(place: str, found: npt.NDArray[Any], start: int) -> None:
    """Refuse records of which most name a next access that lies behind them."""
    following = found["next"]
    # Some writers fill in one number where they do not know it.
    if len(following) == 0 or bool(np.all(following == following[0])):
        return
    ahead = following > np.arange(start, start + len(following))
    wrong = ~(ahead | (following == NO_NEXT))
    if np.count_nonzero(wrong) * 2 > len(found):
        first = start + int(np.argmax(wrong))
        text = f"the next access, {grouped(following[first - start])}, lies before its own record"
        raise BadInputError(f"{text}; is it of the format oracle?", f"{place}: record {first + 1}")


def read_oracle_csv(source: Source) -> Trace:
    """Read lines of time, object, size and, if there, next access; a first line may name them.

    Raises:
        BadInputError: If most lines do not parse.
    """
    requests = Requests(source, "of time, object, size and next access", heading=HEADING)
    requests.read(_parse)
    return requests.trace()


def _parse(lines: pa.Array) -> Parsed:
    fields = pc.extract_regex(lines, LINE)
    good = np.array(fields.is_valid().to_numpy(zero_copy_only=False))
    mask = pa.array(good)

    def kept(name: str) -> Any:
        return fields.field(name).filter(mask).cast(pa.string())

    return good, {
        "key": kept("key"),
        "time": kept("time").cast(pa.float64()).to_numpy(zero_copy_only=False),
        "size": kept("size").cast(pa.int64()).to_numpy(zero_copy_only=False),
    }
