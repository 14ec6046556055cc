"""Texts of calls that stand for their values: equal values have equal texts, others never."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any

from perflab.settings import BadInputError

_PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, decimal.Decimal, uuid.UUID),
    *(dt.date, dt.time, dt.datetime, dt.timedelta, dt.timezone),
)
"""Types whose repr is their value; a subclass may say anything."""

_DEEPEST = 50
_GIVE_KEY = "pass key=, a function of the same arguments that returns a text"


def call_text(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Return a text of a call that no call with other arguments has.

    Args:
        name: The function's name.
        args: Its positional arguments.
        kwargs: Its named arguments; their order does not matter.

    Raises:
        BadInputError: If an argument's text is not its value, as with an object or an array.
    """
    said = [_text(value, f"argument {number} of {name}") for number, value in enumerate(args, 1)]
    said += [
        f"{word}={_text(value, f'argument {word} of {name}')}"
        for word, value in sorted(kwargs.items())
    ]
    return f"{name}({', '.join(said)})"


def function_name(function: Callable[..., Any]) -> str:
    """Return the name by which another process knows a function too.

    Raises:
        BadInputError: If it has none: a lambda, a function inside another one, one of a script
            or a notebook, or a callable object.
    """
    name = getattr(function, "__qualname__", None)
    module = getattr(function, "__module__", None)
    if name is None or module is None:
        raise BadInputError(f"has no name of its own; {_GIVE_KEY}", type(function).__name__)
    if "<" in name:
        where = "is a lambda" if name.endswith("<lambda>") else "is defined inside a function"
        text = f"{where}, so others may have its name too; {_GIVE_KEY}"
        raise BadInputError(text, f"{module}.{name}")
    if module == "__main__":
        text = f"belongs to a script or notebook, so other programs may have its name; {_GIVE_KEY}"
        raise BadInputError(text, name)
    return f"{module}.{name}"


def _text(value: Any, place: str, depth: int = 0) -> str:
    kind = type(value)
    if depth > _DEEPEST:
        raise BadInputError(f"is nested more than {_DEEPEST} deep; {_GIVE_KEY}", place)
    if kind in _PLAIN and _has_known_zone(value):
        return repr(value)
    if isinstance(value, enum.Enum) and value.name is not None and _is_shared(kind):
        return f"{kind.__module__}.{kind.__qualname__}.{value.name}"
    if kind in (tuple, list):
        inner = ", ".join(_text(one, place, depth + 1) for one in value)
        return f"[{inner}]" if kind is list else f"({inner}{',' if len(value) == 1 else ''})"
    if kind is dict:
        pairs = sorted(
            f"{_text(k, place, depth + 1)}: {_text(v, place, depth + 1)}" for k, v in value.items()
        )
        return f"{{{', '.join(pairs)}}}"
    if kind in (set, frozenset):
        return f"{kind.__name__}({', '.join(sorted(_text(v, place, depth + 1) for v in value))})"
    raise BadInputError(
        f"is a {kind.__qualname__}, whose text may not tell it from another one; {_GIVE_KEY}", place
    )


def _has_known_zone(value: Any) -> bool:
    """Return whether a time's zone is its repr; true for what has none."""
    zone = getattr(value, "tzinfo", None)
    if type(zone) is zoneinfo.ZoneInfo:
        return zone.key is not None
    return zone is None or type(zone) is dt.timezone


def _is_shared(kind: type) -> bool:
    """Return whether every program that has a class of this name has this class."""
    return "<" not in kind.__qualname__ and kind.__module__ != "__main__"
