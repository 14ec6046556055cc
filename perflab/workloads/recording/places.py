"""Keys of what is recorded: those of calls, as functions tell them apart, and those of mappings.

A key begins with a byte that no text has, unless it is a text: so a text and bytes, a number and
its digits, and one tuple and several arguments are never one key.
"""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import os
import secrets
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from hashlib import blake2b
from itertools import count
from typing import Any
from zlib import crc32

from perflab.primitives.canonical_key import KeyWriter
from perflab.workloads.recording.keys import MASK, PLACES, SPREAD

UNKEYED = PLACES
"""The place of what has no key: in no sample."""

_MARK = b"\xff"
_ARGUMENTS = b"\xff\xfe"
_WRITTEN_ARGUMENTS = b"\xff\xfd"
_OF_TYPE = frozenset((int, str, bytes, type(None), bool, float))
"""Types whose repr tells value and type."""

_EQUAL = frozenset((int, str, bytes, type(None)))
"""Those of them whose values equal none of another."""

_MOST_ARRAY_BYTES = 1 << 20
_LONG = 1 << 64
_PLAIN_DTYPES = "biuSUmM"


def call_key(args: tuple[object, ...], kwargs: Mapping[str, object]) -> bytes:
    """Return the key of a call: other types and other values are other keys.

    Objects without a value of their own are told apart as `functools.lru_cache` does, by what
    they are, where they are equal to no other.

    Raises:
        Exception: If an argument has no key; what user's own objects raise is open.
    """
    if len(args) == 1 and not kwargs:
        one: Any = args[0]
        kind = type(one)
        if kind is str:
            return _of_text(one)
        if kind is int and -_LONG < one < _LONG:
            return b"\xff%d" % one
        if kind is tuple and _OF_TYPE.issuperset(map(type, one)):
            return _MARK + _encoded(repr(one))
        return _MARK + _encoded(_Writer().text(one))
    if not kwargs and _OF_TYPE.issuperset(map(type, args)):
        return _ARGUMENTS + _encoded(repr(args))
    return _WRITTEN_ARGUMENTS + _encoded(_Writer().arguments(args, kwargs))


def mapping_key(key: Any) -> bytes:
    """Return the key of a mapping: what is equal is one, such as ``1``, ``1.0`` and ``True``.

    Raises:
        Exception: If it has none; what a user's own objects raise is open.
    """
    kind = type(key)
    if kind is str:
        return _of_text(key)
    if kind is int and -_LONG < key < _LONG:
        return b"\xff%d" % key
    if kind is tuple and _EQUAL.issuperset(map(type, key)):
        return _MARK + _encoded(repr(key))
    plain = _as_equal(key)
    return _of_text(plain) if type(plain) is str else _MARK + _encoded(_Writer().text(plain))


def call_place(args: tuple[object, ...], kwargs: Mapping[str, object]) -> tuple[bytes, int]:
    """Return the key of a call and its place; `UNKEYED` where there is none."""
    try:
        # One text, as most calls have, in as few steps as can be.
        if len(args) == 1 and type(args[0]) is str and not kwargs and args[0].isascii():
            data: bytes = args[0].encode()
        else:
            data = call_key(args, kwargs)
    except Exception:  # noqa: BLE001 - a recorder stops no service, whatever its objects raise
        return b"", UNKEYED
    return data, crc32(data) * SPREAD & MASK


def mapping_place(key: object) -> tuple[bytes, int]:
    """Return the key of a mapping and its place; `UNKEYED` where there is none."""
    try:
        data = key.encode() if type(key) is str and key.isascii() else mapping_key(key)
    except Exception:  # noqa: BLE001 - a recorder stops no service, whatever its objects raise
        return b"", UNKEYED
    return data, crc32(data) * SPREAD & MASK


