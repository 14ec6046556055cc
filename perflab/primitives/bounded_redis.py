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
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import InvalidResponse, RedisError
from redis.retry import Retry

from perflab.units import counted

if TYPE_CHECKING:
    from typing_extensions import Buffer

Reply = Any
"""Of a server: what redis-py makes of it depends on the command, and on what is there."""

MOST_BYTES = 256 << 20
"""What the replies to the commands of one round trip may hold together."""


Client = TypeVar("Client")


class RedisPipeline(Protocol):
    """What perflab sends in one round trip; each call notes a command, `execute` sends them."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, *raised: object) -> None:
        """Give the connection back."""

    def execute(self, raise_on_error: bool = True) -> list[Reply]:
        """Send the commands and return a reply each; an error is one too, if it is not raised."""

    def __getattr__(self, command: str) -> Callable[..., object]:
        """Return what notes a command, such as `strlen`."""


class RedisClient(Protocol):
    """What perflab asks of a client of its own; redis-py's types are of all its clients at once."""

    connection_pool: redis.ConnectionPool

    def close(self) -> None:
        """Give the connections back."""

    def info(self, section: str = ...) -> dict[str, Reply]:
        """Return what the server says of itself."""

    def pipeline(self, *, transaction: bool) -> RedisPipeline:
        """Return what sends several commands at once."""

    def scan(self, cursor: int, **options: object) -> tuple[int, list[bytes]]:
        """Return the next cursor, and some of the keys."""

    def __getattr__(self, command: str) -> Callable[..., Reply]:
        """Return what sends a command, such as `exists`."""


class _BoundedSocket:
    """A socket that gives up when a reply takes longer, or is larger, than it may be."""

    def __init__(self, sock: socket.socket, seconds: float | None) -> None:
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

    def sendall(self, data: Buffer) -> None:
        self._left = MOST_BYTES
        if self._until is not None:
            self._until = None
            self._sock.settimeout(self._timeout)
        self._sock.sendall(data)

    def recv(self, size: int, flags: int = 0) -> bytes:
        self._before()
        data = self._sock.recv(size, flags)
        self._after(len(data))
        return data

    def recv_into(self, buffer: Buffer, most: int = 0, flags: int = 0) -> int:
        self._before()
        size = self._sock.recv_into(buffer, most, flags)
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

    def __getattr__(self, name: str) -> object:
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

    def _connect(self) -> object:
        sock = super()._connect()  # type: ignore[misc]
        return _BoundedSocket(sock, self.socket_timeout)  # type: ignore[attr-defined]

    def read_response(self, *arguments: object, **options: object) -> object:
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

    async def send_packed_command(self, *arguments: object, **options: object) -> object:
        self._until = None
        sent = await super().send_packed_command(*arguments, **options)  # type: ignore[misc]
        if self._bounded is not None:
            self._bounded.begin()
        return sent

    async def read_response(self, *arguments: object, **options: object) -> object:
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


def redis_client(url: str, seconds: float) -> RedisClient:
    """Return a threaded client that waits at most so long for a connection and for a reply.

    Raises:
        ValueError: If it is no URL of Redis; its text may hold the password.
    """
    options: dict[str, Any] = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    # Once more, for a connection that a restarted server has left behind; not for a slow one.
    options["retry"] = Retry(NoBackoff(), 1, (redis.ConnectionError,))
    client: Any = redis.Redis.from_url(url, **options, **staying(redis.ConnectionPool))
    made: RedisClient = bounded(client)
    return made


def staying(pool: type) -> dict[str, object]:
    """Return the options of a client that stays with its server, whatever that tells it."""
    options: dict[str, object] = {"protocol": 2}
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
