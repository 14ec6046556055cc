"""The bytes of a cache's entries."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from sys import getsizeof
from typing import Any

from perflab.errors import BadInputError

Sizeof = Callable[[Any, Any], int]
"""Gives the bytes of a key and its value together."""


def entry_bytes(sizeof: Sizeof | None, key: Hashable, value: object) -> int:
    """Return the bytes of an entry; by default those of key and value themselves.

    Args:
        sizeof: The user's own way to measure, if any.
        key: The entry's key.
        value: The entry's value.

    Raises:
        BadInputError: If the user's own way gives a negative number.
    """
    if sizeof is None:
        return getsizeof(key) + getsizeof(value)
    size = sizeof(key, value)
    if size < 0:
        raise BadInputError(f"{size} bytes for key {key!r}; a size is 0 or more", "sizeof")
    return size
