"""Whether a reply is one that its command can have: a server may answer anything."""

from __future__ import annotations

from typing import Any

from redis.exceptions import InvalidResponse, RedisError

from perflab.patterns.redis_cache._steps import Command


def checked(commands: tuple[Command, ...], replies: object) -> list[Any]:
    """Return the replies to commands.

    Raises:
        InvalidResponse: If there are more or fewer, or one is not what its command returns.
    """
    if not isinstance(replies, list) or len(replies) != len(commands):
        raise InvalidResponse("not one reply to each command")
    for command, reply in zip(commands, replies, strict=True):
        is_right = _SHAPES.get(command[0])
        if is_right is not None and not is_right(command, reply):
            raise _wrong(command[0], reply)
    return replies


def checked_value(reply: object) -> bytes | None:
    """Return the reply to GET.

    Raises:
        InvalidResponse: If it is neither bytes nor none.
    """
    if reply is None or isinstance(reply, bytes):
        return reply
    raise _wrong("GET", reply)


def server_error(error: Exception) -> Exception:
    """Return an error of a client as one of its server, whatever it was.

    Raises:
        UnicodeEncodeError: If the key cannot be sent, which is the caller's mistake.
    """
    if isinstance(error, UnicodeEncodeError):
        raise error
    if isinstance(error, (RedisError, OSError)):
        return error
    return InvalidResponse(f"Protocol Error: {type(error).__name__}")


def _wrong(name: str, reply: object) -> InvalidResponse:
    return InvalidResponse(f"{name} was answered by {type(reply).__name__}")


def _is_value(_: Command, reply: object) -> bool:
    return reply is None or isinstance(reply, bytes)


def _is_count(_: Command, reply: object) -> bool:
    return isinstance(reply, int) and reply >= 0


def _are_values(command: Command, reply: object) -> bool:
    return (
        isinstance(reply, list)
        and len(reply) == len(command) - 1
        and all(one is None or isinstance(one, bytes) for one in reply)
    )


def _is_page(_: Command, reply: object) -> bool:
    # redis-py returns the cursor as a number.
    match reply:
        case (int(), [*names]):
            return all(isinstance(name, bytes) for name in names)
    return False


# What SET and EVAL are answered is not read.
_SHAPES = {
    "GET": _is_value,
    "GETRANGE": _is_value,
    "MGET": _are_values,
    "STRLEN": _is_count,
    "DEL": _is_count,
    "UNLINK": _is_count,
    "SCAN": _is_page,
}
