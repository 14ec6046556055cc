"""What a trace's times, sizes and TTLs must obey: one place for all importers."""

from __future__ import annotations

import datetime as dt
from typing import Any, SupportsFloat, TypeVar

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.units import exact

Floats = npt.NDArray[np.float64]
Fault = tuple[int, str]
_E = TypeVar("_E", bound=np.generic)
# What counts from 1970 is below even in nanoseconds.
MOST_SECONDS = 1e20


def find_bad_time(times: Floats, *, in_order: bool = True) -> Fault | None:
    """Return index and reason of the first time that is not finite, negative or backwards.

    Args:
        times: Seconds.
        in_order: Whether one that lies before the one above is a fault.
    """
    if len(times) == 0:
        return None
    # A comparison with NaN is false, so this one pass also finds what is not a number.
    if times[0] >= 0 and times[-1] < MOST_SECONDS and bool(np.all(times[1:] >= times[:-1])):
        return None
    wrong = ~(times < MOST_SECONDS) | (times < 0)
    if in_order:
        wrong[1:] |= times[1:] < times[:-1]
    elif not wrong.any():
        return None
    index = int(np.argmax(wrong))
    time = times[index]
    if not time < MOST_SECONDS:
        return index, f"the time {time} is not a number of seconds"
    if time < 0:
        return index, f"the time {exact(time)} is negative; times count from 0 or from the epoch"
    before = times[index - 1]
    return index, f"the time {time!s} lies before the row above, {before!s}; sort the rows by time"


def find_bad_size(sizes: npt.NDArray[np.number]) -> Fault | None:
    """Return index and reason of the first size that is not a whole number of bytes from 0 up."""
    wrong = sizes < 0
    if sizes.dtype.kind == "f":
        wrong |= ~np.isfinite(sizes) | (sizes != np.floor(sizes)) | (sizes >= 2.0**63)
    if not wrong.any():
        return None
    index = int(np.argmax(wrong))
    size = sizes[index]
    if size < 0:
        return index, f"the size {exact(size)} is negative; sizes are bytes"
    return index, f"the size {size} is not a whole number of bytes"


def find_bad_ttl(ttls: Floats, *, endless: bool = False) -> Fault | None:
    """Return index and reason of the first TTL that is negative or infinite; NaN is none.

    Args:
        ttls: Seconds.
        endless: Whether an infinite one is right: an entry that never expires.
    """
    wrong = (ttls < 0) | (np.isinf(ttls) & (not endless))
    if not wrong.any():
        return None
    index = int(np.argmax(wrong))
    if np.isinf(ttls[index]):
        return index, f"the TTL {ttls[index]} is not a number of seconds; leave it out for none"
    return index, f"the TTL {exact(ttls[index])} is negative; TTLs are seconds, empty for none"


def find_bad_duration(durations: Floats) -> Fault | None:
    """Return index and reason of the first negative or infinite duration; NaN is not known."""
    wrong = (durations < 0) | np.isinf(durations)
    if not wrong.any():
        return None
    index = int(np.argmax(wrong))
    if np.isinf(durations[index]):
        return index, f"the duration {durations[index]} is not a number of seconds"
    return index, f"the duration {exact(durations[index])} is negative; durations are seconds"


def find_bad_operation(codes: npt.NDArray[np.uint8]) -> Fault | None:
    """Return index and reason of the first code that is not one of `Operation`."""
    if not len(codes) or int(codes.max()) < len(Operation):
        return None
    index = int(np.argmax(codes >= len(Operation)))
    return index, f"the operation {codes[index]} is not one of 0 to {len(Operation) - 1}"


def as_times(values: object) -> Floats:
    """Return times as seconds: numbers as they are, dates since the epoch (UTC where unsaid).

    Raises:
        BadInputError: If a value is neither a number nor a date, or breaks `find_bad_time`.
    """
    array = np.asarray(values)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[us]").astype(np.int64) / 1e6
    elif array.dtype.kind == "O":
        array = np.array([_seconds(value, row) for row, value in enumerate(array)], np.float64)
    times = _numbers(array, "times")
    _refuse(find_bad_time(times), "times")
    return _freeze(times, np.float64)


