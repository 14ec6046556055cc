"""How a value becomes bytes and back: msgpack, JSON, and pickle by name only."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgpack  # type: ignore[import-untyped]

from perflab.errors import BadInputError
from perflab.patterns.redis_cache._values import (
    JSON_TYPES,
    datetime_bytes,
    datetime_of,
    msgpack_types,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Serializer:
    """One way to write values.

    Attributes:
        name: As in the settings.
        code: As in the header of an entry; never given to another.
        dump: Makes bytes of a value.
        load: Makes the value of bytes, which may be a memoryview.
        signed: Whether its bytes can run code, so that only signed ones are read.
    """

    name: str
    code: int
    dump: Callable[[object], bytes]
    load: Callable[[bytes | memoryview], object]
    signed: bool = False


_TUPLE, _SET, _FROZENSET, _DATETIME, _DATE, _DECIMAL, _UUID, _INTEGER = range(1, 9)


def _extend(value: object) -> msgpack.ExtType:
    """Write what msgpack has no type for, so that it comes back as what it was."""
    kind = type(value)
    if kind not in _WRITERS:
        raise TypeError(f"values of type {kind.__qualname__}")
    code, write = _WRITERS[kind]
    return msgpack.ExtType(code, write(value))


class _Packed(NamedTuple):
    """A tuple or set inside of a value that is being read, its own bytes not read yet."""

    code: int
    data: bytes


_WRITERS: dict[type, tuple[int, Callable[[Any], bytes]]] = {
    tuple: (_TUPLE, lambda value: _pack(list(value))),
    set: (_SET, lambda value: _pack(list(value))),
    frozenset: (_FROZENSET, lambda value: _pack(list(value))),
    dt.datetime: (_DATETIME, datetime_bytes),
    dt.date: (_DATE, lambda value: value.isoformat().encode()),
    decimal.Decimal: (_DECIMAL, lambda value: str(value).encode()),
    uuid.UUID: (_UUID, lambda value: value.bytes),
    int: (_INTEGER, lambda value: b"%x" % value),
}

_COLLECTIONS: dict[int, Callable[[Iterable[object]], object]] = {
    _TUPLE: tuple,
    _SET: set,
    _FROZENSET: frozenset,
}

_READERS: dict[int, Callable[[bytes], object]] = {
    _DATETIME: datetime_of,
    _DATE: lambda data: dt.date.fromisoformat(data.decode()),
    _DECIMAL: lambda data: decimal.Decimal(data.decode()),
    _UUID: lambda data: uuid.UUID(bytes=data),
    _INTEGER: lambda data: int(data, 16),
}


def _pack(value: object) -> bytes:
    packed: bytes = msgpack.packb(value, default=_extend, strict_types=True)
    return packed


def _unpack(data: bytes | memoryview) -> Any:
    nested = False

    def read_extension(code: int, data: bytes) -> object:
        nonlocal nested
        if code in _COLLECTIONS:
            nested = True
            return _Packed(code, data)
        if code in _READERS:
            return _READERS[code](data)
        raise ValueError(f"extension type {code}")

    value = msgpack.unpackb(data, strict_map_key=False, use_list=True, ext_hook=read_extension)
    return _opened(value) if nested else value


def _opened(value: Any) -> Any:
    """Return a value with what is packed inside of it read.

    It is read here and not in msgpack's hook: each level of a hook that unpacks again takes some
    50 kB of the C stack, so that a few hundred of them would end the process.
    """
    if isinstance(value, _Packed):
        return _COLLECTIONS[value.code](_unpack(value.data))
    if isinstance(value, list):
        return [_opened(one) for one in value]
    if isinstance(value, dict):
        return {_opened(key): _opened(one) for key, one in value.items()}
    return value


_MSGPACK_TYPES = msgpack_types(frozenset(_WRITERS))


def _msgpack_dump(value: object) -> bytes:
    # Packed first: it ends with an error for a value that holds itself.
    data = _pack(value)
    _MSGPACK_TYPES.check(value)
    return data


def _json_dump(value: object) -> bytes:
    data = json.dumps(value, separators=(",", ":")).encode()
    JSON_TYPES.check(value)
    return data


def _json_load(data: bytes | memoryview) -> object:
    return json.loads(bytes(data))


def _pickle_dump(value: object) -> bytes:
    import pickle

    return pickle.dumps(value, protocol=5)


def _pickle_load(data: bytes | memoryview) -> object:
    import pickle

    return pickle.loads(data)  # noqa: S301  (the envelope has checked the signature)


SERIALIZERS = {
    serializer.name: serializer
    for serializer in (
        Serializer("msgpack", 1, _msgpack_dump, _unpack),
        Serializer("json", 2, _json_dump, _json_load),
        Serializer("pickle", 3, _pickle_dump, _pickle_load, signed=True),
    )
}
"""By name."""

BY_CODE = {serializer.code: serializer for serializer in SERIALIZERS.values()}


class UnwritableError(BadInputError):
    """A value that the serializer cannot write so that it comes back as what it was."""


def dump(serializer: Serializer, key: str, value: object) -> bytes:
    """Make bytes of the value of a key.

    Raises:
        UnwritableError: If the serializer cannot write such a value.
    """
    try:
        return serializer.dump(value)
    except Exception as error:
        other = " or serializer 'pickle' with a signing key" * (serializer.name != "pickle")
        raise UnwritableError(
            f"{serializer.name} cannot write the value ({error}); load plain values{other}",
            repr(key),
        ) from error
