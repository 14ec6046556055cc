"""What a Redis command asks of a cache or gives to it: its keys, values and TTLs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

READS = frozenset(
    (
        *("GET", "GETEX", "GETRANGE", "STRLEN", "JSON.GET", "XRANGE", "XLEN"),
        *("HGET", "HMGET", "HGETALL", "HKEYS", "HVALS", "HLEN", "HEXISTS", "HSTRLEN"),
        *("LRANGE", "LINDEX", "LLEN", "SMEMBERS", "SISMEMBER", "SMISMEMBER", "SCARD"),
        *("ZRANGE", "ZRANGEBYSCORE", "ZREVRANGE", "ZSCORE", "ZMSCORE", "ZCARD", "ZCOUNT"),
        *("ZRANK", "ZREVRANK"),
    )
)
VALUE_LAST = {"SETEX": 1.0, "PSETEX": 1e-3}
PLAIN_WRITES = frozenset(("SETNX", "GETSET"))
EXPIRES = {"EXPIRE": 1.0, "PEXPIRE": 1e-3}
SET_OPTIONS = {"EX": 1.0, "PX": 1e-3}
# The commands of which `accesses` knows the only key: the first argument.
ONE_KEY = READS | PLAIN_WRITES | frozenset(("SET", *VALUE_LAST, *EXPIRES))


REMOVALS = frozenset(
    (
        *("DEL", "UNLINK", "GETDEL", "FLUSHDB", "FLUSHALL", "RENAME", "RENAMENX", "MOVE"),
        *("HDEL", "SPOP", "LPOP", "RPOP", "ZPOPMIN", "ZPOPMAX", "SREM", "ZREM", "LREM", "LTRIM"),
    )
)
RENEWALS = frozenset(
    (
        *("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "PERSIST", "TOUCH", "GETEX", "HEXPIRE"),
        *("HPEXPIRE", "HEXPIREAT", "HPEXPIREAT", "HPERSIST"),
    )
)
# TTLs that are given in a form that `accesses` does not read, by command or by option.
UNREAD_TTL_COMMANDS = frozenset(
    (
        *("EXPIREAT", "PEXPIREAT", "HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT", "HSETEX"),
        *("MSETEX", "HGETEX", "GETEX"),
    )
)
UNREAD_TTL_OPTIONS = frozenset(("EXAT", "PXAT", "KEEPTTL"))
# What neither asks a cache for a value nor gives it one.
OF_THE_SERVER = frozenset(
    (
        *("PING", "ECHO", "AUTH", "HELLO", "SELECT", "QUIT", "RESET", "CLIENT", "CONFIG", "INFO"),
        *("COMMAND", "MONITOR", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "DBSIZE", "TIME"),
        *("LASTSAVE", "SAVE", "BGSAVE", "REPLCONF", "PSYNC", "SLOWLOG", "LATENCY", "MEMORY"),
        *("CLUSTER", "ROLE", "WAIT", "SCAN", "KEYS", "RANDOMKEY", "OBJECT", "DEBUG", "ACL"),
        *("PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "READONLY"),
        *("EXISTS", "TYPE", "TTL", "PTTL", "SCRIPT", "MODULE", "FUNCTION", "REPLICAOF"),
    )
)


def command_kinds(command: str, arguments: Sequence[Any]) -> tuple[str, ...]:
    """Return what of a command is not replayed: ``write``, ``removal``, ``renewal``, ``ttl``.

    ``unknown`` is one that may ask for a value and is not counted. What is read and replayed, or
    concerns the server alone, has none.
    """
    name = command.upper()
    kinds = []
    if name in REMOVALS or _expires_at_once(name, arguments):
        kinds.append("removal")
    elif name in RENEWALS and not (name == "GETEX" and len(arguments) < 2):
        kinds.append("renewal")
    elif name in ("SET", "MSET", *VALUE_LAST, *PLAIN_WRITES):
        kinds.append("write")
    elif name not in READS and name != "MGET" and name not in OF_THE_SERVER:
        kinds.append("unknown")
    options = {_word(option) for option in arguments[1:]} if name in ("SET", "GETEX") else set()
    unread = name in UNREAD_TTL_COMMANDS and (name != "GETEX" or bool(options))
    if unread or (name == "SET" and options & UNREAD_TTL_OPTIONS):
        kinds.append("ttl")
    return tuple(kinds)


def _expires_at_once(name: str, arguments: Sequence[Any]) -> bool:
    return name in ("EXPIRE", "PEXPIRE") and len(arguments) > 1 and not _number(arguments[1]) > 0


class RedisAccess(NamedTuple):
    """One key of a command.

    Attributes:
        key: As it stands in the command.
        read: Whether it asks for the value.
        value: What is written, or None where the command does not say.
        ttl: Seconds that the value lives; NaN where the command sets none.
    """

    key: Any
    read: bool
    value: Any = None
    ttl: float = math.nan


def accesses(command: str, arguments: Sequence[Any]) -> Iterator[RedisAccess]:
    """Yield the keys that a command reads or writes whole; none for any other command.

    Args:
        command: Its name, in any case.
        arguments: Texts or bytes, as the command has them.
    """
    name = command.upper()
    if not arguments:
        return
    key = arguments[0]
    if name in READS:
        yield RedisAccess(key, read=True)
    elif name == "MGET":
        for each in arguments:
            yield RedisAccess(each, read=True)
    elif name == "MSET":
        for each, value in zip(arguments[::2], arguments[1::2], strict=False):
            yield RedisAccess(each, read=False, value=value)
    elif len(arguments) > 1:
        yield from _written(name, key, arguments)


def _written(name: str, key: Any, arguments: Sequence[Any]) -> Iterator[RedisAccess]:
    if name == "SET":
        yield RedisAccess(key, read=False, value=arguments[1], ttl=_option_ttl(arguments[2:]))
    elif name in VALUE_LAST and len(arguments) > 2:
        ttl = _number(arguments[1]) * VALUE_LAST[name]
        yield RedisAccess(key, read=False, value=arguments[2], ttl=ttl)
    elif name in PLAIN_WRITES:
        yield RedisAccess(key, read=False, value=arguments[1])
    elif name in EXPIRES:
        yield RedisAccess(key, read=False, ttl=_number(arguments[1]) * EXPIRES[name])


def _option_ttl(options: Sequence[Any]) -> float:
    for option, value in pairwise(options):
        word = _word(option)
        if word in SET_OPTIONS:
            return _number(value) * SET_OPTIONS[word]
    return math.nan


def _word(option: Any) -> str:
    return (option.decode("latin-1") if isinstance(option, bytes) else str(option)).upper()


def _number(value: Any) -> float:
    try:
        return max(0.0, float(value))
    except (TypeError, ValueError):
        return math.nan
