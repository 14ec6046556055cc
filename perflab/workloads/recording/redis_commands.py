"""What a Redis command asks of a cache or does to it: its keys, values and lifetimes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from perflab.operations import Operation
from perflab.workloads.recording.operations import (
    ADD,
    DROP,
    FLUSH,
    FROM,
    KEPT,
    REPLACE,
    TAKEN,
    TOUCH_LONGER,
    TOUCH_SHORTER,
    TOUCH_WITH,
    TOUCH_WITHOUT,
)
from perflab.workloads.recording.redis_table import (
    COMMANDS,
    FLUSHES,
    LIFETIMES,
    NEVER,
    OF_THE_SERVER,
    OPTION_LIFETIMES,
    OPTIONS,
    VALUE_BEHIND,
    VALUES,
    Effect,
)

Argument = bytes | str | int | float
Arguments = Sequence[Argument]

# What a server takes as a whole number, and how long a lifetime may be.
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_MOST_MILLISECONDS = 2**63 - 1
# What removes a key where its lifetime is over, and takes any.
_RENEWING = frozenset(("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"))
_ROOTS = ("$", ".")
_SET_CODES = {"set": Operation.SET, "add": ADD, "there": REPLACE, "part": Operation.SET}
_TOUCHES = {
    "NX": TOUCH_WITHOUT,
    "XX": TOUCH_WITH,
    "GT": TOUCH_LONGER,
    "LT": TOUCH_SHORTER,
}


class RedisRow(NamedTuple):
    """One thing that a command does to one key.

    Attributes:
        key: As it stands in the command; empty for `FLUSH`.
        code: Of `Operation`, or of `perflab.workloads.recording.operations`.
        value: The whole value that is written, or None where the command does not say.
        ttl: Seconds; NaN where none is given, infinite for never, `KEPT` or `TAKEN`.
        field: The field of a hash, where only that is concerned.
        again: Whether the row before is of another field of the same key.
        database: The one that the key is in, where that is not the client's.
    """

    key: Argument
    code: int
    value: Argument | None = None
    ttl: float = math.nan
    field: Argument | None = None
    again: bool = False
    database: Argument | None = None


def is_known(command: str) -> bool:
    """Say whether a command, in capitals, is replayed, or concerns no value."""
    return command in COMMANDS or command in FLUSHES or command in OF_THE_SERVER


def rows_of(command: str, arguments: Arguments, now: float) -> Iterator[RedisRow]:
    """Yield what a command does, in order; nothing for one that is not known.

    Args:
        command: Its name, in capitals.
        arguments: Texts or bytes, as the command has them.
        now: Seconds since 1970, for moments.

    Raises:
        ValueError: If the arguments are not those of the command.
        IndexError: If there are too few.
    """
    if command in FLUSHES:
        # Which one: one database, or all.
        yield RedisRow(b"", FLUSH, database=None if command == "FLUSHDB" else b"*")
        return
    for effect in COMMANDS.get(command, ()):
        if effect.does == "get" and effect.where == "1" and not effect.fields:
            yield RedisRow(arguments[0], Operation.GET)
        else:
            yield from _of_effect(command, effect, arguments, now)


def _of_effect(
    command: str, effect: Effect, arguments: Arguments, now: float
) -> Iterator[RedisRow]:
    does = effect.does
    if command == "SET" and len(arguments) > 2 and _has(arguments[2:], "GET"):
        yield RedisRow(arguments[0], Operation.GET)
    if does == "touch":
        made = _touched(command, arguments, now)
        if made is None:
            return
        code, ttl = made
    elif does == "set":
        code, ttl = _written(command, arguments, now)
    else:
        code, ttl = _plain(does, arguments)
    database = _other_database(command, arguments) if does == "addtake" else None
    for place in _places(effect.where, arguments):
        row = RedisRow(arguments[place], code, _value(command, arguments, place), ttl)
        row = row if database is None else row._replace(database=database)
        if effect.fields in ("", "*"):
            yield row
        else:
            for number, field in enumerate(_fields(effect.fields, arguments)):
                yield row._replace(field=arguments[field], again=number > 0)


def _plain(does: str, arguments: Arguments) -> tuple[int, float]:
    """Return code and lifetime of what has none of its own."""
    if does in ("setroot", "deleteroot"):
        root = len(arguments) < 2 or _word(arguments[1]) in _ROOTS
        if does == "setroot":
            return Operation.SET, math.nan if root else KEPT
        return (Operation.DELETE if root else DROP), math.nan
    if does in ("take", "addtake"):
        return (Operation.SET if does == "take" else ADD), TAKEN
    codes = {"get": Operation.GET, "delete": Operation.DELETE, "drop": DROP, "from": FROM}
    if does in codes:
        return codes[does], math.nan
    return _SET_CODES[does], KEPT if does in ("part", "there") else math.nan


def _written(command: str, arguments: Arguments, now: float) -> tuple[int, float]:
    if command == "RESTORE":
        at = _has(arguments[3:], "ABSTTL")
        ttl = _seconds(command, arguments[1], 1e-3, moment=at, now=now)
        return Operation.SET, math.nan if _whole(arguments[1]) == 0 else max(0.0, ttl)
    options = _options(command, arguments)
    words = set(_words(options))
    code: int = Operation.SET
    if words & {"NX", "FNX"}:
        code = ADD
    elif words & {"XX", "FXX"}:
        code = REPLACE
    if "KEEPTTL" in words:
        return code, KEPT
    ttl = _lifetime(command, arguments, options, now)
    return code, ttl if math.isnan(ttl) else max(0.0, ttl)


def _touched(command: str, arguments: Arguments, now: float) -> tuple[int, float] | None:
    """Return code and lifetime; None where there is none, and a removal where it is over."""
    options = _options(command, arguments)
    if command in NEVER or _has(options, "PERSIST"):
        return Operation.TOUCH, math.inf
    ttl = _lifetime(command, arguments, options, now)
    if math.isnan(ttl):
        return None
    if ttl <= 0:
        return Operation.DELETE, math.nan
    conditions = [] if command in OPTION_LIFETIMES else _words(arguments[2:])
    return next((_TOUCHES[word] for word in conditions if word in _TOUCHES), Operation.TOUCH), ttl


def _lifetime(command: str, arguments: Arguments, options: Arguments, now: float) -> float:
    if command in LIFETIMES:
        place, unit, moment = LIFETIMES[command]
        return _seconds(command, arguments[place - 1], unit, moment=moment, now=now)
    for option, value in pairwise(options):
        word = _word(option)
        if word in OPTIONS:
            unit, moment = OPTIONS[word]
            return _seconds(command, value, unit, moment=moment, now=now)
    return math.nan


def _seconds(command: str, value: Argument, unit: float, *, moment: bool, now: float) -> float:
    """Return the seconds from now that a lifetime lasts.

    Args:
        command: Its name: what is written takes no lifetime that is over, fields take 0 too.
        value: How long, or until when.
        unit: How many seconds one of it has.
        moment: Whether it counts from 1970.
        now: Seconds since 1970.

    Raises:
        ValueError: If a server refuses it.
    """
    number = _whole(value)
    milliseconds = number * round(unit * 1000)
    ends = milliseconds if moment else milliseconds + round(now * 1000)
    least = 0 if command == "RESTORE" or command.startswith("H") else 1
    too_low = number < least and command not in _RENEWING
    if too_low or max(abs(milliseconds), ends) > _MOST_MILLISECONDS:
        raise ValueError(number)
    return milliseconds / 1000 - (now if moment else 0)


def _whole(value: Argument) -> int:
    text = _word(value)
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _options(command: str, arguments: Arguments) -> Arguments:
    """Return the arguments among which options may stand."""
    if command not in OPTION_LIFETIMES:
        return ()
    if command == "MSETEX":
        return arguments[1 + 2 * int(arguments[0]) :]
    if command in ("HSETEX", "HGETEX"):
        return arguments[1 : _fields_word(arguments)]
    return arguments[2 if command == "SET" else 1 :]


def _places(where: str, arguments: Arguments) -> Sequence[int]:
    """Return the places, from 0, of the keys that a text of the table names."""
    count = len(arguments)
    if where == "1" and count:
        return (0,)
    if where in ("streams", "store"):
        return _after_a_word(where, arguments)
    if where == "*-":
        return range(count - 1)
    start, _, step = where.partition("/")
    if start.startswith("n"):
        first = int(start[1:])
        stride = int(step or 1)
        end = first + stride * int(arguments[first - 1])
        if end > count:
            raise ValueError(end)
        return range(first, end, stride)
    if start.endswith("*"):
        return range(int(start[:-1] or 1) - 1, count)
    first = int(start) - 1
    if first >= count:
        raise IndexError(first)
    return range(first, count, int(step)) if step else (first,)


def _after_a_word(where: str, arguments: Arguments) -> Sequence[int]:
    words = _words(arguments)
    if where == "streams":
        start = words.index("STREAMS") + 1
        return range(start, start + (len(words) - start) // 2)
    return [place + 1 for place, word in enumerate(words[:-1]) if word in ("STORE", "STOREDIST")]


def _fields(fields: str, arguments: Arguments) -> Sequence[int]:
    if fields == "2":
        return (1,)
    if not fields.startswith("fields"):
        return range(1, len(arguments), 2 if fields == "2/2" else 1)
    start = _fields_word(arguments) + 2
    stride = 2 if fields.endswith("/2") else 1
    return range(start, start + stride * int(arguments[start - 1]), stride)


def _fields_word(arguments: Arguments) -> int:
    return _words(arguments).index("FIELDS")


def _value(command: str, arguments: Arguments, place: int) -> Argument | None:
    if command in VALUE_BEHIND:
        return arguments[place + 1]
    return arguments[VALUES[command] - 1] if command in VALUES else None


def _other_database(command: str, arguments: Arguments) -> Argument | None:
    if command == "MOVE":
        return arguments[1]
    options = _words(arguments)
    return arguments[options.index("DB") + 1] if "DB" in options[2:] else None


def _has(arguments: Arguments, word: str) -> bool:
    return bool(arguments) and word in _words(arguments)


def _words(arguments: Arguments) -> list[str]:
    return [_word(argument) for argument in arguments]


def _word(option: Argument) -> str:
    return (option.decode("latin-1") if isinstance(option, bytes) else str(option)).upper()
