"""The fields of a JSON object as keys, times and sizes."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import methodcaller
from typing import Any

from perflab.errors import BadInputError
from perflab.units import counted
from perflab.workloads.importers.columns import (
    KEY_NAMES,
    OPERATION_NAMES,
    check_roles,
    columns_note,
    listed,
)
from perflab.workloads.importers.combined import parse_log_time
from perflab.workloads.importers.doubts import operations_note
from perflab.workloads.importers.template import parts_of

KEYS = (
    *(*KEY_NAMES, "uri", "request_uri", "request.uri", "request.path"),
    *("url.original", "url.path"),  # Elastic Common Schema
)
TIMES = ("time", "timestamp", "ts", "@timestamp", "time_iso8601", "time_local", "msec")
SIZES = ("size", "bytes", "body_bytes_sent", "bytes_sent", "response_size")
TTLS = ("ttl",)
OPERATIONS = (*OPERATION_NAMES, "request.method")
ROLE_WORDS = {"time": "time", "size": "size", "ttl": "TTL"}
LONGEST_OPERATION = 20
NAMES = {"key": KEYS, "time": TIMES, "size": SIZES, "ttl": TTLS}
ROUNDED_FROM = 2.0**63


class UnusableError(ValueError):
    """An object without a key or a time that can be used."""


class JsonValues:
    """Reads key, time, size and TTL of objects that are alike.

    Names are looked up in the first object that has a key.

    Args:
        columns: The field that the user named for a role; the key may be a template. A field
            within another is written with a dot: ``request.host``.
        names: The fields that are looked for, by role, where the user named none.

    Attributes:
        roles: The roles besides the key that the objects have; known after that first object.
        operations: How many objects say which operation, such as a method.
    """

    def __init__(
        self, columns: Mapping[str, str] | None, names: Mapping[str, Sequence[str]] = NAMES
    ) -> None:
        self.roles: tuple[str, ...] = ()
        self._wanted = dict(columns or {})
        check_roles(self._wanted)
        self._names = names
        self._chosen: dict[str, str] = {}
        self._fields: list[str] = []
        self._operation: Callable[[Any], Any] | None = None
        self.operations: Counter[str] = Counter()
        self._key: Callable[[Any], str] | None = None
        self._keyless: list[str] | None = None
        self._readers: list[tuple[Callable[[Any], Any], Callable[[Any], float]]] = []
        self._not_first: list[tuple[str, str, Callable[[Any], Any]]] = []
        self._later: Counter[tuple[str, str]] = Counter()

    def read(self, fields: Mapping[str, Any]) -> tuple[str, list[float]]:
        """Return the key of an object and the numbers of its `roles`; NaN for what is not known.

        Raises:
            UnusableError: If the key or the time is missing or cannot be.
            BadInputError: If a template is none.
        """
        if self._key is None:
            self._key = self._choose(fields)
        if self._operation is not None:
            word = self._operation(fields)
            if isinstance(word, str) and len(word) <= LONGEST_OPERATION:
                self.operations[word] += 1
        for role, name, get in self._not_first:
            if _usable(get(fields)):
                self._later[role, name] += 1
        return self._key(fields), [read(get(fields)) for get, read in self._readers]

    def notes(self) -> tuple[str, ...]:
        """Return notes: guessed fields, roles without one, and what is not a read."""
        return (
            *self.later_notes(),
            *columns_note(self._fields, self._chosen, self._wanted, "fields"),
            *operations_note(self.operations),
        )

    def later_notes(self) -> tuple[str, ...]:
        """Return which roles are not read though objects after the first have them."""
        most: dict[str, tuple[int, str]] = {}
        for (role, name), count in self._later.items():
            most[role] = max(most.get(role, (0, "")), (count, name))
        return tuple(
            f"the {ROLE_WORDS[role]} is not read: {counted(count, 'object')} with one ({name}) "
            f"came after a first without; name it with --columns {role}={name}"
            for role, (count, name) in most.items()
        )

    def check_found(self, place: str) -> None:
        """Refuse objects of which none had a key.

        Raises:
            BadInputError: It names the fields of the first.
        """
        if self._key is None and self._keyless is not None:
            there = f"({', '.join(KEYS)}); it has: {listed(self._keyless)}"
            text = f"has no field for the key {there}"
            advice = "name it with --columns key=FIELD, or several with 'key={host}{path}'"
            raise BadInputError(f"{text}; {advice}", place)

    def _choose(self, first: Mapping[str, Any]) -> Callable[[Any], str]:
        chosen = {}
        for role, known in self._names.items():
            there = (name for name in known if _usable(_getter(name)(first)))
            name = self._wanted.get(role) or next(there, None)
            if name is not None:
                chosen[role] = name
        if "key" not in chosen:
            self._keyless = self._keyless or _dotted(first)
            raise UnusableError("no key")
        self._chosen, self._fields = dict(chosen), list(first)
        named = (n for n in OPERATIONS if isinstance(_getter(n)(first), str))
        operation = next(named, None)
        if operation is not None and operation != chosen["key"]:
            self._operation = _getter(operation)
        key = _key_reader(chosen.pop("key"))
        self.roles = tuple(chosen)
        self._not_first = [
            (role, name, _getter(name))
            for role, known in self._names.items()
            if role not in chosen and role != "key"
            for name in known
        ]
        self._readers = [(_getter(name), _READERS[role]) for role, name in chosen.items()]
        return key


def _key_reader(text: str) -> Callable[[Any], str]:
    """Return a function that makes the key of an object by a template or a field's name."""
    parts = [_getter(part) if named else part for part, named in parts_of(text)]

    def read(fields: Any) -> str:
        return "".join([part if isinstance(part, str) else _text(part(fields)) for part in parts])

    return read


def _getter(name: str) -> Callable[[Any], Any]:
    """Return a function that finds a field: by its whole name, or by the parts between dots."""
    if "." not in name:
        return methodcaller("get", name)
    path = name.split(".")

    def get(fields: Any) -> Any:
        found = fields.get(name)
        if found is not None:
            return found
        for part in path:
            if not isinstance(fields, dict):
                return None
            fields = fields.get(part)
        return fields

    return get


def _dotted(fields: Mapping[str, Any]) -> list[str]:
    """Return the names of fields as a user names them: those within another with a dot."""
    return [
        name
        for outer, value in fields.items()
        for name in (
            [f"{outer}.{inner}" for inner in value]
            if isinstance(value, dict) and value
            else [outer]
        )
    ]


def _usable(value: Any) -> bool:
    return isinstance(value, (str, int, float))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    # A whole number beyond 64 bits was rounded, so that several keys would be one.
    if not _usable(value) or (isinstance(value, float) and abs(value) >= ROUNDED_FROM):
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
