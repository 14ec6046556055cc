"""Keys and lifetimes of the cache in Redis: which there are, and the key of a call."""

from __future__ import annotations

import datetime as dt
import math
import numbers
import re
from collections.abc import Callable, Iterable
from hashlib import blake2b

from perflab.errors import BadInputError
from perflab.primitives.callables import function_name, shown_name, unbound
from perflab.primitives.canonical_key import FORMAT, KeyWriter

_LONGEST_TEXT = 1000
"""Longer arguments are written as their hash, so that no key is larger than its value."""

LONGEST_SECONDS = 1000 * 365 * 86400
"""The longest TTL that has an end."""

_LONGEST_LOCK_SECONDS = 86400
_WORD = re.compile(r"[\w.]+")


def checked_key(key: object) -> str:
    """Return a key as a plain text.

    Raises:
        BadInputError: If it is no text, or one that cannot be written as UTF-8.
    """
    if type(key) is str and key.isascii():
        return key
    if not isinstance(key, str):
        text = f"a key must be a text, and {_shown(key)} is of type {type(key).__qualname__}"
        raise BadInputError(f"{text}; pass str(...) or key.decode()", "key")
    plain = str.__str__(key)
    try:
        plain.encode()
    except UnicodeEncodeError:
        text = f"{_shown(key)} has a lone surrogate, which cannot be written as UTF-8"
        raise BadInputError(f"{text}; decode it with errors='replace'", "key") from None
    return plain


def checked_keys(keys: Iterable[object]) -> list[str]:
    """Return keys as plain texts, each once.

    Raises:
        BadInputError: If they are a text themselves, no collection, or one of them is no key.
    """
    if isinstance(keys, (str, bytes)) or not isinstance(keys, Iterable):
        text = f"must be several texts, and {_shown(keys)} is of type {type(keys).__qualname__}"
        raise BadInputError(f"{text}; pass a list", "keys")
    return list(dict.fromkeys([checked_key(key) for key in keys]))


def lifetime(ttl: object) -> float | None:
    """Return a caller's own lifetime in seconds; none where there is none.

    Raises:
        BadInputError: If it is not a number of seconds, or a timedelta, above 0 and at most 1000
            years, nor infinite.
    """
    if ttl is None:
        return None
    seconds = ttl.total_seconds() if isinstance(ttl, dt.timedelta) else _number(ttl)
    if 0 < seconds <= LONGEST_SECONDS or seconds == math.inf:
        return seconds
    raise BadInputError(
        f"{_shown(ttl)} is not a number of seconds above 0 and at most 1000 years; "
        "use math.inf for no end",
        "ttl",
    )


def lock_lifetime(seconds: object) -> float:
    """Return how long a lock lasts, in seconds.

    Raises:
        BadInputError: If it is not a number of seconds above 0 and at most a day.
    """
    number = _number(seconds)
    if not 0 < number <= _LONGEST_LOCK_SECONDS:
        text = f"{_shown(seconds)} is not a number of seconds above 0 and at most 86400"
        raise BadInputError(text, "lock_seconds")
    return number


def _number(value: object) -> float:
    """Return a real number as a float; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return math.nan
    try:
        return float(value)
    except (OverflowError, ValueError):
        return math.nan


def call_keys(
    function: Callable[..., object],
    key: Callable[..., str] | None,
    name: str | None,
    version: object,
) -> Callable[..., str]:
    """Return what makes the key of a call of a function.

    Args:
        function: What is called.
        key: Makes the key of the arguments; without it, name and arguments do.
        name: The function's name; without it, that of its module and its own.
        version: Parts the results from those of other versions.

    Raises:
        BadInputError: If the name or the version cannot be part of a key.
    """
    if key is not None and not callable(key):
        raise BadInputError("must be a function of the same arguments that returns a text", "key")
    if name is not None and (not isinstance(name, str) or not name):
        raise BadInputError(f"must be a text, and {_shown(name)} is none", "name")
    mark = "" if version is None else f"@{KeyWriter().text(version, 'version')}"
    if key is not None and name is None and version is None:
        return key
    bound = unbound(function)
    head = "" if name is None else _head(name, mark)

    def make(*args: object, **kwargs: object) -> str:
        nonlocal head
        # Not looked for before the first call, since then the module has the function.
        head = head or _head(function_name(bound.function), mark)
        if key is not None:
            return f"{head}:{checked_key(key(*args, **kwargs))}"
        args, kwargs = (*bound.args, *args), {**bound.kwargs, **kwargs}
        text = KeyWriter(scripts=name is not None).arguments(args, kwargs, shown_name(function))
        if len(text) > _LONGEST_TEXT:
            return f"{head}#{blake2b(text.encode(), digest_size=32).hexdigest()}"
        return f"{head}({text})"

    return make


def _head(name: str, mark: str) -> str:
    return f"m{FORMAT}:{name if _WORD.fullmatch(name) else repr(name)}{mark}"


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a repr may do anything, and the error is about the value
        return "it"
    return text if len(text) <= 80 else f"{text[:77]}..."