def as_sizes(values: object) -> npt.NDArray[np.int64]:
    """Return sizes as bytes.

    Raises:
        BadInputError: If a value is not a whole number from 0 up.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        array = _numbers(array, "sizes")
    _refuse(find_bad_size(array), "sizes")
    return _freeze(array, np.int64)


def as_ttls(values: object, *, endless: bool = False) -> Floats:
    """Return TTLs as seconds, NaN for none.

    Args:
        values: One per request.
        endless: Whether an infinite one is right.

    Raises:
        BadInputError: If a value is not a number, negative or infinite.
    """
    ttls = _numbers(_none_as_nan(np.asarray(values)), "ttls")
    _refuse(find_bad_ttl(ttls, endless=endless), "ttls")
    return _freeze(ttls, np.float64)


def as_durations(values: object, name: str = "durations") -> Floats:
    """Return durations as seconds, NaN where one is not known.

    Args:
        values: One per request; None is NaN.
        name: What they are called in errors.

    Raises:
        BadInputError: If a value is not a number, negative or infinite.
    """
    durations = _numbers(_none_as_nan(np.asarray(values)), name)
    _refuse(find_bad_duration(durations), name)
    return _freeze(durations, np.float64)


def as_operations(values: object) -> npt.NDArray[np.uint8]:
    """Return operations as their codes.

    Raises:
        BadInputError: If one is neither a code nor a name of `Operation`.
    """
    array = np.asarray(values)
    if array.dtype.kind in "OUS":
        codes = {
            word: int(code) for code in Operation for word in (code.name.lower(), str(int(code)))
        }
        array = np.array(
            [codes.get(getattr(text, "name", str(text)).lower(), -1) for text in array.flat],
            np.int64,
        )
    unknown = (array < 0) | (array >= len(Operation))
    if array.dtype.kind not in "iub" or unknown.any():
        row = int(np.argmax(unknown))
        names = ", ".join(code.name.lower() for code in Operation)
        given = np.asarray(values).flat[row]
        raise BadInputError(
            f"unknown operation {str(given)!r}; they are {names}", f"operations[{row}]"
        )
    return _freeze(array, np.uint8)


def as_ids(values: object, n_keys: int) -> npt.NDArray[np.int32]:
    """Return dense ids as int32.

    Raises:
        BadInputError: If there is none, or one lies outside ``0 .. n_keys - 1``.
    """
    ids = np.asarray(values)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise BadInputError("ids must be one row of whole numbers", "ids")
    if len(ids) == 0:
        raise BadInputError("there are no requests; a trace needs at least one")
    if ids.min() < 0 or ids.max() >= n_keys:
        index = int(np.argmax((ids < 0) | (ids >= n_keys)))
        raise BadInputError(f"{ids[index]} is not between 0 and {n_keys - 1}", f"ids[{index}]")
    return _freeze(ids, np.int32)


def _freeze(array: npt.NDArray[np.generic], dtype: type[_E]) -> npt.NDArray[_E]:
    frozen = np.asarray(np.require(array, dtype, ["C", "A"])).view()
    frozen.flags.writeable = False
    return frozen


def _none_as_nan(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if array.dtype.kind != "O" or array.ndim != 1:
        return array
    return np.array([np.nan if value is None else value for value in array])


def _numbers(array: npt.NDArray[np.generic], name: str) -> Floats:
    if array.ndim != 1:
        raise BadInputError("must be one row of numbers", name)
    if array.dtype.kind in "fiu":
        return array.astype(np.float64, copy=False)
    for row, value in enumerate(array.tolist()):
        try:
            float(value)
        except (TypeError, ValueError):
            raise BadInputError(f"{value!r} is not a number", f"{name}[{row}]") from None
    return array.astype(np.float64)


def _seconds(value: dt.datetime | SupportsFloat | str, row: int) -> float:
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=dt.UTC)
        return float(value.timestamp())
    try:
        return float(value)
    except (TypeError, ValueError):
        text = f"{value!r} is neither a number of seconds nor a date"
        raise BadInputError(text, f"times[{row}]") from None


def _refuse(fault: Fault | None, name: str) -> None:
    if fault is not None:
        raise BadInputError(fault[1], f"{name}[{fault[0]}]")
