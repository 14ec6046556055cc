"""`Station`: so many requests at work at once, the next ones in a queue, no more than it holds."""

from __future__ import annotations

import asyncio
from collections import deque


class FullError(Exception):
    """All are at work and the queue is full."""


class Station:
    """Serves first come, first served, in planned time.

    A service that follows another begins when that one was planned to end, not when the event
    loop woke: a timer's lateness delays an answer but takes no capacity away.

    Attributes:
        capacity: How many are served at once; None for all.
        queue: How many wait at the most.
    """

    def __init__(self, capacity: int | None = None, queue: int = 0) -> None:
        self.capacity = capacity
        self.queue = queue
        self._busy = 0
        self._waiting: deque[tuple[float, asyncio.Future[float]]] = deque()

    @property
    def busy(self) -> int:
        """How many are being served."""
        return self._busy

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    async def serve(self, seconds: float) -> None:
        """Wait for a turn, if need be, and then for so long.

        Raises:
            FullError: If neither a turn nor a place in the queue is free.
        """
        loop = asyncio.get_running_loop()
        if self.capacity is None or self._busy < self.capacity:
            self._busy += 1
            start = loop.time()
        elif len(self._waiting) >= self.queue:
            raise FullError
        else:
            turn: asyncio.Future[float] = loop.create_future()
            place = (seconds, turn)
            self._waiting.append(place)
            try:
                start = await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave(turn.result())
                else:
                    self._waiting.remove(place)
                raise
        end = start + seconds
        try:
            left = end - loop.time()
            if left > 0:
                await asyncio.sleep(left)
        except asyncio.CancelledError:
            self._leave(loop.time())
            raise
        self._leave(end)

    def fit(self) -> None:
        """Take in those who wait where there is more capacity than before."""
        now = asyncio.get_running_loop().time()
        while self._waiting and (self.capacity is None or self._busy < self.capacity):
            self._busy += 1
            self._admit(now)

    def _leave(self, moment: float) -> None:
        if self._waiting and (self.capacity is None or self._busy <= self.capacity):
            self._admit(moment)
        else:
            self._busy -= 1

    def _admit(self, moment: float) -> None:
        _, turn = self._waiting.popleft()
        turn.set_result(moment)
