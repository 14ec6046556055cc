"""Many keys of the cache in Redis in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from perflab.errors import BadInputError
from perflab.instrumentation import EventKind
from perflab.patterns.redis_cache._envelope import Entry
from perflab.patterns.redis_cache._guard import AwayError
from perflab.patterns.redis_cache._keys import checked_key, checked_keys, lifetime
from perflab.patterns.redis_cache._loaders import check_loader, checked_mapping
from perflab.patterns.redis_cache._lock import Lock
from perflab.patterns.redis_cache._logic import Logic
from perflab.patterns.redis_cache._steps import Command, Steps
from perflab.primitives.redis_marks import glob_of, is_entry, is_lock

_SCAN_COUNT = 1000


def fetch_many(logic: Logic, keys: Iterable[str]) -> Steps:
    """Return the entries of the keys that are there, by key, and whether the server is down.

    Raises:
        BadInputError: If they are no keys.
    """
    wanted = checked_keys(keys)
    found: dict[str, Entry] = {}
    if not wanted:
        return found, False
    guard = logic.guard
    try:
        replies = yield from guard.ask(
            tuple(wanted), ("MGET", *[logic.prefix + key for key in wanted])
        )
    except AwayError:
        for key in wanted:
            guard.report(EventKind.MISS, key)
        return found, True
    for key, data in zip(wanted, replies[0], strict=True):
        entry = logic.read(key, logic.prefix + key, data)
        if entry is None or (entry.fresh_until and logic.is_due(entry)):
            guard.report(EventKind.MISS, key)
            continue
        next(guard.hits)
        if guard.hook is not None:
            guard.report(EventKind.HIT, key)
        found[key] = entry
    return found, False


def answer_many(
    logic: Logic,
    keys: Iterable[str],
    load_many: Callable[[list[str]], object],
    ttl: float | None,
) -> Steps:
    """Return the values of keys, kept or loaded in one call; written in one round trip.

    Raises:
        BadInputError: If keys or TTL are none, or the loader brings no mapping.
    """
    ttl = lifetime(ttl)
    wanted = checked_keys(keys)
    check_loader(load_many)
    found, away = yield from fetch_many(logic, wanted)
    missing = [key for key in wanted if key not in found]
    loaded: Mapping[str, object] = {}
    if missing:
        loaded = yield from _load_and_write(logic, missing, load_many, ttl, away=away)
    values = {key: entry.value for key, entry in found.items() if not entry.nothing}
    values |= {key: loaded[key] for key in missing if loaded.get(key) is not None}
    return {key: values[key] for key in wanted if key in values}


def put_many(logic: Logic, values: Mapping[str, object], ttl: float | None) -> Steps:
    """Write values in one round trip; False where that failed.

    Raises:
        BadInputError: If keys, values or TTL are none that can be written; nothing is then.
    """
    ttl = lifetime(ttl)
    if not isinstance(values, Mapping):
        raise BadInputError(f"is a {type(values).__qualname__}, not a mapping of keys", "values")
    plain = {checked_key(key): value for key, value in values.items()}
    commands: list[Command] = [("DEL", logic.lock(key).name) for key in plain]
    commands += [
        logic.write_command(key, value, ttl, 0.0, nothing=False) for key, value in plain.items()
    ]
    try:
        if commands:
            yield from logic.guard.ask(tuple(plain), *commands)
    except AwayError:
        return False
    return True


def clear(logic: Logic) -> Steps:
    """Remove what caches of the namespace have written; returns how many entries went.

    Keys that others have written under the same names stay: a value that is no entry, a hash ...
    """
    removed = 0
    try:
        # Without its lock, a load under way writes nothing behind the entries that went.
        for kind, find in (("l", _locks), ("k", _entries)):
            pattern = f"{glob_of(logic.root)}:{kind}:*"
            cursor: Any = 0
            while True:
                scan = ("SCAN", cursor, "MATCH", pattern, "COUNT", _SCAN_COUNT, "TYPE", "string")
                replies = yield from logic.guard.ask(None, scan)
                cursor, names = replies[0]
                ours = yield from find(logic, names)
                if ours:
                    replies = yield from logic.guard.ask(None, ("UNLINK", *ours))
                    removed += replies[0] if kind == "k" else 0
                if int(cursor) == 0:
                    break
    except AwayError:
        return removed
    return removed


def _entries(logic: Logic, names: list[bytes]) -> Steps:
    """Return those of the names under which an entry of ours is."""
    return (yield from _those(logic, names, ("GETRANGE", 0, 0), is_entry))


def _locks(logic: Logic, names: list[bytes]) -> Steps:
    """Return those of the names under which a lock of ours is."""
    return (yield from _those(logic, names, ("PTTL",), lambda ttl, length: is_lock(length, ttl)))


def _those(
    logic: Logic, names: list[bytes], question: Command, test: Callable[[Any, int], bool]
) -> Steps:
    if not names:
        return []
    word, *rest = question
    commands: list[Command] = [(word, name, *rest) for name in names]
    commands += [("STRLEN", name) for name in names]
    replies = yield from logic.guard.ask(None, *commands)
    answers = zip(names, replies, replies[len(names) :], strict=False)
    return [name for name, answer, length in answers if test(answer, length)]


def _load_and_write(
    logic: Logic,
    keys: list[str],
    load_many: Callable[[list[str]], object],
    ttl: float | None,
    *,
    away: bool,
) -> Steps:
    """Return what a loader brings, and write what was not changed meanwhile."""
    locks: dict[str, Lock] = {}
    if away:
        for key in keys:
            logic.guard.report(EventKind.FALLBACK, key)
    elif logic.settings.stampede == "lock":
        locks = yield from _take(logic, keys)
    mine = logic.changes.begin(keys)
    try:
        brought, seconds = yield from logic.load(tuple(keys), lambda: load_many(keys))
        loaded = checked_mapping(load_many, brought)
    except GeneratorExit:  # nobody carries these steps out any more: the locks expire
        logic.changes.end(mine, keys)
        raise
    except BaseException:
        logic.changes.end(mine, keys)
        yield from _send(logic, keys, [lock.releasing() for lock in locks.values()])
        raise
    unchanged = set(logic.changes.end(mine, keys))
    writes = {
        key: logic.loaded_command(key, loaded.get(key), ttl, seconds / len(keys)) for key in keys
    }
    kept = {key: write if key in unchanged else None for key, write in writes.items()}
    if locks:
        overran = seconds >= logic.lock_seconds
        last = [lock.releasing(kept[key], overran=overran) for key, lock in locks.items()]
        yield from _send(logic, keys, last)
    elif not away and logic.settings.stampede != "lock":
        yield from _send(logic, keys, [*kept.values()])
    return loaded


def _take(logic: Logic, keys: list[str]) -> Steps:
    """Return the locks of the keys, those taken that nobody has; nobody is waited for."""
    locks = {key: logic.lock(key) for key in keys}
    taking = [lock.taking for lock in locks.values()]
    names = [lock.name for lock in locks.values()]
    try:
        replies = yield from logic.guard.ask(tuple(keys), *taking, ("MGET", *names))
    except AwayError:
        return {}
    for lock, holder in zip(locks.values(), replies[-1], strict=True):
        lock.is_held_by(holder)
    return locks


def _send(logic: Logic, keys: list[str], commands: list[Command | None]) -> Steps:
    """Send commands in one round trip, as far as there are any."""
    some = [command for command in commands if command is not None]
    if not some:
        return
    try:
        yield from logic.guard.ask(tuple(keys), *some)
    except AwayError:
        return
