"""A redis-py client, recorded: sync or `async`, its pipelines too."""

from __future__ import annotations

import copy
import functools
import inspect
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from zlib import crc32

from perflab.operations import Operation
from perflab.workloads.recording.keys import MASK, SPREAD, key_bytes, size_of
from perflab.workloads.recording.operations import (
    ADD,
    DROP,
    FLUSH,
    KEPT,
    REPLACE,
    TOUCH_LONGER,
    TOUCH_SHORTER,
    TOUCH_WITH,
    TOUCH_WITHOUT,
)
from perflab.workloads.recording.recording import Recording
from perflab.workloads.recording.redis_commands import Argument, RedisRow, is_known, rows_of
from perflab.workloads.recording.redis_table import COMMANDS, ONE_KEY, READS

# Commands whose 0 is that of a key that is not there.
COUNTS = frozenset(("STRLEN", "HLEN", "LLEN", "SCARD", "ZCARD", "XLEN", "ZCOUNT"))
# Commands that answer no alike for a key that is not there and a member that is not in it.
MEMBERS = frozenset(("HEXISTS", "SISMEMBER", "SMISMEMBER", "HSTRLEN"))
# Commands of one key that ask for its value, whatever they do then.
ASKING = frozenset(name for name in ONE_KEY if COMMANDS[name][0].does == "get")
DONE = {
    **dict.fromkeys((ADD, REPLACE), int(Operation.SET)),
    **dict.fromkeys((TOUCH_WITHOUT, TOUCH_WITH, TOUCH_LONGER, TOUCH_SHORTER), int(Operation.TOUCH)),
}
_LONGEST_NAME = 40
Command = tuple[Argument, ...]
T = TypeVar("T")


def is_redis_client(target: object) -> bool:
    """Say whether something looks like a redis-py client."""
    if isinstance(target, type) or hasattr(target, "command_stack"):  # a pipeline sends later
        return False
    return all(hasattr(target, name) for name in ("execute_command", "pipeline", "connection_pool"))


def recorded_client(client: Any, recording: Recording) -> Any:
    """Return a client on the same connections that records the keys which its commands read.

    A read is a hit where its answer is not empty. What is written, renewed and removed is
    replayed, where the answer says that it was done. Commands of scripts, transactions under
    `watch` and cluster clients are not recorded.
    """
    recorded = copy.copy(client)
    # The connections are the client's, which lives as long as the copy does.
    recorded.auto_close_connection_pool = False
    execute = client.execute_command

    def execute_command(*args: Argument, **options: object) -> Any:
        answer = execute(*args, **options)
        _note(recording, args, answer)
        return answer

    async def execute_command_async(*args: Argument, **options: object) -> Any:
        answer = await execute(*args, **options)
        _note(recording, args, answer)
        return answer

    def pipeline(*args: Argument, **options: object) -> Any:
        return _recorded_pipeline(client.pipeline(*args, **options), recording)

    is_async = inspect.iscoroutinefunction(execute)
    recorded.execute_command = execute_command_async if is_async else execute_command
    recorded.pipeline = pipeline
    for command in ONE_KEY:
        name = command.lower()
        parameters = _parameters(getattr(type(client), name, None))
        if parameters[:1] == ["name"]:
            plain, noted = getattr(client, name), getattr(recorded, name)
            if command in READS and parameters == ["name"]:
                method = _if_sampled_alone(plain, noted, recording)
            else:
                method = _if_sampled(plain, noted, recording, counted=command in ASKING)
            setattr(recorded, name, method)
    recorded.recording = recording
    return recorded


def _parameters(method: object) -> list[str]:
    """Return what a method of redis-py takes; nothing for another, which may make other keys."""
    if not callable(method) or not getattr(method, "__module__", "").startswith("redis."):
        return []
    return list(inspect.signature(method).parameters)[1:]


def _if_sampled(
    plain: Callable[..., T], noted: Callable[..., T], recording: Recording, *, counted: bool
) -> Callable[..., T]:
    """Return a method that leaves the recording aside for a key that is not in the sample.

    Only a read is counted then: a write is no request.
    """

    @functools.wraps(plain)
    def method(name: Argument, *args: Argument, **options: object) -> T:
        if crc32(key_bytes(name)) * SPREAD & MASK >= recording.limit:
            answer = plain(name, *args, **options)
            if counted:
                next(recording.passed)
            return answer
        return noted(name, *args, **options)

    return method


def _if_sampled_alone(
    plain: Callable[[Argument], T], noted: Callable[[Argument], T], recording: Recording
) -> Callable[[Argument], T]:
    """Return the same of a method that reads and takes a key alone, in as few steps as can be.

    After a system call the processor's caches are cold, and each step takes several times as long
    as in a loop; so does what is held until the answer is there.
    """

    @functools.wraps(plain)
    def method(name: Argument) -> T:
        try:
            data = name.encode() if type(name) is str else key_bytes(name)
        except UnicodeEncodeError:
            data = key_bytes(name)
        if crc32(data) * SPREAD & MASK >= recording.limit:
            answer = plain(name)
            next(recording.passed)
            return answer
        return noted(name)

    return method


