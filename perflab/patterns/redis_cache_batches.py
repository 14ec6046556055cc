"""Many keys of the cache in Redis in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from perflab.metrics import EventKind
from perflab.patterns.redis_cache_envelope import Entry
from perflab.patterns.redis_cache_guard import AwayError
from perflab.patterns.redis_cache_keys import checked_key, checked_keys, lifetime
from perflab.patterns.redis_cache_loaders import checked_mapping
from perflab.patterns.redis_cache_logic import Logic
from perflab.patterns.redis_cache_steps import Command, Steps
from perflab.primitives.redis_marks import glob_of, is_entry, is_lock
from perflab.settings import BadInputError

_SCAN_COUNT = 1000


def fetch_many(logic: Logic, keys: Iterable[str]) -> Steps:
    """Return the entries of the keys that are there, by key, and whether the server is away.

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
    load_many: Callable[[list[str]], Any],
    ttl: float | None,
) -> Steps:
    """Return the values of keys, kept or loaded in one call; written in one round trip.

    Raises:
        BadInputError: If keys or TTL are none, or the loader brings no mapping.
    """
    ttl = lifetime(ttl)
    wanted = checked_keys(keys)
    found, away = yield from fetch_many(logic, wanted)
    missing = [key for key in wanted if key not in found]
    loaded: Mapping[str, Any] = {}
    if missing:
        if away:
            for key in missing:
                logic.guard.report(EventKind.FALLBACK, key)
        brought, unchanged, seconds = yield from _load(logic, missing, load_many)
        loaded = checked_mapping(load_many, brought)
        made = (
            logic.loaded_command(key, loaded.get(key), ttl, seconds / len(missing))
            for key in missing
        )
        commands = [command for key, command in zip(missing, made) if command and key in unchanged]
        if commands and not away:
            yield from _write(logic, missing, commands)
    values = {key: entry.value for key, entry in found.items() if not entry.nothing}
    values |= {key: loaded[key] for key in missing if loaded.get(key) is not None}
    return {key: values[key] for key in wanted if key in values}


def put_many(logic: Logic, values: Mapping[str, Any], ttl: float | None) -> Steps:
    """Write values in one round trip; False where that failed.

    Raises:
        BadInputError: If keys, values or TTL are none that can be written; nothing is then.
    """
    ttl = lifetime(ttl)
    if not isinstance(values, Mapping):
        raise BadInputError(f"is a {type(values).__qualname__}, not a mapping of keys", "values")
    plain = {checked_key(key): value for key, value in values.items()}
    commands = [
        logic.write_command(key, value, ttl, 0.0, nothing=False) for key, value in plain.items()
    ]
    commands += [("DEL", logic.lock(key).name) for key in plain]
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
        for kind, find in (("k", _entries), ("l", _locks)):
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


def _load(logic: Logic, keys: list[str], load_many: Callable[[list[str]], Any]) -> Steps:
    """Return what a loader brings, the keys that were not changed meanwhile, and its seconds."""
    mine = logic.changes.begin(keys)
    try:
        brought, seconds = yield from logic.load(tuple(keys), lambda: load_many(keys))
    finally:
        unchanged = logic.changes.end(mine, keys)
    return brought, set(unchanged), seconds


def _write(logic: Logic, keys: list[str], commands: list[Command]) -> Steps:
    try:
        yield from logic.guard.ask(tuple(keys), *commands)
    except AwayError:
        return
