"""The concurrent client as a layer of a running service, and the server that its workers call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Future
from typing import Any

from perflab.bench.living import Behind, LayerFailedError
from perflab.modelling.key_share import share_of_keys
from perflab.operations import Operation
from perflab.patterns.async_io._async_io import AsyncFetcher
from perflab.patterns.async_io._request import Request, Result
from perflab.patterns.async_io.settings import AsyncIOSettings, AsyncIOStageSettings
from perflab.servers.http.server import HttpServer
from perflab.settings import HttpServerSettings

_ITEMS = 3
_PAGES = 100
_SLOWEST = float(HttpServerSettings.info("latency_seconds").high or 1.0)


class CallBacking:
    """A server of perflab's own, with the service time and capacity of the settings.

    Raises:
        BadInputError: If it does not come up.
    """

    def __init__(self, settings: AsyncIOStageSettings) -> None:
        values = {key: getattr(settings, key) for key in HttpServerSettings.model_fields}
        self._usual = settings.latency_seconds
        self._server = HttpServer(HttpServerSettings.read(values))

    @property
    def address(self) -> Mapping[str, Any]:
        """The server's address."""
        return {"url": self._server.url}

    @property
    def about(self) -> str:
        """The server's version."""
        return f"{self._server.version}, perflab's own on loopback"

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        return self._server.pid is not None

    def down(self) -> None:
        """Kill the server; calls fail."""
        self._server.kill()

    def up(self) -> None:
        """Start it again at the same address."""
        self._server.restart()

    def slow(self, times: float) -> None:
        """Let it take so many times as long as usual for the requests that come from now on."""
        self._server.set(latency_seconds=min(times * self._usual, _SLOWEST))

    def close(self) -> None:
        """End it."""
        self._server.close()


class CallLayer:
    """The client of one worker process: a thread with an event loop makes its calls."""

    def __init__(self, settings: AsyncIOStageSettings, address: Mapping[str, Any]) -> None:
        values = {key: getattr(settings, key) for key in AsyncIOSettings.model_fields}
        self._settings = AsyncIOSettings.read(values)
        self._share, self._url = settings.call_share, str(address["url"])
        self._loop = asyncio.new_event_loop()
        self._asked: asyncio.Queue[Request | None] = asyncio.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True, name="perflab-calls")
        self._thread.start()

    def answer(self, key: str, behind: Behind, _ttl: float | None = None) -> object:
        """Return what is behind, after the call for a key was answered where it is to be made.

        Raises:
            LayerFailedError: If the call failed, each time that it was tried.
        """
        if share_of_keys([int(key)], self._share)[0]:
            found: Future[Result] = Future()
            page = int(key) % _PAGES * _ITEMS
            request = Request(f"{self._url}/items?start={page}&count={_ITEMS}", tag=found)
            self._loop.call_soon_threadsafe(self._asked.put_nowait, request)
            result = found.result()
            if not result.ok:
                raise LayerFailedError(f"the call failed: {result.detail}")
        return behind()

    def write(self, _operation: Operation, _key: str, _ttl: float | None) -> None:
        """Do nothing: what is written is not called for."""

    def close(self) -> None:
        """End the thread with what it does."""
        self._loop.call_soon_threadsafe(self._asked.put_nowait, None)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._drive())
        finally:
            self._loop.close()

    async def _drive(self) -> None:
        async with AsyncFetcher(self._settings) as fetcher:
            async for result in fetcher.fetch(self._requests()):
                result.request.tag.set_result(result)

    async def _requests(self) -> AsyncIterator[Request]:
        while (request := await self._asked.get()) is not None:
            yield request
