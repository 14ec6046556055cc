"""`EventLoopLoad`: puts requests to an `AsyncFetcher` on an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

from perflab.bench.records import Records
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.patterns.async_io._async_io import AsyncFetcher
from perflab.patterns.async_io._exact_url import exact_url
from perflab.patterns.async_io._request import Failure, Request, Result
from perflab.patterns.async_io.by_url import ByUrl

if TYPE_CHECKING:
    from perflab.bench.pace import Pace
    from perflab.patterns.async_io.settings import AsyncIOSettings
    from perflab.settings import LoadSettings

_MOST_RECORDS = 1_000_000
_LONGEST_SLEEP = 0.1
_OUTCOMES = ("served", "timeout", "error")
_CODES = {"served": 0, "error": 1, "timeout": 3}
"""As `kernels.in_flight` has them."""
_THROTTLED = (429, 503)


class Budget:
    """How many requests may still be sent to a server of the user's, whatever they are for."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.sent = 0

    def take(self) -> bool:
        """Take one; return whether there was one left."""
        if self.sent >= self._most:
            return False
        self.sent += 1
        return True


class EventLoopLoad:
    """Drives a fetcher in a closed or an open loop and records what requests took.

    In a closed loop every place in flight takes the next request at once, and its latency is the
    server's: the wait for a rate limit is counted apart. In an open loop requests are due at
    their times, whether earlier ones are answered or not, and latency counts from when each was
    due, that wait included, so that a stall shows in all that wait for it (no coordinated
    omission).

    Attributes:
        failure: What ended it, if that was no ordinary end.
        records: Of each request: seconds from the start to when it was due, seconds that it took,
            what became of it (0 served, 1 failed, 3 timed out), and seconds that it waited for
            the client's own limits beside.
        by_url: What became of the requests to each URL.
        first_failure: The first request's failure in words.
        throttled: How many were answered 429 or 503 at last.
        throttled_seconds: How long all have waited for the client's own limits.
    """

    def __init__(
        self,
        fetcher: Callable[[], AsyncFetcher],
        targets: Sequence[Request],
        pace: Pace,
        limit: int | None,
        *,
        closed: bool,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget
        self._make = fetcher
        self._targets = targets
        self._pace = pace
        self._limit = limit
        self.closed = closed
        self.failure: BaseException | None = None
        self.records = Records(_MOST_RECORDS, "dfBf")
        self.by_url = ByUrl(targets)
        self.first_failure: str | None = None
        self.throttled = 0
        self.throttled_seconds = 0.0
        self.fetcher: AsyncFetcher | None = None
        self._records = {name: LatencyHistogram() for name in _OUTCOMES}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._going = asyncio.Event()
        self._changed = asyncio.Event()
        self._main: asyncio.Task[None] | None = None
        self._issued = 0
        self._in_flight: set[int] = set()
        self._begun = 0.0
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="perflab-event-loop")

    @property
    def finished(self) -> bool:
        """Say whether all is over."""
        return self._up.is_set() and not self._thread.is_alive()

    def start(self) -> None:
        """Begin; requests count from now."""
        self._thread.start()
        self._up.wait()

    def pause(self) -> None:
        """Hold the load before its next request."""
        self._call(self._going.clear)

    def resume(self) -> None:
        """Go on; what was not due before the pause is due after it."""
        self._call(self._resume)

    def apply(self, load: LoadSettings, _thread_count: int | None = None) -> None:
        """Change the pace from the next request on."""
        self._call(self._repace, load)

    def adjust(self, settings: AsyncIOSettings, *, closed: bool) -> None:
        """Change the fetcher's settings, and whether the loop is closed."""
        self._call(self._adjust, settings, closed)

    def under_way(self) -> Callable[[], bool]:
        """Return what says whether a request that was begun by now is still under way.

        Asked after a change, it counts from when the event loop has made that change.
        """
        begun: list[frozenset[int]] = []
        self._call(lambda: begun.append(frozenset(self._in_flight)))
        return lambda: not begun or not begun[0].isdisjoint(self._in_flight)

    def stop(self, patience: float = 5.0) -> None:
        """Cancel what is under way and come back when it is gone."""
        self._call(self._cancel)
        if self._up.is_set():
            self._thread.join(patience)

    def histograms(self) -> dict[str, LatencyHistogram]:
        """Return the latencies so far by outcome: ``served``, ``timeout`` and ``error``."""
        return {name: record.copy() for name, record in self._records.items() if record.total}

    def _call(self, function: Callable[..., object], *values: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(function, *values)

    def _run(self) -> None:
        try:
            asyncio.run(self._drive())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001  (told to the parent, which shows it)
            self.failure = error
        finally:
            self._up.set()

    async def _drive(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        self._going.set()
        async with self._make() as fetcher:
            self.fetcher = fetcher
            self._begun = time.perf_counter()
            self._pace = self._pace.resumed(0, self._begun)
            self._up.set()
            async with contextlib.aclosing(fetcher.fetch(self._source())) as results:
                async for result in results:
                    self._note(result)

    def _note(self, result: Result) -> None:
        due, taken, number = result.request.tag
        self._in_flight.discard(number)
        outcome = "served" if result.ok else "error"
        if result.failure is Failure.TIMEOUT:
            outcome = "timeout"
        if result.status in _THROTTLED and not result.ok:
            self.throttled += 1
        queued = 0.0 if self.closed else max(taken - due, 0.0) + result.throttled_seconds
        self._records[outcome].record(queued + result.seconds)
        self.by_url.add(number % len(self._targets), result, queued + result.seconds)
        self.throttled_seconds += result.throttled_seconds
        if not result.ok and self.first_failure is None:
            self.first_failure = result.detail
        waited = result.throttled_seconds
        self.records.add(due - self._begun, result.seconds, _CODES[outcome], waited)

    async def _source(self) -> AsyncIterator[Request]:
        now = time.perf_counter
        targets, count = self._targets, len(self._targets)
        while self._limit is None or self._issued < self._limit:
            if not self._going.is_set():
                await self._going.wait()
            due = now() if self.closed else await self._until_due()
            if due is None:
                continue
            if self._budget is not None and not self._budget.take():
                return
            number = self._issued
            target = targets[number % count]
            self._in_flight.add(number)
            self._issued += 1
            tag = (due, now(), number)
            yield Request(target.url, target.method, target.headers, target.body, tag)

    async def _until_due(self) -> float | None:
        """Wait for the next request; return when it was due, None where something has changed."""
        self._changed.clear()
        due = self._pace.due(self._issued)
        left = due - time.perf_counter()
        if left <= 0:
            return due
        if left <= _LONGEST_SLEEP:
            await asyncio.sleep(left)
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left - _LONGEST_SLEEP / 2)
        if self._changed.is_set() or not self._going.is_set():
            return None
        # The timer's lateness is the computer's, not the server's.
        return time.perf_counter() if left <= _LONGEST_SLEEP else None

    def _resume(self) -> None:
        self._pace = self._pace.resumed(self._issued, time.perf_counter())
        self._going.set()
        self._changed.set()

    def _repace(self, load: LoadSettings) -> None:
        self._pace = self._pace.resumed(self._issued, time.perf_counter(), load)
        self._changed.set()

    def _adjust(self, settings: AsyncIOSettings, closed: bool) -> None:
        if self.fetcher is not None:
            self.fetcher.apply(settings)
        if closed != self.closed:
            self._pace = self._pace.resumed(self._issued, time.perf_counter())
            self.closed = closed
        self._changed.set()

    def _cancel(self) -> None:
        if self._main is not None:
            self._main.cancel()


def targets_of(urls: Sequence[str]) -> list[Request]:
    """Return requests whose URLs are parsed already."""
    return [Request(exact_url(url)) for url in urls]
