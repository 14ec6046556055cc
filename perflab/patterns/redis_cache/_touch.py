"""A new lifetime for an entry in Redis, whose value stays where it is."""

from __future__ import annotations

import time

from perflab.patterns.redis_cache._envelope import ENTRY_NOW
from perflab.patterns.redis_cache._guard import AwayError
from perflab.patterns.redis_cache._keys import checked_key, lifetime
from perflab.patterns.redis_cache._logic import Logic
from perflab.patterns.redis_cache._steps import Command, Steps

_MOST_TRIES = 3
_HAS_OWN_END = 2

# The header tells an entry of ours, a remembered "nothing", and one that has an end of its own.
_RENEW = """
local head = redis.call('GETRANGE', KEYS[1], 0, 11)
if string.sub(head, 1, 2) ~= ARGV[1] or string.byte(head, 4) % 2 == 1 then return 0 end
if string.sub(head, 5, 12) ~= string.rep(string.char(0), 8) then return 2 end
if ARGV[2] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
redis.call('PERSIST', KEYS[1])
return 1
"""

_REPLACE_HEAD = """
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then return 0 end
redis.call('SETRANGE', KEYS[1], 0, ARGV[2])
if ARGV[3] then return redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
redis.call('PERSIST', KEYS[1])
return 1
"""


def touch(logic: Logic, key: str, ttl: float | None) -> Steps:
    """Give the entry of a key a new lifetime from now; False where there is none.

    One command, which leaves the value where it is. An entry that has or gets an end of its own,
    for stale serving or early loading, is read first, since its check covers its header too.

    Raises:
        BadInputError: If key or TTL are none that can be written.
    """
    key = checked_key(key)
    ttl = lifetime(ttl)
    name = logic.prefix + key
    fresh_until, expiry = logic.expiry(logic.settings.ttl_seconds if ttl is None else ttl)
    try:
        if not fresh_until:
            renew = ("EVAL", _RENEW, 1, name, ENTRY_NOW, *expiry)
            (reply,) = yield from logic.guard.ask(key, renew)
            if reply != _HAS_OWN_END:
                return reply == 1
        for _ in range(_MOST_TRIES):
            command = yield from _replacing(logic, key, name, fresh_until, expiry)
            if command is None:
                return False
            (reply,) = yield from logic.guard.ask(key, command)
            if reply == 1:
                return True
    except AwayError:
        return False
    return False


def _replacing(
    logic: Logic, key: str, name: str, fresh_until: float, expiry: tuple[int, ...]
) -> Steps:
    """Return the command that gives the entry, as it is now, another end; None without a live one.

    Where the entry was changed meanwhile, the command does nothing.
    """
    (data,) = yield from logic.guard.ask(key, ("GET", name))
    entry = logic.read(key, name, data)
    if entry is None or entry.nothing:
        return None
    if entry.fresh_until and time.time() >= entry.fresh_until:
        return None
    heads = logic.envelope.redated(name, data, fresh_until)
    command: Command = ("EVAL", _REPLACE_HEAD, 1, name, *heads, *expiry)
    return command
