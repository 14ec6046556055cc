"""Clients of redis-py whose replies end: in time, in size, and with an error of Redis' own kind.

redis-py's ``socket_timeout`` is per read, so that a server which sends a byte now and then holds
a caller for ever; it takes a reply of any length; and a reply that is no reply (``:abc``, a
length of letters, lists in lists by the thousand) raises whatever the parsing met. The
connections here are redis-py's with a limit on each of these, so that they work with its own
parser, with hiredis, and over TLS. They speak RESP 2 unless the caller says otherwise: with
RESP 3, redis-py of 7 and later lets the server send it to another address (``MOVING``), which
nobody has agreed to.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
from typing import Any, TypeVar

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import InvalidResponse, RedisError
from redis.retry import Retry

from perflab.units import counted

MOST_BYTES = 256 << 20
"""What the replies to the commands of one round trip may hold together."""


Client = TypeVar("Client")


class _BoundedSocket:
    """A socket that gives up when a reply takes longer, or is larger, than it may be."""

    def __init__(self, sock: Any, seconds: float | None) -> None:
        self._sock = sock
        self._seconds = seconds
        self._timeout = seconds
        self._until: float | None = None
        self._left = MOST_BYTES

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, seconds: float | None) -> None:
        self._timeout = seconds
        self._sock.settimeout(seconds)

    def sendall(self, data: Any) -> Any:
        self._left = MOST_BYTES
        if self._until is not None:
            self._until = None
            self._sock.settimeout(self._timeout)
        return self._sock.sendall(data)

    def recv(self, *arguments: Any) -> bytes:
        self._before()
        data: bytes = self._sock.recv(*arguments)
        self._after(len(data))
        return data

    def recv_into(self, *arguments: Any) -> int:
        self._before()
        size: int = self._sock.recv_into(*arguments)
        self._after(size)
        return size

    def _before(self) -> None:
        # A time of 0 only looks whether there is something to read.
        if self._seconds is None or self._timeout == 0:
            return
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._seconds
            return
        if now >= self._until:
            raise TimeoutError("timed out")
        self._sock.settimeout(self._until - now)

    def _after(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _too_large()


class _BoundedReader:
    """A stream that refuses to hold more of a reply than it may."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._left = MOST_BYTES

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def begin(self) -> None:
        """Take the next reply."""
        self._left = MOST_BYTES

    async def readline(self) -> bytes:
        return self._after(await self._stream.readline())

    async def read(self, size: int = -1) -> bytes:
        return self._after(await self._stream.read(size))

    async def readexactly(self, size: int) -> bytes:
        if size > self._left:
            raise _too_large()
        return self._after(await self._stream.readexactly(size))

    def _after(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise _too_large()
        return data


class _Bounded:
    """Mixed into a threaded connection of redis-py."""

    def _connect(self) -> Any:
        sock = super()._connect()  # type: ignore[misc]
        return _BoundedSocket(sock, self.socket_timeout)  # type: ignore[attr-defined]

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().read_response(*arguments, **options)  # type: ignore[misc]
        except (RedisError, OSError):
            raise
        except Exception as error:
            self.disconnect()  # type: ignore[attr-defined]
            raise _no_reply(error) from error


class _AsyncBounded:
    """Mixed into an asyncio connection of redis-py."""

    _bounded: _BoundedReader | None = None
    _until: float | None = None

    @property
    def _reader(self) -> _BoundedReader | None:
        return self._bounded

    @_reader.setter
    def _reader(self, stream: asyncio.StreamReader | None) -> None:
        # redis-py hands the stream to its parser before `_connect` has ended.
        self._bounded = None if stream is None else _BoundedReader(stream)

    async def send_packed_command(self, *arguments: Any, **options: Any) -> Any:
        self._until = None
        sent = await super().send_packed_command(*arguments, **options)  # type: ignore[misc]
        if self._bounded is not None:
            self._bounded.begin()
        return sent

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        until = self._until
        seconds = self.socket_timeout  # type: ignore[attr-defined]
        try:
            if until is None or seconds is None:
                # redis-py itself waits no longer than that for one reply.
                if seconds is not None:
                    self._until = asyncio.get_running_loop().time() + seconds
                return await super().read_response(*arguments, **options)  # type: ignore[misc]
            async with asyncio.timeout_at(until):
                return await super().read_response(*arguments, **options)  # type: ignore[misc]
        except (RedisError, OSError):
            raise
        except Exception as error:
            await self.disconnect(nowait=True)  # type: ignore[attr-defined]
            raise _no_reply(error) from error


def redis_client(url: str, seconds: float) -> Any:
    """Return a threaded client that waits at most so long for a connection and for a reply.

    Raises:
        ValueError: If it is no URL of Redis; its text may hold the password.
    """
    options: dict[str, Any] = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    # Once more, for a connection that a restarted server has left behind; not for a slow one.
    options["retry"] = Retry(NoBackoff(), 1, (redis.ConnectionError,))
    return bounded(redis.Redis.from_url(url, **options, **staying(redis.ConnectionPool)))


def staying(pool: type) -> dict[str, Any]:
    """Return the options of a client that stays with its server, whatever that tells it."""
    options: dict[str, Any] = {"protocol": 2}
    takes = (inspect.signature(one.__init__).parameters for one in pool.__mro__)  # type: ignore[misc]
    # A URL may ask for RESP 3 too.
    if any("maint_notifications_config" in parameters for parameters in takes):
        from redis.maint_notifications import MaintNotificationsConfig

        options["maint_notifications_config"] = MaintNotificationsConfig(enabled=False)
    return options


def bounded(client: Client) -> Client:
    """Let the connections that a client makes from now on give up on replies without an end.

    Args:
        client: Of ``redis.Redis`` or ``redis.asyncio.Redis``, not connected yet.

    Returns:
        The same client.
    """
    pool: Any = client.connection_pool  # type: ignore[attr-defined]
    pool.connection_class = _bounded_class(pool.connection_class)
    return client


@functools.cache
def _bounded_class(connection: type) -> type:
    mixin = _AsyncBounded if asyncio.iscoroutinefunction(connection.read_response) else _Bounded  # type: ignore[attr-defined]
    return type(f"Bounded{connection.__name__}", (mixin, connection), {})


def _too_large() -> OSError:
    return OSError(f"the reply has more than {counted(MOST_BYTES, 'byte')}")


def _no_reply(error: Exception) -> InvalidResponse:
    return InvalidResponse(f"Protocol Error: {type(error).__name__}")
