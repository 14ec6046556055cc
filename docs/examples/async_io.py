"""Many HTTP requests, never more at a time than allowed, failures as results.

Needs a client: pip install 'perflab[http]'
"""

import asyncio
import http.server
import threading

from perflab.patterns.async_io import AsyncFetcher, AsyncIOSettings


class Shop(http.server.BaseHTTPRequestHandler):
    """A small service to ask."""

    def do_GET(self) -> None:
        """Answer, but for one product that there is not."""
        self.send_response(404 if self.path == "/product/13" else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


async def statuses(urls: list[str]) -> list[int | None]:
    """Return what each URL answers."""
    async with AsyncFetcher(AsyncIOSettings(max_concurrent=10)) as fetcher:
        return [result.status async for result in fetcher.fetch(urls)]


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop) as shop:
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{shop.server_port}/product"
    found = asyncio.run(statuses([f"{address}/{number}" for number in range(50)]))
    shop.shutdown()
print(found.count(200))  # 49
print(found.count(404))  # 1
