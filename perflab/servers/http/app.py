"""The process of `HttpServer`: an aiohttp server on loopback, steered by lines on its input.

Run as a module with its settings as JSON and a port (0 for any). It writes one line of JSON when
it listens, and one in answer to each line that it reads; it ends at the end of its input, which
comes even when its parent is killed.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import signal
import sys

from aiohttp import web

from perflab.errors import BadInputError
from perflab.servers.http.faults import SEEN, faulty_routes
from perflab.servers.http.station import FullError, Station
from perflab.settings.http_server import LOGNORMAL_SIGMA, HttpServerSettings

_HOST = "127.0.0.1"
_BACKLOG = 4096
_MOST_ITEMS = 100_000


class HttpApp:
    """Answers ``GET /items?start=S&count=N`` after a service time, as its settings say."""

    def __init__(self, settings: HttpServerSettings) -> None:
        self._station = Station()
        self._random = random.Random(0)
        self._counts = {"requests": 0, "served": 0, "refused": 0, "errors": 0, "stalls": 0}
        self._apply(settings)

    async def items(self, request: web.Request) -> web.Response:
        """Answer a JSON list of items, or an error where the settings want one."""
        counts, settings = self._counts, self._settings
        counts["requests"] += 1
        try:
            start = int(request.query.get("start", "0"))
            count = int(request.query.get("count", "1"))
        except ValueError:
            raise web.HTTPBadRequest(text="start and count are whole numbers") from None
        if start < 0 or not 0 <= count <= _MOST_ITEMS:
            raise web.HTTPBadRequest(text=f"start is at least 0, count 0 to {_MOST_ITEMS}")
        try:
            await self._station.serve(self._service_seconds())
        except FullError:
            counts["refused"] += 1
            headers = {}
            if settings.retry_after_seconds is not None:
                headers["Retry-After"] = str(math.ceil(settings.retry_after_seconds))
            return web.Response(status=503, text="full", headers=headers)
        if settings.error_rate and self._random.random() < settings.error_rate:
            counts["errors"] += 1
            return web.Response(status=500, text="an error, as requested")
        counts["served"] += 1
        return web.Response(body=_items(start, count), content_type="application/json")

    def obey(self, order: dict[str, object]) -> dict[str, object]:
        """Change the settings if the order says so, and tell the counts.

        Raises:
            BadInputError: If a setting is not right.
        """
        if order:
            self._apply(self._settings.change(**order))
        return {**self._counts, "busy": self._station.busy, "waiting": self._station.waiting}

    def _apply(self, settings: HttpServerSettings) -> None:
        self._settings = settings
        self._station.capacity = settings.capacity
        self._station.queue = settings.server_queue
        if self._station.waiting:
            self._station.fit()

    def _service_seconds(self) -> float:
        settings = self._settings
        if settings.stall_rate and self._random.random() < settings.stall_rate:
            self._counts["stalls"] += 1
            return settings.stall_seconds
        mean = settings.latency_seconds
        if not mean or settings.latency_shape == "constant":
            return mean
        if settings.latency_shape == "exponential":
            return self._random.expovariate(1 / mean)
        middle = math.log(mean) - LOGNORMAL_SIGMA**2 / 2
        return self._random.lognormvariate(middle, LOGNORMAL_SIGMA)


def _items(start: int, count: int) -> bytes:
    rows = [
        b'{"id":%d,"name":"item %d","price":%d.%02d,"in_stock":%s}'
        % (i, i, i % 97, i % 100, b"false" if i % 7 == 0 else b"true")
        for i in range(start, start + count)
    ]
    return b"[%s]" % b",".join(rows)


async def serve(settings: HttpServerSettings, port: int) -> None:
    """Serve until the input ends."""
    loop = asyncio.get_running_loop()
    app = HttpApp(settings)
    web_app = web.Application()
    web_app.router.add_get("/items", app.items)
    web_app[SEEN] = {}
    web_app.router.add_routes(faulty_routes())
    runner = web.AppRunner(web_app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(
        runner, _HOST, port, backlog=_BACKLOG, reuse_address=True, shutdown_timeout=0.1
    ).start()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin.buffer)
    _say({"port": runner.addresses[0][1]})
    while line := await orders.readline():
        try:
            _say(app.obey(json.loads(line)))
        except BadInputError as error:
            _say({"problem": str(error)})
    await runner.cleanup()


def _say(values: dict[str, object]) -> None:
    print(json.dumps(values), flush=True)  # noqa: T201  (its parent reads this)


def main() -> None:
    """Serve with the settings and at the port that the arguments name."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = HttpServerSettings.read(json.loads(sys.argv[1]))
    asyncio.run(serve(settings, int(sys.argv[2])))


if __name__ == "__main__":
    main()
