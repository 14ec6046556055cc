"""`FieldIndex`: which fields JSON objects have, however deep, and which of them play a role."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import methodcaller
from typing import Any

from perflab.workloads.importers.moments import parse_moment
from perflab.workloads.importers.role_names import (
    IDS,
    JSON_BACKENDS,
    JSON_KEYS,
    REQUEST_LINE,
    REQUEST_TIME,
    is_vague_time,
    plain_name,
)

_DEPTH = 4
_MOST_NAMES = 500
# So many objects are looked at for what fields there are.
_LOOKED_AT = 200
# Under another field an id is rather that of a user or a server than of what was asked for.
_NESTED_KEYS = JSON_KEYS[: -len(IDS)]
_WITH_UNIT = ("time", "ttl", "backend")
# Of the preferred name at least so many of the objects must have what others have.
_MANY = 0.5
_REQUEST_LINE = re.compile(r"([A-Za-z]+) (\S.*?)(?: HTTP/[0-9.]+)?")


class FieldIndex:
    """The fields of the first of some objects, by their names in one spelling.

    Args:
        objects: The objects.

    Attributes:
        levels: The fields within which roles are looked for, after `choose`; "" is the object.
    """

    def __init__(self, objects: Sequence[Mapping[str, Any]]) -> None:
        self.levels: tuple[str, ...] = ("",)
        self._objects = objects
        self._there = frozenset(name for fields in objects for name in fields)
        self._spelled: dict[str, dict[str, str | None]] = {}
        for fields in objects[:_LOOKED_AT]:
            for name in _names(fields, "", _DEPTH):
                if len(self._spelled) >= _MOST_NAMES:
                    return
                spelled, unit = _spelling(name)
                self._spelled.setdefault(spelled, {})[name] = unit

    def choose(
        self, names: Mapping[str, Sequence[str]], wanted: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the field of each role that there is one for.

        Where no field of the objects themselves is the key, it may be one within another, as
        loggers put all of a request into one field; the other roles are then looked for there too.

        Args:
            names: The names that people use, by role.
            wanted: The fields that the user named, by role.
        """
        chosen = dict(wanted) | self._choose(names, {*wanted.values()}, {*wanted}, "")
        if "key" not in chosen and names.get("key"):
            key = self._most_used(self._nested_keys(), {*chosen.values()})
            if key is not None:
                chosen["key"] = key
                path = key.split(".")[:-1]
                self.levels = (*(".".join(path[:end]) for end in range(len(path), 0, -1)), "")
        for level in self.levels[:-1]:
            chosen |= self._choose(names, {*chosen.values()}, {*chosen}, level)
        return {role: chosen[role] for role in (*names, *wanted) if role in chosen}

    def _choose(
        self, names: Mapping[str, Sequence[str]], taken: set[str], roles: set[str], level: str
    ) -> dict[str, str]:
        chosen: dict[str, str] = {}
        for role, known in names.items():
            if role not in roles:
                there = {*taken, *chosen.values()}
                name = self._most_used(self.named(role, known, level), there)
                if name is not None:
                    chosen[role] = name
        return chosen

    def _most_used(self, names: Iterable[str], taken: set[str]) -> str | None:
        counts = {name: self._count(name) for name in names if name not in taken}
        most = max(counts.values(), default=0)
        there = (name for name, count in counts.items() if count >= max(1, _MANY * most))
        return next(there, None)

    def _count(self, name: str) -> int:
        if name not in self._there and name.partition(".")[0] not in self._there:
            return 0
        get = getter(name)
        fits = _FITS.get(name.rpartition(".")[2], is_usable)
        return sum(fits(get(fields)) for fields in self._objects)

    def named(self, role: str, known: Sequence[str], under: str = "") -> Iterator[str]:
        """Yield the fields that people use for a role, the preferred ones first.

        Args:
            role: The role.
            known: The names that people use.
            under: The field within which they are looked for.
        """
        last: list[str] = []
        for name in known:
            exact = f"{under}.{name}" if under else name
            yield exact
            spelled, _ = _spelling(exact)
            # The unit of these goes by how they are written.
            found = {} if name in JSON_BACKENDS else self._spelled.get(spelled, {})
            for other, unit in found.items():
                # A database's own id is of the record, not of what was asked for.
                is_own = other.rpartition(".")[2][:1] == "_"
                if other != exact and not is_own and (unit is None or role in _WITH_UNIT):
                    if role == "time" and is_vague_time(other.rpartition(".")[2]):
                        last.append(other)
                    else:
                        yield other
        yield from last

    def _nested_keys(self) -> Iterator[str]:
        """Yield fields within another that are named as a URL is."""
        for known in _NESTED_KEYS:
            end = f".{_spelling(known)[0]}"
            for spelled, found in self._spelled.items():
                if spelled.endswith(end):
                    yield from found


def getter(name: str) -> Callable[[Any], Any]:
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


def is_usable(value: Any) -> bool:
    """Return whether a value is a text or a number."""
    return isinstance(value, (str, int, float))


def parse_request_line(value: Any) -> tuple[str, str] | None:
    """Return method and target of a text such as ``GET /a HTTP/1.1``; None for anything else."""
    found = _REQUEST_LINE.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else (found[1], found[2])


def dotted(fields: Mapping[str, Any]) -> list[str]:
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


def _names(fields: Mapping[str, Any], under: str, depth: int) -> Iterator[str]:
    for name, value in fields.items():
        if is_usable(value):
            yield f"{under}{name}"
        elif isinstance(value, dict) and depth > 1:
            yield from _names(value, f"{under}{name}.", depth - 1)


def _spelling(name: str) -> tuple[str, str | None]:
    """Return a field's name in the one spelling, and the unit in it.

    MongoDB's ``{"$date": ...}`` is the field that it stands in.
    """
    *outer, last = [part for part in name.split(".") if part[:1] != "$"] or [name]
    base, unit = plain_name(last)
    return ".".join([*outer, base]).replace("_", "").lower(), unit


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and not math.isnan(parse_moment(value))


# What these hold by other programs is something else.
_FITS: dict[str, Callable[[Any], bool]] = {
    REQUEST_LINE: lambda value: parse_request_line(value) is not None,
    REQUEST_TIME: _is_date,
}
