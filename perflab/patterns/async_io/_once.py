"""`fetch_all`, `fetch_apart` and `run_fetch`: one call for who wants no more than the results."""

from __future__ import annotations

import asyncio
import threading

from perflab.errors import BadInputError
from perflab.patterns.async_io._async_io import AsyncFetcher
from perflab.patterns.async_io._request import Result
from perflab.patterns.async_io._run import Source
from perflab.patterns.async_io.settings import AsyncIOSettings


async def fetch_all(source: Source | None = None, **settings: object) -> list[Result]:
    """Return the results of all requests, in the order in which they ended.

    Args:
        source: As for `AsyncFetcher.fetch`.
        settings: Keys of `AsyncIOSettings`.
    """
    async with AsyncFetcher(AsyncIOSettings.read(settings)) as fetcher:
        return [result async for result in fetcher.fetch(source)]


def run_fetch(source: Source | None = None, **settings: object) -> dict[str, int | float]:
    """Fetch to `output_file` from a plain script, wait, and return the counts.

    Raises:
        BadInputError: If an event loop runs already, as in a notebook: there it is awaited.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_save(source, settings))
    raise BadInputError(
        "an event loop runs here; write 'await fetch_all(...)' or 'await fetcher.save(...)'",
        "run_fetch",
    )


def fetch_apart(source: Source | None = None, **settings: object) -> list[Result]:
    """Return the results as `fetch_all` does, from a function that is not async.

    It may be called where an event loop runs: the fetching has a thread and a loop of its own.
    """
    found: list[Result] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            found.extend(asyncio.run(fetch_all(source, **settings)))
        except BaseException as error:  # noqa: BLE001  (raised again in the caller's thread)
            failed.append(error)

    thread = threading.Thread(target=work, name="perflab-fetch")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found


async def _save(source: Source | None, settings: dict[str, object]) -> dict[str, int | float]:
    async with AsyncFetcher(AsyncIOSettings.read(settings)) as fetcher:
        return await fetcher.save(source)
