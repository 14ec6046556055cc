"""What a value of JSON says in each role: one value, or the numbers of many at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from perflab.workloads.importers.backend_times import backend_seconds_of
from perflab.workloads.importers.json_fields import getter, is_usable, parse_request_line
from perflab.workloads.importers.moments import parse_moment
from perflab.workloads.importers.template import parts_of
from perflab.workloads.importers.time_units import UNITS

Floats = npt.NDArray[np.float64]

ROUNDED_FROM = 2.0**63


class UnusableError(ValueError):
    """An object without a key or a time that can be used."""


class RoundedError(UnusableError):
    """An object whose key is a number beyond 64 bits, rounded by what read or wrote it."""


class Reader(NamedTuple):
    """Reads the values of one role.

    Attributes:
        one: Returns the number of a value of any type; NaN for what says none.
        many: Returns the same of an array of float64, for values that are finite numbers.
    """

    one: Callable[[Any], float]
    many: Callable[[Floats], Floats]


def reader_of(role: str, unit: str | None) -> Reader:
    """Return what reads a size, a TTL or a backend time.

    Args:
        role: ``size``, ``ttl`` or ``backend``.
        unit: The unit of its numbers, one of `UNITS`; None where it has none.
    """
    per_second = UNITS[unit or "s"]
    if role == "backend":
        one: Callable[[Any], float] = partial(backend_seconds_of, unit=unit or "s")
    elif role == "ttl":
        one = partial(_lifetime, per_second=per_second)
    else:
        one = _size
    return Reader(one, partial(_at_least_0, per_second=per_second))


def key_reader(text: str) -> Callable[[Any], str]:
    """Return a function that makes the key of an object by a template or a field's name.

    It raises `UnusableError` where there is none.
    """
    parts = [getter(part) if named else part for part, named in parts_of(text)]

    def read(fields: Any) -> str:
        return "".join([part if isinstance(part, str) else _text(part(fields)) for part in parts])

    return read


def line_key_reader(name: str) -> Callable[[Any], str]:
    """Return a function that makes the key of an object by the line of a request in a field."""
    get = getter(name)

    def read(fields: Any) -> str:
        found = parse_request_line(get(fields))
        if found is None:
            raise UnusableError("no key")
        return " ".join(found)

    return read


@lru_cache(maxsize=4096)
def date_seconds(text: str) -> float:
    """Return the seconds since 1970 of a date with a time; NaN for anything else."""
    return parse_moment(text)


def finite_time(seconds: float) -> float:
    """Return a time.

    Raises:
        UnusableError: If it is below 0, or not finite.
    """
    if not 0 <= seconds < math.inf:
        raise UnusableError("no time")
    return seconds


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not is_usable(value):
        raise UnusableError("no key")
    # Several keys would be one.
    if isinstance(value, float) and abs(value) >= ROUNDED_FROM:
        raise RoundedError("no key")
    return str(value)


def _size(value: Any) -> float:
    """Return a size; NaN for what is missing, below 0, without end or no number."""
    number = _lifetime(value)
    return number if number < math.inf else math.nan


def _lifetime(value: Any, per_second: float = 1.0) -> float:
    """Return a TTL, which may have no end; NaN for what is missing, below 0 or no number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return number / per_second if number >= 0 else math.nan


def _at_least_0(values: Floats, per_second: float) -> Floats:
    return np.where(values >= 0, values / per_second, np.nan)
