"""One load per key at a time across the tasks of an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Hashable
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from perflab.primitives.single_flight import deadlock_text

V = TypeVar("V")


class LoadCancelledError(Exception):
    """The load was cancelled, not the caller who waits for it."""


class AsyncFlight:
    """One load under way in a task of its own, for all callers of one event loop.

    The task goes on while any caller waits, whichever of them is cancelled; when the last one is,
    so is the load. Tasks that a loader starts inherit, by their context, which load they belong
    to: so a load that would wait for itself is found through tasks, `gather` and task groups.

    Attributes:
        loop: The event loop that it belongs to.
        outer: The load whose loader started this one, if any.
        awaits: The loads that the loader, or a task of its, waits for.
        abandoned: Whether no caller is left, so that nobody may join any more.
        ended: Whether the loader has ended.
    """

    __slots__ = ("_begun", "_callers", "_task", "abandoned", "awaits", "ended", "loop", "outer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.outer: AsyncFlight | None = _inside.get()
        self.awaits: list[AsyncFlight] = []
        self.abandoned = self.ended = self._begun = False
        self._callers = 0
        self._task: asyncio.Task[object] | None = None

    def start(self, load: Callable[[], Awaitable[object]], drop: Callable[[], None]) -> None:
        """Begin the load, in a task of its own.

        Args:
            load: Loads; awaited once.
            drop: Called where the task was cancelled before it came to that.
        """

        def done(task: asyncio.Task[object]) -> None:
            if not self._begun and task.cancelled():
                self.ended = True
                drop()

        self._task = self.loop.create_task(self._fly(load))
        self._task.add_done_callback(done)

    def land(self, value: object = None, error: BaseException | None = None) -> None:
        """End the load; its task hands value and error on."""
        del value, error
        self.ended = True

    def refuse_deadlock(self, label: Callable[[], str]) -> None:
        """Raise if waiting for this load would never end: it waits, at the last, for the caller.

        Raises:
            RuntimeError: If the caller is part of this load, or of one that this load waits for.
        """
        mine = set()
        flight = _inside.get()
        while flight is not None and not flight.ended:
            mine.add(flight)
            flight = flight.outer
        if not mine:
            return
        seen, ahead = set(), [self]
        while ahead:
            flight = ahead.pop()
            if flight in mine:
                raise RuntimeError(deadlock_text(label()))
            if flight not in seen and not flight.ended:
                seen.add(flight)
                ahead += flight.awaits

    async def wait(self) -> Any:
        """Return the load's value, or raise its error.

        Raises:
            LoadCancelledError: If the load was cancelled, and this caller was not.
        """
        task, inside = self._task, _inside.get()
        if task is None:
            raise LoadCancelledError
        if inside is not None:
            inside.awaits.append(self)
        self._callers += 1
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if task.cancelled() and not (me is not None and me.cancelling()):
                raise LoadCancelledError from None
            if self._callers == 1 and not task.done():
                self.abandoned = True
                await _cancelled(task)
            raise
        finally:
            self._callers -= 1
            if not self._callers:
                # Whoever keeps the loader's context does not keep its value.
                self._task = None
            if inside is not None:
                inside.awaits.remove(self)

    async def _fly(self, load: Callable[[], Awaitable[object]]) -> object:
        self._begun = True
        _inside.set(self)
        try:
            return await load()
        finally:
            self.ended = True
            self.outer = None


_inside: ContextVar[AsyncFlight | None] = ContextVar("perflab_load", default=None)


async def _cancelled(task: asyncio.Task[object]) -> None:
    """Cancel a task and wait until it has cleaned up; a caller cancelled again insists."""
    while not task.done():
        task.cancel()
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            continue
    if not task.cancelled():
        task.exception()


class AsyncSingleFlight(Generic[V]):
    """One load per key at a time across tasks: the first starts it, the others get its result.

    The load runs in a task of its own, in a copy of its first caller's context. An `Exception` of
    the loader reaches all who wait. A caller that is cancelled leaves the load to the others; the
    last one takes it along. When the load itself is cancelled, its first caller is too, and one of
    the others loads instead. One object may serve several event loops, each of which loads for
    itself.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._flights: dict[Hashable, dict[asyncio.AbstractEventLoop, AsyncFlight]] = {}

    async def run(
        self,
        key: Hashable,
        load: Callable[[], Awaitable[V]],
        on_wait: Callable[[], None] | None = None,
    ) -> V:
        """Return the result of one load of the key, this task's or one already under way.

        Args:
            key: What is loaded.
            load: Loads it; called at most once, in a task of its own.
            on_wait: Called once, before the first wait for another caller's load.

        Raises:
            RuntimeError: If the load asks for its own key, directly or through other loads.
        """
        loop = asyncio.get_running_loop()
        while True:
            with self._lock:
                flights = self._flights.setdefault(key, {})
                flight = flights.get(loop)
                leads = flight is None or flight.abandoned
                if flight is None or flight.abandoned:
                    flight = flights[loop] = AsyncFlight(loop)
            if leads:
                self._start(key, flight, load)
            else:
                flight.refuse_deadlock(lambda: repr(key))
                if on_wait is not None:
                    on_wait()
                    on_wait = None
            try:
                return await flight.wait()  # type: ignore[no-any-return]
            except LoadCancelledError:
                if leads:
                    raise asyncio.CancelledError from None

    def part(self, *keys: Hashable) -> None:
        """Let later callers of keys start a load of their own; those who wait keep waiting."""
        with self._lock:
            for key in keys:
                self._flights.pop(key, None)

    def part_all(self) -> None:
        """Let later callers of any key start a load of their own."""
        with self._lock:
            self._flights.clear()

    def _start(self, key: Hashable, flight: AsyncFlight, load: Callable[[], Awaitable[V]]) -> None:
        def remove() -> None:
            self._remove(key, flight)

        async def lead() -> V:
            try:
                return await load()
            finally:
                remove()

        try:
            flight.start(lead, remove)
        except BaseException:
            remove()
            raise

    def _remove(self, key: Hashable, flight: AsyncFlight) -> None:
        with self._lock:
            flights = self._flights.get(key)
            if flights is not None and flights.get(flight.loop) is flight:
                del flights[flight.loop]
                if not flights:
                    del self._flights[key]
