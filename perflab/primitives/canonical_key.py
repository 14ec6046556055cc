"""Texts of values and calls from which keys are made: other values or types, other texts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import inspect
import uuid
import zoneinfo
from collections.abc import Iterable, Mapping
from typing import Any

from perflab.errors import BadInputError
from perflab.primitives.callables import named

FORMAT = 2
"""The version of these texts, for keys that outlive the program; raised when a text changes."""

GIVE_KEY = "pass key=, a function of the same arguments that returns a text"

_BY_REPR = frozenset(
    id(kind)
    for kind in (
        *(type(None), bool, float, complex, str, bytes, decimal.Decimal, uuid.UUID),
        *(dt.date, dt.timedelta, dt.timezone),
    )
)
"""Types whose repr is their value, told by what they are: a class may say it equals any."""

_DEEPEST = 50
_MOST_PARTS = 1_000_000


class KeyWriter:
    """Writes values so that two of them have one text only where type and value are the same.

    What has a value that can be written: None, bool, int, float, complex, str, bytes, dates and
    times, Decimal, UUID, members of an enum, and tuples, lists, sets, dicts, dataclasses and named
    tuples of these. The order of sets and dicts does not matter. A class is named by its module
    and name, so it must be the one that is found there.

    Args:
        scripts: Whether classes of a script or notebook may be named as well.
    """

    def __init__(self, *, scripts: bool = False) -> None:
        self._scripts = scripts
        self._left = _MOST_PARTS

    def text(self, value: object, place: str = "the value") -> str:
        """Return a value's text.

        Args:
            value: What is written.
            place: What it is called in an error.

        Raises:
            BadInputError: If it has no such text, or is nested too deep or too large.
        """
        self._left = _MOST_PARTS
        return self._text(value, place, 0)

    def arguments(self, args: Iterable[object], kwargs: Mapping[str, object], of: str = "") -> str:
        """Return the text of a call's arguments; the order of named ones does not matter.

        Args:
            args: The positional arguments.
            kwargs: The named ones.
            of: The function's name, for an error.

        Raises:
            BadInputError: If an argument has no text of its own.
        """
        after = f" of {of}" * bool(of)
        texts = [self.text(one, f"argument {number}{after}") for number, one in enumerate(args, 1)]
        for word, one in sorted(kwargs.items()):
            # A name that came in by ** may hold anything.
            shown = word if word.isidentifier() else repr(word)
            texts.append(f"{shown}={self.text(one, f'argument {shown}{after}')}")
        return ", ".join(texts)

    def other(self, value: object) -> str | None:
        """Return the text of a value of any other type; None where it has none."""
        del value
        return None

    def class_name(self, kind: type) -> str | None:
        """Return the name of a class that means this class everywhere; None where it has none."""
        if kind.__module__ == "__main__" and not self._scripts:
            return None
        if named(kind.__module__, kind.__qualname__) is not kind:
            return None
        return f"{kind.__module__}.{kind.__qualname__}"

    def _text(self, value: Any, place: str, depth: int) -> str:
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            size = f"deeper than {_DEEPEST} levels" if self._left >= 0 else "too large"
            raise BadInputError(f"is {size}; {GIVE_KEY}", place)
        kind = type(value)
        if id(kind) in _BY_REPR:
            return repr(value)
        if kind is int:
            return _whole_number(value)
        text = self._container(value, kind, place, depth + 1)
        if text is None and (kind is dt.datetime or kind is dt.time) and _has_known_zone(value):
            text = repr(value)
        if text is None:
            text = self.of_a_class(value, kind, place, depth + 1)
        if text is None:
            text = self.other(value)
        if text is None:
            raise BadInputError(
                f"is a {kind.__qualname__}, which cannot be written as a key; {GIVE_KEY}", place
            )
        return text

    def _container(self, value: Any, kind: type, place: str, depth: int) -> str | None:
        if kind is tuple or kind is list:
            inner = ", ".join([self._text(one, place, depth) for one in value])
            return f"[{inner}]" if kind is list else f"({inner}{',' * (len(value) == 1)})"
        if kind is dict:
            pairs = [
                f"{self._text(name, place, depth)}: {self._text(one, place, depth)}"
                for name, one in value.items()
            ]
            return f"{{{', '.join(sorted(pairs))}}}"
        if kind is set or kind is frozenset:
            texts = sorted([self._text(one, place, depth) for one in value])
            return f"{kind.__name__}({', '.join(texts)})"
        return None

    def of_a_class(self, value: Any, kind: Any, place: str, depth: int) -> str | None:
        """Return the text of an enum's member, a named tuple or a dataclass; else None."""
        parts: Mapping[str, object] | None = None
        if isinstance(value, enum.Enum):
            parts = _member(value, kind)
        elif _is_named_tuple(value, kind):
            parts = dict(zip(kind._fields, tuple.__iter__(value), strict=True))
        elif dataclasses.is_dataclass(kind):
            parts = _fields(value, kind)
        name = None if parts is None else self.class_name(kind)
        if parts is None or name is None:
            return None
        inner = [f"{word}={self._text(one, place, depth)}" for word, one in parts.items()]
        return f"{name}({', '.join(inner)})"


def _whole_number(value: int) -> str:
    try:
        return repr(value)
    except ValueError:  # Python writes only so many digits
        return hex(value)


def _has_known_zone(value: Any) -> bool:
    """Return whether a time's zone is its repr; true for one without."""
    zone = value.tzinfo
    if type(zone) is zoneinfo.ZoneInfo:
        return zone.key is not None
    return zone is None or type(zone) is dt.timezone


def _member(value: enum.Enum, kind: Any) -> dict[str, Any] | None:
    """Return what a member of an enum is known by; None for one that `_missing_` made up."""
    if isinstance(value, enum.Flag):  # a combination need not have a name
        return {"": value._value_}
    # A class may have a `name` of its own.
    known = kind._member_map_.get(value._name_) is value
    return {"": value._name_} if known else None


def _is_named_tuple(value: object, kind: object) -> bool:
    """Return whether the named fields of a tuple are all that it holds."""
    fields = getattr(kind, "_fields", None)
    if not isinstance(value, tuple) or type(fields) is not tuple:
        return False
    return len(fields) == tuple.__len__(value) and not getattr(value, "__dict__", None)


def _fields(value: object, kind: Any) -> dict[str, Any] | None:
    """Return the fields of a dataclass's object by name; None where it holds anything else."""
    # A class that is derived without the decorator has the fields of another; one with a __new__
    # may be a list, a Decimal or an error besides.
    if "__dataclass_fields__" not in kind.__dict__ or kind.__new__ is not object.__new__:
        return None
    names = [field.name for field in dataclasses.fields(kind)]
    slots = {
        name
        for one in kind.__mro__
        for name in _words(one.__dict__.get("__slots__", ()))
        if name not in ("__dict__", "__weakref__")
    }
    held = {
        name
        for name in (*slots, *getattr(value, "__dict__", ()))
        # What is worked out of the fields is no part of the value.
        if not isinstance(inspect.getattr_static(kind, name, None), functools.cached_property)
    }
    if not held <= set(names):
        return None
    try:
        return {name: getattr(value, name) for name in names}
    except AttributeError:
        return None


def _words(slots: str | Iterable[str]) -> Iterable[str]:
    return (slots,) if isinstance(slots, str) else slots
