"""Servers that answer from a script: one answer to each message, then the end of the stream."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
import redis.asyncio

NEXT = b"\x00\x1eNEXT\x1e\x00"
"""Between two answers of a script."""

GREETING, GREETED = b"SETINFO", b"+OK\r\n"
"""What redis-py says on each new connection is answered well: the script is for what follows."""


class Script:
    """The answers that are left; several connections share them, as they do a server."""

    def __init__(self, data: bytes) -> None:
        self._answers: Iterator[bytes] = iter(data.split(NEXT))
        self._lock = threading.Lock()

    def next(self) -> bytes | None:
        """Return the next answer; None after the last."""
        with self._lock:
            return next(self._answers, None)


class Wire:
    """The client's end of a real socket, whose other end answers when something is sent."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._mine, self._server = socket.socketpair()
        # More than an input may hold, so that an answer is written without a reader.
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self._server.setblocking(False)
        self._ended = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mine, name)

    def sendall(self, data: bytes) -> None:
        answer = GREETED * data.count(GREETING) or self._script.next()
        if answer is None:
            self._end()
        else:
            with suppress(OSError):
                self._server.send(answer)

    def recv(self, size: int) -> bytes:
        if self._mine.gettimeout() != 0:
            # What is not there now will not come.
            self._mine.setblocking(False)
            try:
                return self._mine.recv(size)
            except BlockingIOError:
                raise TimeoutError("timed out") from None
        return self._mine.recv(size)

    def close(self) -> None:
        self._mine.close()
        self._server.close()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._server.shutdown(socket.SHUT_WR)


def connection_class(script: Script) -> type:
    """Return a threaded connection of redis-py that talks to the script."""

    class Scripted(redis.UnixDomainSocketConnection):
        def _connect(self) -> Any:
            return Wire(script)

    return Scripted


class _Reader(asyncio.StreamReader):
    async def _wait_for_data(self, func_name: str) -> None:
        # All is fed when something is written: what is not there now will not come.
        if not self.at_eof():
            raise TimeoutError(func_name)


class _Writer:
    def __init__(self, script: Script, reader: asyncio.StreamReader) -> None:
        self._script, self._reader, self._ended = script, reader, False

    def write(self, data: bytes) -> None:
        if not self._ended:
            answer = GREETED * data.count(GREETING) or self._script.next()
            if answer is None:
                self._ended = True
                self._reader.feed_eof()
            else:
                self._reader.feed_data(answer)

    def writelines(self, parts: list[bytes]) -> None:
        self.write(b"".join(parts))

    async def drain(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    async def wait_closed(self) -> None:
        """Nothing is open."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


def async_connection_class(script: Script) -> type:
    """Return an asyncio connection of redis-py that talks to the script."""

    class Scripted(redis.asyncio.UnixDomainSocketConnection):
        async def _connect(self) -> None:
            reader = _Reader()
            self._reader = reader
            self._writer = _Writer(script, reader)
            await self.on_connect()

    return Scripted


class SocketServer:
    """A real server on a unix socket, for clients that are no Python, such as libpq."""

    def __init__(self, name: str = ".s.PGSQL.5432", quiet_seconds: float = 0.02) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="perflab-fuzz-"))
        self._quiet = quiet_seconds
        self._script = Script(b"")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / name))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def play(self, data: bytes) -> None:
        """Answer with this from now on."""
        self._script = Script(data)

    def _accept(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(peer, self._script), daemon=True).start()

    def _serve(self, peer: socket.socket, script: Script) -> None:
        peer.settimeout(self._quiet)
        with peer, suppress(OSError):
            while peer.recv(1 << 16):
                answer = script.next()
                if answer is None:
                    return
                peer.sendall(answer)


class HttpServer:
    """A real HTTP server on loopback whose answers are bytes from a script."""

    def __init__(self) -> None:
        self.url = ""
        self._script = Script(b"")

    async def start(self) -> None:
        """Listen."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    def play(self, data: bytes) -> None:
        """Answer with this from now on."""
        self._script = Script(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self._script
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                answer = script.next()
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()