def _recorded_pipeline(pipe: Any, recording: Recording) -> Any:
    execute: Callable[..., Any] = pipe.execute

    def commands() -> list[Command]:
        return [command[0] for command in pipe.command_stack]

    def note(sent: list[Command], answers: Sequence[object]) -> None:
        for args, answer in zip(sent, answers, strict=False):
            _note(recording, args, answer)

    def execute_all(*args: Argument, **options: object) -> Any:
        sent = commands()
        answers = execute(*args, **options)
        note(sent, answers)
        return answers

    async def execute_all_async(*args: Argument, **options: object) -> Any:
        sent = commands()
        answers = await execute(*args, **options)
        note(sent, answers)
        return answers

    pipe.execute = execute_all_async if inspect.iscoroutinefunction(execute) else execute_all
    return pipe


def _is_passed_by(args: Command, limit: int) -> bool:
    """Say at once whether a command is of one key, and that is not in the sample."""
    if args[0] not in ONE_KEY or len(args) < 2:
        return False
    return crc32(key_bytes(args[1])) * SPREAD & MASK >= limit


def _note(recording: Recording, args: Command, answer: object) -> None:
    """Record what a command requested or did; one that cannot be read is counted."""
    try:
        _note_keys(recording, args, answer)
    except Exception:  # noqa: BLE001 - a recorder stops no service
        recording.leave_out("unkeyed", str(args[0])[:_LONGEST_NAME] if args else "")


def _note_keys(recording: Recording, args: Command, answer: object) -> None:
    """Record what a command requested or did, of the keys in the sample."""
    if isinstance(answer, Exception):
        return
    if _is_passed_by(args, recording.limit):
        if args[0] in ASKING:
            next(recording.passed)
        return
    # A command of two words, such as CONFIG GET, is one argument of redis-py's.
    name, *_ = _words(args[0]).split(" ")
    if not is_known(name) and recording.limit:
        recording.leave_out("unknown", name)
    several = answer if isinstance(answer, list) and name in ("MGET", "JSON.MGET") else None
    asks, did = False, _has_done(answer)
    for i, row in enumerate(rows_of(name, args[1:], time.time())):
        if row.again:
            continue
        if row.code == Operation.GET:
            asks = True
            _note_read(recording, name, row.key, answer if several is None else several[i])
        elif row.code == FLUSH:
            recording.flush_keys(name)
        elif did or (row.code == Operation.SET and (asks or row.ttl == KEPT)):
            _note_change(recording, name, row)


def _note_read(recording: Recording, name: str, key: Argument, value: object) -> None:
    data = key_bytes(key)
    place = crc32(data) * SPREAD & MASK
    if place >= recording.limit:
        next(recording.passed)
        return
    hit = _hit(name, value)
    recording.add(data, place, hit=hit, size=_answer_size(value) if hit else None)


def _note_change(recording: Recording, name: str, row: RedisRow) -> None:
    data = key_bytes(row.key)
    place = crc32(data) * SPREAD & MASK
    if place >= recording.limit:
        return
    if row.code == DROP:
        recording.leave_out("drop", name)
        return
    if row.field is not None and row.ttl > 0:
        recording.leave_out("field", name)
    size = None if row.value is None else _answer_size(row.value)
    ttl = None if math.isnan(row.ttl) else row.ttl
    # The answer said that it was done, so what it depended on was so.
    recording.add(data, place, code=DONE.get(row.code, row.code), size=size, ttl=ttl)


def _has_done(answer: object) -> bool:
    """Say whether the server did something, as far as its answer tells."""
    return answer is not None and not (isinstance(answer, int) and answer == 0)


def _words(command: object) -> str:
    return (command.decode("latin-1") if isinstance(command, bytes) else str(command)).upper()


def _hit(name: str, answer: object) -> bool | None:
    if name in COUNTS:
        return bool(answer)
    if name in MEMBERS:
        return True if answer else None
    if isinstance(answer, list) and name == "HMGET":
        return any(value is not None for value in answer)
    empty = isinstance(answer, (list, dict, set, tuple)) and not answer
    return answer is not None and not empty


def _answer_size(answer: object) -> int | None:
    """Return the bytes of an answer of texts; None where it is of another kind."""
    if isinstance(answer, Mapping):
        answer = [*answer.keys(), *answer.values()]
    if isinstance(answer, (list, set, tuple)):
        sizes = [size_of(value) for value in answer if value is not None]
        return None if None in sizes else sum(size for size in sizes if size is not None)
    if isinstance(answer, int):
        return None
    return size_of(answer)
