"""`AsyncPrefetcher`: the twin of `Prefetcher` for asyncio: tasks fetch ahead instead of threads."""

from __future__ import annotations

import asyncio
import contextlib
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Generic, Self

from perflab.instrumentation.events import Event, EventKind
from perflab.instrumentation.hooks import Hook
from perflab.patterns.prefetching._core import PrefetchCore
from perflab.patterns.prefetching._parts import (
    NOTHING,
    Claim,
    EndOfItems,
    FetchTimeoutError,
    T,
    as_sequence,
)
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.units import in_words


class AsyncPrefetcher(Generic[T]):
    """Iterates over items that tasks fetch ahead in batches: each once, and in order.

    ``await fetch(start, stop)`` returns the items from `start` up to `stop`. All else, such as
    what fewer items mean, is as with `Prefetcher`, but that a fetch which takes too long is
    cancelled. It belongs to the event loop in which it is used first; several tasks may consume
    together.

    Args:
        fetch: A coroutine function that returns the items of a range.
        settings: Buffer, batches, workers, retries and timeout.
        sizeof: Returns the bytes of an item; by default `sys.getsizeof`, where bytes are bounded.
        hook: Called with an event for each batch fetched, retry, timeout, stall (its end tells in
            `detail` how long it took to go on once the batch was there) and buffer level;
            an error that it raises in a worker ends the stream.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], Awaitable[Iterable[T]]],
        settings: PrefetchingSettings | None = None,
        *,
        sizeof: Callable[[T], int] | None = None,
        hook: Hook | None = None,
    ) -> None:
        core = PrefetchCore(PrefetchingSettings.given(settings), sizeof)
        self._tasks = _FetchTasks(fetch, core, hook)
        self._batch: Iterator[T] = iter(())
        self._turn = asyncio.Lock()
        self._let_go = weakref.finalize(self, self._tasks.let_go)

    @property
    def settings(self) -> PrefetchingSettings:
        """The settings in force."""
        return self._tasks.core.settings

    def start(self) -> Self:
        """Begin to fetch before the first item is requested; needs a running event loop."""
        self._tasks.start()
        return self

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        item = next(self._batch, NOTHING)
        return await self._from_next_batch() if item is NOTHING else item

    async def batches(self) -> AsyncIterator[Sequence[T]]:
        """Iterate over batches as they were fetched, which costs nothing an item."""
        while True:
            try:
                async with self._turn:
                    left = list(self._batch)
                    batch = left or await self._take()
            except EndOfItems:
                return
            yield batch

    def apply(self, settings: PrefetchingSettings) -> None:
        """Change everything in place; called in the thread of the event loop."""
        self._tasks.apply(PrefetchingSettings.given(settings))

    def stats(self) -> dict[str, float]:
        """Return flat statistics; totals only grow."""
        return self._tasks.stats()

    async def stop(self) -> None:
        """End the stream: who waits for an item is told at once, and fetches are cancelled.

        Another thread stops it by `asyncio.run_coroutine_threadsafe`.
        """
        await self._tasks.stop()
        self._batch = iter(())

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _from_next_batch(self) -> T:
        # One at a time: two who change batches at once would lose the items of one of them.
        async with self._turn:
            try:
                while True:
                    item = next(self._batch, NOTHING)
                    if item is not NOTHING:
                        return item
                    self._batch = iter(await self._take())
            except EndOfItems:
                raise StopAsyncIteration from None

    async def _take(self) -> Sequence[T]:
        self.start()
        return await self._tasks.take()


class _FetchTasks(Generic[T]):
    """Runs a fetch in tasks of one event loop."""

    def __init__(
        self,
        fetch: Callable[[int, int], Awaitable[Iterable[T]]],
        core: PrefetchCore[T],
        hook: Hook | None,
    ) -> None:
        self.core = core
        self._fetch = fetch
        self._hook = hook
        self._space = asyncio.Event()
        self._ready = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._staff = 0

    def start(self) -> None:
        """Start as many workers as the settings say, the first time."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self.core.started = time.perf_counter()
            self._hire()

    async def take(self) -> Sequence[T]:
        """Return the next batch, waiting for it; `EndOfItems` if there are no more."""
        batch = self._taken()
        if batch is None:
            began = time.perf_counter()
            self.core.counts["stalls"] += 1
            self.core.stalled_since = began
            self._tell(Event(EventKind.STALL_STARTED, None))
            try:
                while batch is None:
                    self._ready.clear()
                    await self._ready.wait()
                    batch = self._taken()
            finally:
                now = time.perf_counter()
                handover = now - max(began, self.core.there_since)
                self.core.seconds["stall"] += now - began
                self.core.stalled_since = None
                finished = EventKind.STALL_FINISHED
                self._tell(Event(finished, None, now - began, detail=handover))
        self._tell_level()
        return batch

    def apply(self, settings: PrefetchingSettings) -> None:
        """Change what holds: batches and bounds from the next claim on, workers at once."""
        self.core.settings = settings
        if self._loop is not None:
            self._hire()
        self._space.set()

    async def stop(self) -> None:
        """End at once for all who wait, cancel what is being fetched, and wait for its end."""
        self.core.stop()
        self._wake_all()
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def let_go(self) -> None:
        """Cancel all tasks, from any thread, where the loop still runs."""
        self.core.stop()
        if self._loop is not None and self._tasks:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._cancel)

    def stats(self) -> dict[str, float]:
        """Return flat statistics."""
        return {**self.core.stats(), "workers": self._staff}

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _taken(self) -> Sequence[T] | None:
        try:
            return self.core.take()
        finally:
            self._space.set()
            if self.core.over:
                self._ready.set()

    def _hire(self) -> None:
        while self._staff < self.core.settings.workers and not self.core.fetched:
            self._staff += 1
            task = asyncio.get_running_loop().create_task(self._work(), name="prefetch")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        try:
            while (claim := await self._claim()) is not None:
                await self._serve(claim)
        except asyncio.CancelledError:
            if not self.core.stopped:
                self.core.break_off(RuntimeError("a task that fetches was cancelled"))
            raise
        except Exception as error:  # noqa: BLE001  (a hook's: never lost in a task)
            self.core.break_off(error)
        finally:
            self._staff -= 1
            self._wake_all()

    async def _claim(self) -> Claim | None:
        while not self.core.fetched and self._staff <= self.core.settings.workers:
            claim = self.core.claim()
            if claim is not None:
                return claim
            self._space.clear()
            await self._space.wait()
        return None

    async def _serve(self, claim: Claim) -> None:
        """Fetch a range, again where it fails, until it is there or given up."""
        while (attempt := self.core.begin(claim)) is not None:
            try:
                items = await self._ask(claim)
                size = self.core.measure(items)
            except Exception as error:  # noqa: BLE001  (the source's: the consumer gets it)
                delay = self.core.failed(claim, attempt, error)
                if isinstance(error, FetchTimeoutError):
                    self._tell(Event(EventKind.TIMEOUT, claim.start))
                if delay is None:
                    break
                self._tell(Event(EventKind.RETRY, claim.start, delay, detail=error))
                await asyncio.sleep(delay)
                continue
            taken = self.core.done(claim, attempt, items, size)
            if taken is not None:
                fetched = EventKind.BATCH_FETCHED
                self._tell(Event(fetched, claim.start, taken, size, len(items)))
                self._tell_level()
            break
        self._ready.set()

    async def _ask(self, claim: Claim) -> Sequence[T]:
        timeout = self.core.settings.timeout
        try:
            async with asyncio.timeout(timeout) as limit:
                return as_sequence(await self._fetch(claim.start, claim.stop))
        except TimeoutError as error:
            if limit.expired():
                raise FetchTimeoutError(
                    f"no answer within {in_words(timeout, 'seconds')}"
                ) from error
            raise

    def _wake_all(self) -> None:
        self._space.set()
        self._ready.set()

    def _tell_level(self) -> None:
        core = self.core
        level = EventKind.BUFFER_LEVEL
        self._tell(Event(level, None, size=core.buffer_bytes, detail=core.buffer_items))

    def _tell(self, event: Event) -> None:
        if self._hook is not None:
            self._hook(event)
