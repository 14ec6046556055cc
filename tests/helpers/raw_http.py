"""An HTTP server of raw sockets: it notes each request as it came, and answers as told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Self

Answer = Callable[["Seen", asyncio.StreamWriter], Awaitable[bool | None] | bytes | None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Seen:
    """A request as it came.

    Attributes:
        method: The method.
        target: The request target, byte for byte.
        headers: The headers, with names in lower case.
        body: The body.
        connection: Which connection of the server it came on, from 0.
        nth: Which request of the server it is, from 0.
    """

    def __init__(self, line: bytes, headers: dict[str, str], connection: int, nth: int) -> None:
        self.method, rest = line.decode("latin-1").split(" ", 1)
        self.target = rest.removesuffix("\r\n").rpartition(" ")[0]
        self.headers = headers
        self.connection, self.nth = connection, nth
        self.body = b""


class RawServer:
    """Answers with bytes, or calls what writes and returns False to close the connection.

    Attributes:
        seen: All requests, in order.
        url: Its address, without a slash at the end.
    """

    def __init__(self, answer: Answer | bytes = OK, host: str = "127.0.0.1") -> None:
        self.answer = answer
        self._host = host
        self.seen: list[Seen] = []
        self.connections = 0
        self.url = ""
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        name = f"[{self._host}]" if ":" in self._host else self._host
        self.url = f"http://{name}:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    @property
    def targets(self) -> list[str]:
        """The request targets as they came."""
        return [seen.target for seen in self.seen]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        connection, self.connections = self.connections, self.connections + 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._one(reader, writer, connection):
                pass
        self._writers.discard(writer)
        writer.close()

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> bool:
        line = await reader.readuntil(b"\r\n")
        headers: dict[str, str] = {}
        while (header := await reader.readuntil(b"\r\n")) != b"\r\n":
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        seen = Seen(line, headers, connection, len(self.seen))
        self.seen.append(seen)
        seen.body = await reader.readexactly(int(headers.get("content-length", "0")))
        said = self.answer if isinstance(self.answer, bytes) else self.answer(seen, writer)
        if isinstance(said, bytes):
            writer.write(said)
            await writer.drain()
            return True
        return bool(said is not None and await said)


def answer(status: str, body: bytes = b"", **headers: str) -> bytes:
    """Return an answer with a length, such as ``answer("302 Found", Location="/x")``."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body
