"""What commands of memcached's protocols do to keys, as rows of a trace.

Source: memcached's ``doc/protocol.txt`` (1.6), for commands, their flags and ``exptime``.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from perflab.operations import Operation
from perflab.workloads.recording.operations import ADD, KEPT, REPLACE

_MOST_DIGITS = 19
MOST_RELATIVE = 60 * 60 * 24 * 30
"""Seconds; a greater ``exptime`` is a moment since 1970. 0 never ends, and -1 is over at once."""

MOMENT = math.inf
"""In place of a lifetime: it ends at a moment since 1970."""

SILENT = frozenset(
    (
        *(b"stats", b"version", b"verbosity", b"quit", b"shutdown", b"slabs", b"lru", b"mn", b"me"),
        *(b"lru_crawler", b"cache_memlimit", b"watch", b"misbehave", b"extstore", b"config"),
    )
)
"""Commands that say nothing about keys."""

_SIZE = re.compile(rb"S?(\d{1,18})")
_MODES = {
    **dict.fromkeys("eE", ADD),
    **dict.fromkeys("rR", REPLACE),
    **dict.fromkeys("sS", int(Operation.SET)),
}
_PARTS = frozenset("aApP")


class CacheRow(NamedTuple):
    """What a command does to one key.

    Attributes:
        key: As it stands in the log.
        code: Of `Operation` and of `perflab.workloads.recording.operations`.
        size: Bytes of the value; of a part that is put to it where `is_part`; NaN where not said.
        ttl: Seconds; NaN for none, `KEPT`, or `MOMENT`.
        is_part: Whether the size is what the value grows by.
        made_ttl: The lifetime where the key was not there, if that differs.
    """

    key: bytes
    code: int
    size: float = math.nan
    ttl: float = math.nan
    is_part: bool = False
    made_ttl: float = math.nan


def lifetime(exptime: bytes) -> float:
    """Return the seconds of an ``exptime``; NaN for 0, `MOMENT` for more than 30 days.

    Raises:
        ValueError: If it is not a number.
    """
    seconds = _number(exptime)
    if seconds > MOST_RELATIVE:
        return MOMENT
    return float(seconds) if seconds else math.nan


def _number(text: bytes) -> int:
    """Return a number of 64 bits; a server refuses a longer one."""
    if len(text) > _MOST_DIGITS:
        raise ValueError(text)
    return int(text)


def rows_of(name: bytes, arguments: Sequence[bytes]) -> list[CacheRow] | None:
    """Return what a command of the text protocol does; None if it is not known.

    Args:
        name: The command, such as ``get`` or ``ms``.
        arguments: What follows it.

    Raises:
        ValueError, IndexError: If the arguments are not those of the command.
    """
    known = _COMMANDS.get(name)
    return None if known is None else known(arguments)


def _read(arguments: Sequence[bytes]) -> list[CacheRow]:
    return [CacheRow(key, Operation.GET) for key in arguments]


def _read_and_touch(arguments: Sequence[bytes]) -> list[CacheRow]:
    ttl = lifetime(arguments[0])
    return [
        row
        for key in arguments[1:]
        for row in (CacheRow(key, Operation.GET), _lasting(key, Operation.TOUCH, ttl))
    ]


def _store(code: int) -> Callable[[Sequence[bytes]], list[CacheRow]]:
    def rows(arguments: Sequence[bytes]) -> list[CacheRow]:
        key, _, exptime, size = arguments[:4]
        return [_lasting(key, code, lifetime(exptime), _number(size))]

    return rows


def _lasting(key: bytes, code: int, ttl: float, size: float = math.nan) -> CacheRow:
    """Return a row with a lifetime; what is given a negative one is gone at once."""
    return CacheRow(key, Operation.DELETE) if ttl < 0 else CacheRow(key, code, size, ttl)


def _extend(arguments: Sequence[bytes]) -> list[CacheRow]:
    return [CacheRow(arguments[0], Operation.SET, _number(arguments[3]), KEPT, is_part=True)]


def _count(arguments: Sequence[bytes]) -> list[CacheRow]:
    int(arguments[1])
    return [CacheRow(arguments[0], Operation.SET, ttl=KEPT)]


def _touch(arguments: Sequence[bytes]) -> list[CacheRow]:
    return [_lasting(arguments[0], Operation.TOUCH, lifetime(arguments[1]))]


def _remove(arguments: Sequence[bytes]) -> list[CacheRow]:
    return [CacheRow(arguments[0], Operation.DELETE)]


def _meta_get(arguments: Sequence[bytes]) -> list[CacheRow]:
    key, flags = _meta(arguments)
    found = [CacheRow(key, Operation.GET)]
    if "T" in flags:
        found.append(_lasting(key, Operation.TOUCH, lifetime(flags["T"])))
    return found


def _meta_set(arguments: Sequence[bytes]) -> list[CacheRow]:
    size = _SIZE.fullmatch(arguments[1])
    if size is None:
        raise ValueError(arguments[1])
    key, flags = _meta([arguments[0], *arguments[2:]])
    ttl = lifetime(flags.get("T", b"0"))
    mode = flags.get("M", b"S").decode("latin-1")
    if mode not in _PARTS and mode not in _MODES:
        raise ValueError(mode)
    if mode in _PARTS:
        made = lifetime(flags.get("N", b"0"))
        return [CacheRow(key, Operation.SET, _number(size[1]), KEPT, is_part=True, made_ttl=made)]
    return [_lasting(key, _MODES[mode], ttl, _number(size[1]))]


def _meta_delete(arguments: Sequence[bytes]) -> list[CacheRow]:
    return [CacheRow(_meta(arguments)[0], Operation.DELETE)]


def _meta_count(arguments: Sequence[bytes]) -> list[CacheRow]:
    key, flags = _meta(arguments)
    made = lifetime(flags.get("N", b"0"))
    if "T" in flags:
        return [_lasting(key, Operation.SET, lifetime(flags["T"]))]
    return [CacheRow(key, Operation.SET, ttl=KEPT, made_ttl=made)]


def _meta(arguments: Sequence[bytes]) -> tuple[bytes, Mapping[str, bytes]]:
    """Return the key of a meta command, and the values of its flags by their letters."""
    key, *rest = arguments
    if not key:
        raise ValueError(key)
    flags = {chr(flag[0]): flag[1:] for flag in rest}
    if "b" in flags:
        try:
            decoded = base64.b64decode(key, validate=True)
        except binascii.Error:
            raise ValueError(key) from None
        key = decoded.decode("utf-8", "backslashreplace").encode()
    return key, flags


_COMMANDS: Mapping[bytes, Callable[[Sequence[bytes]], list[CacheRow]]] = {
    **dict.fromkeys((b"get", b"gets", b"bget"), _read),
    **dict.fromkeys((b"gat", b"gats"), _read_and_touch),
    **dict.fromkeys((b"set", b"cas"), _store(Operation.SET)),
    b"add": _store(ADD),
    b"replace": _store(REPLACE),
    **dict.fromkeys((b"append", b"prepend"), _extend),
    **dict.fromkeys((b"incr", b"decr"), _count),
    b"touch": _touch,
    b"delete": _remove,
    b"mg": _meta_get,
    b"ms": _meta_set,
    b"md": _meta_delete,
    b"ma": _meta_count,
}
