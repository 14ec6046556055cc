"""Columns of times, sizes and TTLs as numbers, with the first row that is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.workloads.kinds.check import find_bad_size, find_bad_time, find_bad_ttl
from perflab.workloads.kinds.encoding import is_text

MICROSECONDS = 1e6
SORT = "sort the rows by time"
HOW_TO_SORT = "perflab trace convert --sort, or read_trace(..., sort=True)"


class RowFault(Exception):  # noqa: N818 - it becomes a BadInputError where file and line are known
    """A value that cannot be: its row, from 0, and the reason."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row = row
        self.reason = reason


def numbers_of(role: str, column: Any) -> npt.NDArray[Any]:
    """Return an Arrow column as seconds or bytes.

    Raises:
        RowFault: If a value is missing (but for a TTL) or is not a number.
    """
    if is_text(column.type):
        return _from_texts(role, column)
    if column.null_count and role != "ttl":
        missing = int(np.argmax(column.is_null().to_numpy(False)))
        raise RowFault(missing, f"the {role} is missing")
    if role == "time" and pa.types.is_temporal(column.type):
        return _epoch_seconds(column)
    try:
        if role == "size" and pa.types.is_integer(column.type):
            return np.asarray(column.cast(pa.int64()).to_numpy(False))
        # Nanoseconds since 1970 are beyond what a float holds to the last digit.
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(False))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise RowFault(0, f"the {role} is of type {column.type}, not a number") from None


def check_values(role: str, values: npt.NDArray[Any], *, in_order: bool = True) -> None:
    """Check a whole column by the rules of `perflab.workloads.kinds.check`.

    Args:
        role: What the column is.
        values: Its numbers.
        in_order: Whether times must not run backwards.

    Raises:
        RowFault: With the first row that breaks them.
    """
    find: dict[str, Callable[[Any], tuple[int, str] | None]] = {
        "time": partial(find_bad_time, in_order=in_order),
        "size": find_bad_size,
        "ttl": find_bad_ttl,
    }
    fault = find[role](values)
    if fault is not None:
        row, reason = fault
        raise RowFault(row, reason.replace(SORT, f"{SORT} ({HOW_TO_SORT})"))


def _from_texts(role: str, column: Any) -> npt.NDArray[Any]:
    if role == "ttl":
        column = pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), "nan", column)
        column = column.fill_null("nan")
    try:
        kind = pa.int64() if role == "size" else pa.float64()
        return np.asarray(column.cast(kind).to_numpy())
    except (pa.ArrowInvalid, TypeError):
        pass
    if role == "time":
        for zone in (None, "UTC"):
            try:
                return _epoch_seconds(column.cast(pa.timestamp("us", zone)))
            except pa.ArrowInvalid:
                continue
    read = _read_time if role == "time" else float
    values = np.empty(len(column), np.float64)
    for row, text in enumerate(column.to_pylist()):
        try:
            values[row] = read(text)
        except (TypeError, ValueError):
            raise RowFault(row, _not_a_number(role, text)) from None
    return values


def _not_a_number(role: str, text: str | None) -> str:
    if not text:
        return f"the {role} is missing"
    kinds = {
        "time": "neither a number of seconds nor an ISO 8601 date",
        "size": "not a number of bytes",
        "ttl": "not a number of seconds",
    }
    return f"the {role} {text!r} is {kinds[role]}"


def _read_time(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = dt.datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.timestamp()


def _epoch_seconds(column: Any) -> npt.NDArray[np.float64]:
    if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
        raise RowFault(0, f"the time is of type {column.type}, not a number or a date")
    zone = column.type.tz if pa.types.is_timestamp(column.type) else None
    options = pc.CastOptions(pa.timestamp("us", zone), allow_time_truncate=True)
    try:
        whole = column.cast(options=options)
    except pa.ArrowInvalid:
        furthest = np.abs(column.cast(pa.int64()).to_numpy(False).astype(np.float64))
        raise RowFault(int(np.nanargmax(furthest)), "the time is out of range") from None
    except pa.ArrowNotImplementedError:
        raise RowFault(0, f"the time is of type {column.type}, not a moment") from None
    return np.asarray(whole.cast(pa.int64()).to_numpy(False) / MICROSECONDS)
