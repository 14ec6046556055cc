"""Columns of times, sizes, TTLs and backend times as numbers, with the first row that is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.workloads.importers.backend_times import backend_column
from perflab.workloads.importers.moments import has_no_zone, is_number, moments_of
from perflab.workloads.importers.time_units import UNITS
from perflab.workloads.kinds.check import (
    find_bad_duration,
    find_bad_size,
    find_bad_time,
    find_bad_ttl,
)
from perflab.workloads.kinds.encoding import is_text

MICROSECONDS = 1e6
# Many programs write so that an entry does not expire.
_NO_TTL = -1.0
_NOTHING = ("", "-", "null", "nan", "na", "n/a", "none", "\\n")
NO_TIME = "neither a number of seconds nor a date with a time"
SORT = "sort the rows by time"
HOW_TO_SORT = "perflab trace convert --sort, or read_trace(..., sort=True)"


class RowFault(Exception):  # noqa: N818 - it becomes a BadInputError where file and line are known
    """A value that cannot be: its row, from 0, and the reason."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row = row
        self.reason = reason


def numbers_of(
    role: str, column: pa.Array, *, missing: bool = False, unit: str | None = None
) -> npt.NDArray[Any]:
    """Return an Arrow column as seconds, bytes or counts.

    Args:
        role: What the column is.
        column: It.
        missing: Whether a size may be missing, which is NaN then, as one of a removal is.
        unit: The unit of times and TTLs that are numbers, where it is known; they become
            seconds. Of backend times it is known always.

    Raises:
        RowFault: If a value is missing (but for a TTL and a backend time) or is not a number.
    """
    if role == "backend":
        return backend_column(column, unit or "s")
    if role == "ttl":
        if pa.types.is_duration(column.type):
            return backend_column(column, "s")
        values = _numbers(role, column)
        scale = UNITS[unit] if unit else 1.0
        return np.where(values == _NO_TTL, np.nan, values / scale)
    if role == "time" and unit is not None:
        if is_text(column.type):
            return _times(column, unit)
        scale = 1.0 if pa.types.is_temporal(column.type) else UNITS[unit]
        return _numbers(role, column) / scale
    return _numbers(role, column, missing=missing)


def _numbers(role: str, column: pa.Array, *, missing: bool = False) -> npt.NDArray[Any]:
    if role == "size" and missing:
        found = _sizes(column)
        if found is not None:
            return found
    if is_text(column.type):
        return _from_texts(role, column)
    if column.null_count and role != "ttl":
        row = int(np.argmax(column.is_null().to_numpy(False)))
        raise RowFault(row, f"the {role} is missing")
    if role == "time" and pa.types.is_temporal(column.type):
        return _epoch_seconds(column)
    try:
        if role in ("size", "count") and pa.types.is_integer(column.type):
            return np.asarray(column.cast(pa.int64()).to_numpy(False))
        # Nanoseconds since 1970 are beyond what a float holds to the last digit.
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(False))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise RowFault(0, f"the {role} is of type {column.type}, not a number") from None


def _sizes(column: pa.Array) -> npt.NDArray[np.float64] | None:
    """Return sizes of which some are missing; None where none is."""
    if is_text(column.type):
        column = pc.if_else(_says_nothing(column), pa.scalar(None, column.type), column)
    if not column.null_count:
        return None
    present = numbers_of("size", column.drop_null())
    values = np.full(len(column), np.nan)
    values[column.is_valid().to_numpy(zero_copy_only=False)] = present
    return values


def is_dated(column: pa.Array) -> bool:
    """Say whether a column of times has dates or moments rather than numbers."""
    if not is_text(column.type):
        return bool(pa.types.is_temporal(column.type))
    first = pc.first(column).as_py()
    return bool(first) and not is_number(first)


def check_values(
    role: str, values: npt.NDArray[Any], *, in_order: bool = True, endless: bool = False
) -> None:
    """Check a whole column by the rules of `perflab.workloads.kinds.check`.

    Args:
        role: What the column is.
        values: Its numbers.
        in_order: Whether times must not run backwards.
        endless: Whether a TTL may be infinite.

    Raises:
        RowFault: With the first row that breaks them.
    """
    find: dict[str, Callable[[Any], tuple[int, str] | None]] = {
        "time": partial(find_bad_time, in_order=in_order),
        "size": find_bad_size,
        "count": find_bad_size,
        "ttl": partial(find_bad_ttl, endless=endless),
        "backend": find_bad_duration,
    }
    fault = find[role](values)
    if fault is not None:
        row, reason = fault
        if role == "count":
            reason = f"the count {values[row]} is not a whole number from 0 up"
        raise RowFault(row, reason.replace(SORT, f"{SORT} ({HOW_TO_SORT})"))


def _from_texts(role: str, column: pa.Array) -> npt.NDArray[Any]:
    if role == "ttl":
        column = pc.if_else(_says_nothing(column), "nan", column).fill_null("nan")
    first = pc.first(column).as_py() or ""
    if role != "time" or is_number(first):
        try:
            kind = pa.int64() if role in ("size", "count") else pa.float64()
            return np.asarray(column.cast(kind).to_numpy())
        except (pa.ArrowInvalid, TypeError):
            pass
    if role == "time":
        try:
            zone = None if ":" not in first or has_no_zone(first) else "UTC"
            return _epoch_seconds(column.cast(pa.timestamp("us", zone)))
        except pa.ArrowInvalid:
            return _times(column)
    values = np.empty(len(column), np.float64)
    for row, text in enumerate(column.to_pylist()):
        try:
            values[row] = float(text)
        except (TypeError, ValueError):
            raise RowFault(row, _not_a_number(role, text)) from None
    return values


def _says_nothing(column: pa.Array) -> pa.Array:
    """Return which texts say, as databases and servers do, that there is no value."""
    return pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(column)), pa.array(_NOTHING, column.type))


def _times(column: pa.Array, unit: str | None = None) -> npt.NDArray[np.float64]:
    moments = moments_of(column, unit)
    wrong = np.flatnonzero(np.isnan(moments))
    if len(wrong):
        row = int(wrong[0])
        raise RowFault(row, _not_a_number("time", column[row].as_py()))
    return moments


def _not_a_number(role: str, text: str | None) -> str:
    if not text:
        return f"the {role} is missing"
    kinds = {
        "time": f"{NO_TIME}; write it as 2024-06-10T06:13:20Z",
        "size": "not a number of bytes",
        "count": "not a whole number",
        "ttl": "not a number of seconds",
    }
    return f"the {role} {text!r} is {kinds[role]}"


def _epoch_seconds(column: pa.Array) -> npt.NDArray[np.float64]:
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
