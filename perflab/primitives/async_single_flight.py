"""One load a key at a time across the tasks of an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

from perflab.primitives.single_flight import Flight, refuse_deadlock

V = TypeVar("V")


class AsyncSingleFlight(Generic[V]):
    """One load a key at a time across tasks: the first loads, the others get what it got.

    An `Exception` of the loader reaches all who wait. When the loading task is cancelled, the
    cancellation is its own: one who waits loads instead. One object may serve several event
    loops, each of which loads for itself.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, Flight] = {}
        self._waiting: dict[asyncio.Task[Any], Flight] = {}

    async def run(
        self,
        key: Hashable,
        load: Callable[[], Awaitable[V]],
        on_wait: Callable[[], None] | None = None,
    ) -> V:
        """Return the result of one load of the key, this task's or one already under way.

        Args:
            key: What is loaded.
            load: Loads it; called at most once, in this task.
            on_wait: Called once, before the first wait for another task.

        Raises:
            RuntimeError: If the load asks for its own key, directly or through other loads.
        """
        me = asyncio.current_task()
        if me is None:
            raise RuntimeError("a load is awaited outside of a task")
        place = (asyncio.get_running_loop(), key)
        while True:
            flight = self._flights.get(place)
            if flight is None:
                return await self._lead(place, me, load)
            refuse_deadlock(key, flight, me, self._waiting)
            self._waiting[me] = flight
            try:
                if on_wait is not None:
                    on_wait()
                    on_wait = None
                await flight.landed.wait()
            finally:
                del self._waiting[me]
            if flight.ended:
                return flight.outcome()  # type: ignore[no-any-return]

    async def _lead(
        self, place: Hashable, me: asyncio.Task[Any], load: Callable[[], Awaitable[V]]
    ) -> V:
        flight = Flight(me, asyncio.Event())
        self._flights[place] = flight
        try:
            value = await load()
        except Exception as error:
            flight.fail(error)
            raise
        else:
            flight.succeed(value)
            return value
        finally:
            del self._flights[place]
            flight.landed.set()
