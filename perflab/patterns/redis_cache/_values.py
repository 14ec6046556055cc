"""Values that come back from Redis as what they were, and those that would not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from typing import Any

_DEEPEST = 200

_PLAIN = frozenset((type(None), bool, int, float, str))


@dataclasses.dataclass(frozen=True, slots=True)
class Types:
    """The types whose values a serializer brings back; one that is derived from them is another.

    Attributes:
        scalars: Types of values that hold no others.
        collections: Types of values that hold others.
        keys: Types of the keys of a dict; any of these where none are named.
    """

    scalars: frozenset[type]
    collections: frozenset[type]
    keys: frozenset[type] = frozenset()

    def check(self, value: Any) -> None:
        """Check a value and all that it holds; it must not hold itself.

        Raises:
            TypeError: If one of them is of another type.
            ValueError: If they are nested so deep that they could not be read again.
        """
        scalars = self.scalars
        level = [value]
        for _ in range(_DEEPEST):
            inner: list[Any] = []
            for one in level:
                kind = type(one)
                if kind in scalars:
                    continue
                if kind not in self.collections:
                    raise TypeError(f"values of type {kind.__qualname__}")
                inner += one
                if kind is dict:
                    if self.keys and not self.keys.issuperset(map(type, one)):
                        raise TypeError("a dict whose keys are not all texts")
                    inner += one.values()
            level = [one for one in inner if type(one) not in scalars]
            if not level:
                return
        raise ValueError(f"nested deeper than {_DEEPEST} levels")


def msgpack_types(extensions: frozenset[type]) -> Types:
    """Return the types that msgpack brings back, with those that are written as extensions."""
    collections = frozenset((list, dict, tuple, set, frozenset))
    return Types(_PLAIN | {bytes} | (extensions - collections), collections)


JSON_TYPES = Types(_PLAIN, frozenset((list, dict)), frozenset((str,)))
"""The types that JSON brings back: it would make lists of tuples, and texts of numeric keys."""


def datetime_bytes(value: dt.datetime) -> bytes:
    """Return a date and time as bytes.

    Raises:
        TypeError: If its zone is neither an offset nor one of the time zone database.
    """
    zone = value.tzinfo
    name = zone.key if type(zone) is zoneinfo.ZoneInfo else None
    if name is None and not value.fold:
        data = value.isoformat().encode()
    else:
        plain = value.replace(tzinfo=None) if name else value
        data = f"{plain.isoformat()}|{value.fold}{name or ''}".encode()
    if repr(datetime_of(data)) != repr(value):
        raise TypeError(f"times of the zone {zone!r}")
    return data


def datetime_of(data: bytes) -> dt.datetime:
    """Return the date and time that `datetime_bytes` has written.

    Raises:
        ValueError: If the bytes are none of those.
    """
    text, _, rest = data.decode().partition("|")
    value = dt.datetime.fromisoformat(text)
    if not rest:
        return value
    zone = zoneinfo.ZoneInfo(rest[1:]) if rest[1:] else value.tzinfo
    return value.replace(tzinfo=zone, fold=int(rest[0]))
