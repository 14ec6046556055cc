"""`AsyncFetcher`: many HTTP requests at a time, never more than allowed, each accounted for."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from typing import Self

import aiohttp
from aiohttp.hdrs import ACCEPT_ENCODING
from yarl import URL

from perflab.errors import BadInputError
from perflab.instrumentation import Event, EventKind, Hook
from perflab.patterns.async_io._attempt import Attempt, attempt, send_once
from perflab.patterns.async_io._auto import GradientLimit
from perflab.patterns.async_io._body import UNPACKED
from perflab.patterns.async_io._hosts import Host, Hosts
from perflab.patterns.async_io._output import LinesFile
from perflab.patterns.async_io._redirects import MOST as _MOST_REDIRECTS
from perflab.patterns.async_io._redirects import Redirects
from perflab.patterns.async_io._request import (
    NEVER_SENT,
    PASSING,
    Failure,
    FetchStats,
    Request,
    Result,
)
from perflab.patterns.async_io._run import Source, Workers
from perflab.patterns.async_io._sendable import check_sendable, checked_headers
from perflab.patterns.async_io._slots import RateLimit, Slots
from perflab.patterns.async_io._urls import read_urls
from perflab.patterns.async_io.settings import AsyncIOSettings
from perflab.primitives.retry import Backoff

_LONGEST_BACKOFF = 30.0
_KEEP_ALIVE_SECONDS = 15.0
# aiohttp's own switch for its repeats, of its tests; a middleware costs 2 % of a request.
_HAS_SWITCH = "_retry_connection" in getattr(aiohttp.ClientSession, "ATTRS", ())
# aiohttp asks for more encodings where it finds libraries for them.
_IS_DEFAULT = aiohttp.ClientRequest.DEFAULT_HEADERS.get(ACCEPT_ENCODING) == UNPACKED


class AsyncFetcher:
    """Fetches what a source names, with at most `max_concurrent` requests in flight.

    ::

        async with AsyncFetcher(AsyncIOSettings(max_concurrent=50)) as fetcher:
            async for result in fetcher.fetch(urls):
                print(result.status, len(result.body))

    The source may be endless: it is read only as fast as results are. Failures are results too.
    A request is tried again where that is safe: an idempotent method, or one that the server has
    not seen. Each try reaches the server once: aiohttp's own repeat on a broken connection is
    switched off, so that counts, rates and caps are of what is sent. URLs are requested as they
    were written (see `exact_url`), and bodies in gzip and deflate are unpacked. A redirect is
    followed within its server; one to another scheme, host or port is a failed result with the
    status of the answer. A host that answers with Retry-After gets no request before. It belongs
    to one event loop. Leaving the ``async with`` cancels what is in flight and closes every
    connection.

    Args:
        settings: See `AsyncIOSettings`; those of a running fetcher change by `apply`.
        hook: Called with an event for each request that is over, and for each retry.
        headers: Sent with every request.
        origins: Other servers that redirects may lead to, such as ``https://example.org``; of the
            caller's headers they get only those known to be safe, such as Accept and User-Agent.
        spend: Asked before each sending of a request but the first, a retry or a redirect; where
            it answers no, the request ends with what it has.

    Raises:
        BadInputError: If a header cannot be sent.
    """

    def __init__(
        self,
        settings: AsyncIOSettings | None = None,
        *,
        hook: Hook | None = None,
        headers: Mapping[str, str] | None = None,
        origins: Collection[str] = (),
        spend: Callable[[], bool] | None = None,
    ) -> None:
        self._redirects = Redirects(origins)
        self._spend = spend
        self._settings = AsyncIOSettings.given(settings)
        self._hook = hook
        self._headers = checked_headers(headers)
        self._session: aiohttp.ClientSession | None = None
        self._runs: set[Workers] = set()
        self._auto: GradientLimit | None = None
        self._slots = Slots(self._settings.max_concurrent)
        self._rate = RateLimit(self._settings.rate_limit)
        self.hosts = Hosts(self._settings.max_per_host)
        self._stats = FetchStats()
        self._configure()

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Cancel what is in flight and close every connection."""
        for run in list(self._runs):
            await run.close()
        self._runs.clear()
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def fetch(self, source: Source | None = None) -> AsyncGenerator[Result]:
        """Yield results as they come, in the order in which requests end.

        Args:
            source: URLs or `Request`s, iterable or async iterable; none for what the settings
                name in `urls`.

        Raises:
            BadInputError: If neither names anything, or a file of URLs cannot be read.
            Exception: What the source raises, after the results of all that it gave before.
        """
        self._open()
        run = Workers(self, read_urls(self._settings.urls) if source is None else source)
        self._runs.add(run)
        try:
            while (result := await run.next()) is not None:
                yield result
        finally:
            await run.close()
            self._runs.discard(run)

    async def save(
        self, source: Source | None = None, path: str | None = None
    ) -> dict[str, int | float]:
        """Write results as JSON Lines as they come, and return the counts.

        The file is whole, or it ends early under the name ``PATH.incomplete`` and says why.

        Raises:
            BadInputError: If no file is named, or it cannot be written; else as `fetch`.
        """
        place = path or self._settings.output_file
        if place is None:
            raise BadInputError("names no file; give a path, or set it", "output_file")
        before = self._stats.snapshot()
        lines = LinesFile(place, self._settings.urls if source is None else None)
        async with (
            lines as file,
            contextlib.aclosing(self.fetch(source)) as results,
        ):
            async for result in results:
                await file.write(result)
        return {name: n - before.get(name, 0) for name, n in self._stats.snapshot().items()}

    def apply(self, settings: AsyncIOSettings) -> None:
        """Change settings while it runs; those in flight beyond a lower limit end first.

        `urls`, `output_file` and `timeout` hold from the next fetch, file or try on.
        """
        self._settings = AsyncIOSettings.given(settings)
        self._configure()

    def stats(self) -> dict[str, int | float]:
        """Return counters, and the levels ``in_flight`` and ``limit``.

        ``requests`` counts what was taken from sources; ``done`` and ``failed`` sum up to it when
        nothing is under way. Failures are counted by kind too: ``failed_timeout`` and so on.
        """
        return {**self._stats.snapshot(), "in_flight": self._slots.taken, "limit": self.limit}

    @property
    def settings(self) -> AsyncIOSettings:
        """The settings that hold."""
        return self._settings

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return self._slots.size

    async def send(self, request: Request, url: URL, host: Host) -> Result:
        """Send one request, as often as need be; for the workers."""
        now = time.perf_counter
        started = now()
        tries = sent = 0
        throttled = 0.0
        while True:
            tries += 1
            done = await self._try(request, url, host)
            sent += done.sent
            throttled += done.throttled_seconds
            if done.failure is None:
                break
            wait = self._wait_before_retry(request, done, host, tries)
            if wait is None or not self._may_send_again():
                break
            self._stats.retries += 1
            if self._hook is not None:
                self._tell(EventKind.RETRY, url, now() - started, 0, done.detail)
            await asyncio.sleep(wait)
        result = Result(
            request,
            done.status,
            done.body,
            done.content_type,
            done.failure,
            done.detail,
            tries,
            max(0.0, now() - started - throttled),
            throttled,
            sent,
        )
        if self._hook is not None:
            kind = EventKind.LOAD_FINISHED if result.ok else EventKind.LOAD_FAILED
            self._tell(kind, url, result.seconds, len(result.body), done.failure)
        return result

    def check(self, request: Request, url: URL) -> None:
        """Raise TypeError or ValueError if a request cannot be sent at all; for the workers."""
        check_sendable(request, url, self._headers)

    def count_taken(self) -> None:
        """Count a request that was taken from a source; for the workers."""
        self._stats.requests += 1

    def count(self, result: Result) -> None:
        """Count a result; for the workers."""
        self._stats.add(result)

    async def _try(self, request: Request, url: URL, host: Host) -> Attempt:
        waited = 0.0
        if host.not_before or self._rate.rate is not None or not self._slots.take_free():
            waited = await self._take_slot(host)
        try:
            if host.drops:
                # One turn of the loop, which sees connections that the server has closed
                # meanwhile: a request on one of them would be lost.
                await asyncio.sleep(0)
            begun = time.perf_counter()
            session = self._session
            if session is None:
                raise asyncio.CancelledError
            done = await self._follow(session, request, url)
            if done.failure is Failure.DISCONNECTED:
                host.drops = True
            if self._auto is not None:
                self._adapt(begun + done.throttled_seconds, done)
        finally:
            self._slots.release()
        done.throttled_seconds += waited
        return done

    async def _take_slot(self, host: Host) -> float:
        """Wait until a request may be sent, and take its place; return the wait for own limits."""
        time_now = asyncio.get_running_loop().time
        waited = 0.0
        while True:
            while (wait := host.not_before - time_now()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(wait)
            waited += await self._throttle()
            waited += await self._slots.acquire()
            # Another request may have been told meanwhile to leave the host alone.
            if host.not_before <= time_now():
                break
            self._slots.release()
        self._stats.throttled_seconds_total += waited
        return waited

    async def _throttle(self) -> float:
        return 0.0 if self._rate.rate is None else await self._rate.wait()

    async def _follow(self, session: aiohttp.ClientSession, request: Request, url: URL) -> Attempt:
        """Send a request, and again where its own server redirects it, all within one timeout."""
        now = time.perf_counter
        if self._headers is not None:
            headers = {**self._headers, **(request.headers or {})}
            request = dataclasses.replace(request, headers=headers)
        timeout, left = self._timeout, self._settings.timeout
        throttled = 0.0
        for sent in range(1, _MOST_REDIRECTS + 2):
            begun = now()
            self._stats.tries += 1  # here: one that is cancelled is sent too
            done = await attempt(session, request, url, timeout, self._settings.max_body_bytes)
            done.sent, done.throttled_seconds = sent, throttled
            left -= now() - begun
            following = self._redirects.next(request, url, done)
            if following is None:
                return done
            if left <= 0:
                done.fail(Failure.TIMEOUT, "the time was over before a redirect was followed")
                return done
            if not self._may_send_again():
                done.fail(Failure.REDIRECTS, "no more requests may be sent to follow a redirect")
                return done
            request, url = following
            timeout = aiohttp.ClientTimeout(total=left)
            waited = await self._throttle()
            throttled += waited
            self._stats.throttled_seconds_total += waited
        done.fail(Failure.REDIRECTS, f"more than {_MOST_REDIRECTS} redirects")
        return done

    def _may_send_again(self) -> bool:
        return self._spend is None or self._spend()

    def _adapt(self, begun: float, done: Attempt) -> None:
        auto = self._auto
        assert auto is not None  # noqa: S101  (asked for in auto mode only)
        now = time.perf_counter()
        taken, ok = self._slots.taken, done.failure is None
        if auto.note(begun, now, taken, overload=done.is_overload, ok=ok):
            self._resize(auto.limit)

    def _wait_before_retry(
        self, request: Request, done: Attempt, host: Host, tries: int
    ) -> float | None:
        """Return how long to wait before another try; None where there is to be none."""
        settings = self._settings
        if done.retry_after is not None and done.retry_after <= settings.retry_after_most:
            until = asyncio.get_running_loop().time() + done.retry_after
            host.not_before = max(host.not_before, until)
        if tries > settings.retries or done.failure not in PASSING:
            return None
        # After a redirect the server has seen the request, though not where it leads to.
        never_seen = done.failure in NEVER_SENT and done.sent == 1
        if not request.is_safe_to_repeat and not never_seen:
            return None
        if done.retry_after is not None:
            return 0.0 if done.retry_after <= settings.retry_after_most else None
        return self._backoff.seconds(tries)

    def _tell(self, kind: EventKind, url: URL, seconds: float, size: int, detail: object) -> None:
        assert self._hook is not None  # noqa: S101  (asked for only where somebody listens)
        self._hook(Event(kind, str(url), seconds, size, detail))

    def _configure(self) -> None:
        settings = self._settings
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout)
        self._backoff = Backoff(settings.backoff_seconds, _LONGEST_BACKOFF)
        self._rate.rate = settings.rate_limit
        self.hosts.resize(settings.max_per_host)
        if settings.limit_mode == "auto":
            if self._auto is None:
                start = settings.max_concurrent
                self._auto = GradientLimit(start, settings.auto_most, time.perf_counter())
            self._auto.most = settings.auto_most
            self._resize(min(self._auto.limit, settings.auto_most))
        else:
            self._auto = None
            self._resize(settings.max_concurrent)

    def _resize(self, limit: int) -> None:
        self._slots.resize(limit)
        for run in self._runs:
            run.resize()

    def _open(self) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=None if _IS_DEFAULT else {ACCEPT_ENCODING: UNPACKED},
                auto_decompress=False,
                middlewares=() if _HAS_SWITCH else (send_once,),
            )
            if _HAS_SWITCH:
                self._session._retry_connection = False  # noqa: SLF001