def _of_text(text: str) -> bytes:
    try:
        data: bytes = text.encode()  # without arguments it is quickest
    except UnicodeEncodeError:
        data = _encoded(text)
    return data


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class _Writer(KeyWriter):
    """Writes more than lasting keys can hold: it needs to tell values apart in one process."""

    def __init__(self) -> None:
        super().__init__(scripts=True)

    def class_name(self, kind: type) -> str:
        """Return a class's name; with a number of its own where it has no lasting one."""
        name = super().class_name(kind)
        return name or f"{kind.__module__}.{kind.__qualname__}{_TOKENS.of(kind)}"

    def of_a_class(self, value: object, kind: Any, place: str, depth: int) -> str | None:
        """Return the text of an object, as what it is where it is equal to no other."""
        if kind.__eq__ is object.__eq__ and kind.__hash__ is object.__hash__:
            return _TOKENS.of(value)
        return super().of_a_class(value, kind, place, depth)

    def other(self, value: object) -> str | None:
        """Return the text of a fraction, or of NumPy's numbers and arrays."""
        if type(value) is fractions.Fraction:
            return repr(value)
        numpy = sys.modules.get("numpy")
        if numpy is None or not isinstance(value, (numpy.ndarray, numpy.generic)):
            return None
        dtype = value.dtype
        is_plain = dtype.kind in _PLAIN_DTYPES or (dtype.kind in "fc" and dtype.itemsize <= 16)
        is_known = type(value) is numpy.ndarray or isinstance(value, numpy.generic)
        if not (is_plain and is_known) or dtype.char in "gG" or value.nbytes > _MOST_ARRAY_BYTES:
            return None
        digest = blake2b(value.tobytes(), digest_size=16).hexdigest()
        return f"numpy.{type(value).__name__}({dtype.str}, {value.shape}, {digest})"


class _Tokens:
    """Numbers of objects, for as long as they live; each is of one object of one process."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Start over in a process that was forked."""
        self._lock = threading.Lock()
        self._numbers: weakref.WeakKeyDictionary[object, int] = weakref.WeakKeyDictionary()
        self._next = count()
        self._process = f"{os.getpid():x}.{secrets.token_hex(4)}"

    def of(self, value: object) -> str:
        """Return the text of an object's number.

        Raises:
            TypeError: If nothing can tell when it ends, so that another may take its place.
        """
        number = self._numbers.get(value)
        if number is None:
            with self._lock:
                number = self._numbers.setdefault(value, next(self._next))
        return f"<{self._process}.{number}>"


_TOKENS = _Tokens()
os.register_at_fork(after_in_child=_TOKENS.renew)


def _as_equal(value: object) -> object:
    """Return the one of the plain values that a value is equal to."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic) and value.dtype.kind in "biufcSU":
        value = value.item()
    for base, plain in _PLAIN_FORMS.items():
        if isinstance(value, base) and _compares_as(type(value), base):
            return plain(value)
    if isinstance(value, (decimal.Decimal, fractions.Fraction)):
        value = _number(value)
    elif type(value) is dt.datetime:
        value = value.replace(fold=0) if value.tzinfo is None else value.astimezone(dt.UTC)
    return value


def _compares_as(kind: type, base: type) -> bool:
    return kind.__eq__ is base.__eq__ and kind.__hash__ is base.__hash__


def _number(value: Any) -> object:
    try:
        above, below = value.as_integer_ratio()
    except (OverflowError, ValueError):  # infinite, or not a number
        return float(value)
    return above if below == 1 else fractions.Fraction(above, below)


_PLAIN_FORMS: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    bytes: bytes,
    tuple: lambda value: tuple([_as_equal(one) for one in tuple.__iter__(value)]),
    frozenset: lambda value: frozenset([_as_equal(one) for one in frozenset.__iter__(value)]),
    int: lambda value: _number(int(value)),
    float: lambda value: _number(float(value)),
    complex: lambda value: value if value.imag else _number(value.real),
}
"""Types that others are derived from, and what of these is equal to one of theirs."""
