"""`Workers`: tasks that take requests from one source and give results to one reader."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Protocol

from yarl import URL

from perflab.errors.foreign_text import foreign_text
from perflab.patterns.async_io._exact_url import exact_url
from perflab.patterns.async_io._hosts import Host, Hosts
from perflab.patterns.async_io._request import Failure, Request, Result, as_request

Source = Iterable["str | URL | Request"] | AsyncIterable["str | URL | Request"]
_NOTHING = Request("")
_MOST_ASIDE = 1000
_FEWEST_KEPT = 16


class Sender(Protocol):
    """What the workers need of the fetcher."""

    hosts: Hosts

    @property
    def limit(self) -> int:
        """How many workers there should be."""

    async def send(self, request: Request, url: URL, host: Host) -> Result:
        """Send a request, as often as need be."""

    def check(self, request: Request, url: URL) -> None:
        """Raise TypeError or ValueError if a request cannot be sent at all."""

    def count_taken(self) -> None:
        """Count a request that was taken from the source."""

    def count(self, result: Result) -> None:
        """Count a result."""


class Workers:
    """As many tasks as may be in flight; what is read ahead and kept is bounded by their number.

    A request whose host has no place is put aside, so that it holds up no other host; at most
    1,000 are. A worker whose result finds no room waits until the reader has taken some.
    """

    def __init__(self, sender: Sender, source: Source) -> None:
        self._sender = sender
        # Kept, since asking for it is a call to the system for each request.
        self._loop = asyncio.get_running_loop()
        self._items: Iterator[str | URL | Request] | None = None
        self._async_items: AsyncIterator[str | URL | Request] | None = None
        if isinstance(source, AsyncIterable):
            self._async_items = aiter(source)
        else:
            self._items = iter(source)
        self._pulling = asyncio.Lock()
        self._exhausted = False
        self._error: BaseException | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._alive = 0
        self._results: deque[Result] = deque()
        self._freed: deque[tuple[Request, Host]] = deque()
        self._aside = 0
        self._idle: deque[asyncio.Future[None]] = deque()
        self._blocked: deque[asyncio.Future[None]] = deque()
        self._reader: asyncio.Future[None] | None = None
        self.resize()

    def resize(self) -> None:
        """Start workers up to the limit; those beyond end after what they do."""
        while not self._exhausted and self._alive < self._sender.limit:
            self._alive += 1
            task = self._loop.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._gone)

    async def next(self) -> Result | None:
        """Return the next result; None after the last.

        Raises:
            BaseException: What the source raised, after the results of all it gave before.
        """
        while not self._results:
            if not self._tasks:
                error, self._error = self._error, None
                if error is not None:
                    raise error
                return None
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        result = self._results.popleft()
        if self._blocked:
            _wake(self._blocked)
        return result

    async def close(self) -> None:
        """Cancel what is in flight and wait until it is gone; the source is closed too."""
        self._exhausted = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._sender.hosts.forsake(self)
        while self._freed:
            request, host = self._freed.popleft()
            self._cancelled(request, host)
        close = getattr(self._async_items, "aclose", None)
        if close is not None:
            await close()

    def freed(self, request: Request, host: Host) -> None:
        """Take a request that was put aside; its place at the host is taken."""
        self._aside -= 1
        self._freed.append((request, host))
        _wake(self._idle)

    def forsaken(self, request: Request) -> None:
        """Count a request that was put aside and will not be sent."""
        self._aside -= 1
        self._sender.count(Result(request, failure=Failure.CANCELLED, tries=0))

    async def _work(self) -> None:
        try:
            # Counted here and not by the tasks, of which several may end in one turn of the loop.
            while self._alive <= self._sender.limit and await self._work_once():
                pass
        finally:
            self._alive -= 1

    async def _work_once(self) -> bool:
        """Do one request; return whether there was one."""
        sender = self._sender
        taken = await self._take()
        if taken is None:
            return False
        request, url, host = taken
        try:
            result = await sender.send(request, url, host)
        except asyncio.CancelledError:
            self._cancelled(request, host)
            raise
        sender.hosts.give_back(host)
        sender.count(result)
        while len(self._results) >= _FEWEST_KEPT and len(self._results) >= 2 * sender.limit:
            room: asyncio.Future[None] = self._loop.create_future()
            self._blocked.append(room)
            await room
        self._give(result)
        return True

    def _give(self, result: Result) -> None:
        self._results.append(result)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _cancelled(self, request: Request, host: Host) -> None:
        self._sender.hosts.give_back(host)
        self._sender.count(Result(request, failure=Failure.CANCELLED))

    async def _take(self) -> tuple[Request, URL, Host] | None:
        """Return a request with a place at its host; None when there is no further."""
        hosts = self._sender.hosts
        while True:
            if self._freed:
                request, host = self._freed.popleft()
                return request, exact_url(request.url), host
            if self._exhausted and not self._aside:
                _wake_all(self._idle)
                return None
            if self._exhausted or self._aside >= _MOST_ASIDE:
                turn: asyncio.Future[None] = self._loop.create_future()
                self._idle.append(turn)
                await turn
                continue
            given = await self._pull()
            if given is _NOTHING:
                continue
            request = as_request(given)
            self._sender.count_taken()
            try:
                url = exact_url(request.url)
            except (TypeError, ValueError) as error:
                self._refuse(request, Failure.INVALID_URL, str(error))
                continue
            try:
                self._sender.check(request, url)
            except (TypeError, ValueError) as error:
                self._refuse(request, Failure.INVALID_REQUEST, str(error))
                continue
            host = hosts.of(url)
            if hosts.take(host):
                return request, url, host
            self._aside += 1
            host.aside.append((self, request))

    def _refuse(self, request: Request, failure: Failure, why: str) -> None:
        result = Result(request, failure=failure, detail=foreign_text(why), tries=0)
        self._sender.count(result)
        self._give(result)

    async def _pull(self) -> str | URL | Request:
        """Return the next of the source; `_NOTHING` when it is exhausted or has failed."""
        try:
            if self._items is not None:
                return next(self._items)
            async with self._pulling:
                if self._exhausted:
                    return _NOTHING
                assert self._async_items is not None  # noqa: S101  (a source is one or the other)
                return await anext(self._async_items)
        except (StopIteration, StopAsyncIteration):
            self._exhausted = True
        except Exception as error:  # noqa: BLE001  (the caller's own source; raised by `next`)
            self._exhausted = True
            self._error = error
        return _NOTHING

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._error = self._error or task.exception()
            self._exhausted = True
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


def _wake(waiting: deque[asyncio.Future[None]]) -> None:
    while waiting:
        future = waiting.popleft()
        if not future.done():
            future.set_result(None)
            return


def _wake_all(waiting: deque[asyncio.Future[None]]) -> None:
    while waiting:
        _wake(waiting)
