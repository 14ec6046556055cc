"""A redis-py client, recorded: sync or `async`, its pipelines too."""

from __future__ import annotations

import copy
import functools
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from perflab.workloads.recording.keys import MASK, SPREAD, key_bytes, size_of
from perflab.workloads.recording.left_out import KINDS
from perflab.workloads.recording.recording import Recording
from perflab.workloads.recording.redis_commands import ONE_KEY, READS, accesses, command_kinds

# Commands whose 0 is that of a key that is not there.
COUNTS = frozenset(("STRLEN", "HLEN", "LLEN", "SCARD", "ZCARD", "XLEN", "ZCOUNT"))
# Commands that answer no alike for a key that is not there and a member that is not in it.
MEMBERS = frozenset(("HEXISTS", "SISMEMBER", "SMISMEMBER", "HSTRLEN"))
_LONGEST_NAME = 40


def is_redis_client(target: Any) -> bool:
    """Say whether something looks like a redis-py client."""
    if isinstance(target, type) or hasattr(target, "command_stack"):  # a pipeline sends later
        return False
    return all(hasattr(target, name) for name in ("execute_command", "pipeline", "connection_pool"))


def recorded_client(client: Any, recording: Recording) -> Any:
    """Return a client on the same connections that records the keys which its commands read.

    A read is a hit where its answer is not empty. What is written says sizes and TTLs. Commands
    of scripts, transactions under `watch` and cluster clients are not recorded.
    """
    recorded = copy.copy(client)
    # The connections are the client's, which lives as long as the copy does.
    recorded.auto_close_connection_pool = False
    execute = client.execute_command

    def execute_command(*args: Any, **options: Any) -> Any:
        answer = execute(*args, **options)
        _note(recording, args, answer)
        return answer

    async def execute_command_async(*args: Any, **options: Any) -> Any:
        answer = await execute(*args, **options)
        _note(recording, args, answer)
        return answer

    def pipeline(*args: Any, **options: Any) -> Any:
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
                method = _if_sampled(plain, noted, recording, counted=command in READS)
            setattr(recorded, name, method)
    recorded.recording = recording
    return recorded


def _parameters(method: Any) -> list[str]:
    """Return what a method of redis-py takes; nothing for another, which may make other keys."""
    if not getattr(method, "__module__", "").startswith("redis."):
        return []
    return list(inspect.signature(method).parameters)[1:]


def _if_sampled(
    plain: Any, noted: Any, recording: Recording, *, counted: bool
) -> Callable[..., Any]:
    """Return a method that leaves the recording aside for a key that is not in the sample.

    Only a read is counted then: a write is no request.
    """

    @functools.wraps(plain)
    def method(name: Any, *args: Any, **options: Any) -> Any:
        if crc32(key_bytes(name)) * SPREAD & MASK >= recording.limit:
            answer = plain(name, *args, **options)
            if counted:
                next(recording.passed)
            return answer
        return noted(name, *args, **options)

    return method


def _if_sampled_alone(plain: Any, noted: Any, recording: Recording) -> Callable[[Any], Any]:
    """Return the same of a method that reads and takes a key alone, in as few steps as can be.

    After a system call the processor's caches are cold, and each step takes several times as long
    as in a loop; so does what is held until the answer is there.
    """

    @functools.wraps(plain)
    def method(name: Any) -> Any:
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

    def commands() -> list[tuple[Any, ...]]:
        return [command[0] for command in pipe.command_stack]

    def note(sent: list[tuple[Any, ...]], answers: Any) -> None:
        for args, answer in zip(sent, answers, strict=False):
            _note(recording, args, answer)

    def execute_all(*args: Any, **options: Any) -> Any:
        sent = commands()
        answers = execute(*args, **options)
        note(sent, answers)
        return answers

    async def execute_all_async(*args: Any, **options: Any) -> Any:
        sent = commands()
        answers = await execute(*args, **options)
        note(sent, answers)
        return answers

    pipe.execute = execute_all_async if inspect.iscoroutinefunction(execute) else execute_all
    return pipe


def _is_passed_by(args: tuple[Any, ...], limit: int) -> bool:
    """Say at once whether a command is of one key, and that is not in the sample."""
    if args[0] not in ONE_KEY or len(args) < 2:
        return False
    return crc32(key_bytes(args[1])) * SPREAD & MASK >= limit


def _note(recording: Recording, args: tuple[Any, ...], answer: Any) -> None:
    """Record what a command requested or wrote; one that cannot be read is counted."""
    try:
        _note_keys(recording, args, answer)
    except Exception:  # noqa: BLE001 - a recorder stops no service
        recording.leave_out("unkeyed", str(args[0])[:_LONGEST_NAME] if args else "")


def _note_keys(recording: Recording, args: tuple[Any, ...], answer: Any) -> None:
    """Record what a command requested or wrote, of the keys in the sample."""
    if isinstance(answer, Exception):
        return
    if _is_passed_by(args, recording.limit):
        if args[0] in READS:
            next(recording.passed)
        return
    name = _words(args[0])
    if recording.limit:
        _leave_out(recording, name, args[1:], answer)
    several = answer if name == "MGET" and isinstance(answer, list) else None
    for i, access in enumerate(accesses(name, args[1:])):
        data = key_bytes(access.key)
        place = crc32(data) * SPREAD & MASK
        if place >= recording.limit:
            if access.read:
                next(recording.passed)
        elif access.read:
            value = answer if several is None else several[i]
            hit = _hit(name, value)
            size = _answer_size(value) if hit else None
            recording.add(data, place, hit=hit, size=size)
        else:
            ttl = None if math.isnan(access.ttl) else access.ttl
            size = None if access.value is None else _answer_size(access.value)
            recording.add(data, place, read=False, size=size, ttl=ttl)


def _words(command: Any) -> str:
    return (command.decode("latin-1") if isinstance(command, bytes) else str(command)).upper()


def _leave_out(recording: Recording, name: str, arguments: tuple[Any, ...], answer: Any) -> None:
    """Count a command that is not replayed, unless the server told that there was nothing to do."""
    # A command of two words, such as CONFIG GET, is one argument of redis-py's.
    name, *_ = name.split(" ")
    nothing = answer is None or (isinstance(answer, int) and answer == 0)
    for kind in command_kinds(name, arguments):
        if kind in KINDS and not (nothing and kind in ("removal", "renewal")):
            recording.leave_out(kind, name)


def _hit(name: str, answer: Any) -> bool | None:
    if name in COUNTS:
        return bool(answer)
    if name in MEMBERS:
        return True if answer else None
    if isinstance(answer, list) and name == "HMGET":
        return any(value is not None for value in answer)
    empty = isinstance(answer, (list, dict, set, tuple)) and not answer
    return answer is not None and not empty


def _answer_size(answer: Any) -> int | None:
    """Return the bytes of an answer of texts; None where it is of another kind."""
    if isinstance(answer, Mapping):
        answer = [*answer.keys(), *answer.values()]
    if isinstance(answer, (list, set, tuple)):
        sizes = [size_of(value) for value in answer if value is not None]
        return None if None in sizes else sum(size for size in sizes if size is not None)
    if isinstance(answer, int):
        return None
    return size_of(answer)
