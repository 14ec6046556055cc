"""The fields of a JSON object as keys, times and sizes."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.settings import BadInputError
from perflab.workloads.importers.columns import KEY_NAMES, check_roles
from perflab.workloads.importers.combined import parse_log_time
from perflab.workloads.importers.template import parts_of

KEYS = (*KEY_NAMES, "uri", "request_uri", "request.uri", "request.path")
TIMES = ("time", "timestamp", "ts", "@timestamp", "time_iso8601", "time_local", "msec")
SIZES = ("size", "bytes", "body_bytes_sent", "bytes_sent", "response_size")
TTLS = ("ttl",)
NAMES = {"key": KEYS, "time": TIMES, "size": SIZES, "ttl": TTLS}
# Later than the year 5000 in seconds: what is above counts in ms, µs or ns.
MILLISECONDS_FROM = 1e11
THOUSAND = 1e3


class UnusableError(ValueError):
    """An object without a key or a time that can be used."""


class JsonValues:
    """Reads key, time, size and TTL of objects that are alike; names are looked up in the first.

    Args:
        columns: The field that the user named for a role; the key may be a template. A field
            within another is written with a dot: ``request.host``.
        names: The fields that are looked for, by role, where the user named none.
    """

    def __init__(
        self, columns: Mapping[str, str] | None, names: Mapping[str, Sequence[str]] = NAMES
    ) -> None:
        self._wanted = dict(columns or {})
        check_roles(self._wanted)
        self._names = names
        self._fields: dict[str, str] | None = None
        self._key: Callable[[Any], str] = str

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles besides the key that the objects have; known after the first object."""
        return tuple(role for role in self._fields or {} if role != "key")

    def choose(self, first: Mapping[str, Any], place: str) -> None:
        """Choose the field of each role by what the first object has.

        Raises:
            BadInputError: If it has no key, or a template is none.
        """
        if self._fields is not None:
            return
        fields = {}
        for role, known in self._names.items():
            there = (name for name in known if _usable(_value(first, name)))
            name = self._wanted.get(role) or next(there, None)
            if name is not None:
                fields[role] = name
        if "key" not in fields:
            text = f"has no field for the key ({', '.join(KEYS)}); it has: {', '.join(first)}"
            raise BadInputError(f"{text}; name it with --columns 'key={{host}}{{path}}'", place)
        self._key = key_reader(fields["key"])
        self._fields = fields

    def read(self, fields: Mapping[str, Any]) -> tuple[str, list[float]]:
        """Return the key of an object and the numbers of its `roles`; NaN for what is not known.

        Raises:
            UnusableError: If the key or the time is missing or cannot be.
        """
        key = self._key(fields)
        return key, [_READERS[role](_value(fields, self._fields[role])) for role in self.roles]  # type: ignore[index]


def key_reader(text: str) -> Callable[[Any], str]:
    """Return a function that makes the key of an object by a template or a field's name."""
    parts = [(tuple(part.split(".")) if named else part, named) for part, named in parts_of(text)]

    def read(fields: Any) -> str:
        return "".join(_text(_at(fields, part)) if named else str(part) for part, named in parts)

    return read


def scaled_times(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return times in seconds; numbers too great for that are taken as ms, µs or ns."""
    limit = MILLISECONDS_FROM
    for _ in range(3):
        times = np.where(times >= limit, times / THOUSAND, times)
    return times


def _value(fields: Any, name: str) -> Any:
    found = fields.get(name)
    return _at(fields, tuple(name.split("."))) if found is None and "." in name else found


def _at(fields: Any, path: Any) -> Any:
    found = fields.get(".".join(path)) if len(path) > 1 else None
    if found is not None:
        return found
    for name in path:
        if not isinstance(fields, dict):
            return None
        fields = fields.get(name)
    return fields


def _usable(value: Any) -> bool:
    return isinstance(value, (str, int, float))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not _usable(value):
        raise UnusableError("no key")
    return str(value)


def _time(value: Any) -> float:
    if isinstance(value, (int, float)):
        return _finite(float(value))
    if not isinstance(value, str):
        raise UnusableError("no time")
    try:
        return _finite(float(value))
    except ValueError:
        return _finite(_date(value))


@lru_cache(maxsize=4096)
def _date(text: str) -> float:
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return parse_log_time(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.timestamp()


def _finite(seconds: float) -> float:
    if not 0 <= seconds < math.inf:
        raise UnusableError("no time")
    return seconds


def _amount(value: Any) -> float:
    """Return a size or TTL; NaN for what is missing, below 0 or no number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if 0 <= number < math.inf else math.nan


_READERS: dict[str, Callable[[Any], float]] = {"time": _time, "size": _amount, "ttl": _amount}
