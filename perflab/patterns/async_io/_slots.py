"""`Slots` and `RateLimit`: how many requests are in flight, and how fast they begin."""

from __future__ import annotations

import asyncio
from collections import deque

_BURST_SECONDS = 0.01


class Slots:
    """A semaphore whose size changes while it is used; first come, first served.

    Attributes:
        size: How many may be taken.
        taken: How many are.
    """

    __slots__ = ("_waiting", "size", "taken")

    def __init__(self, size: int) -> None:
        self.size = size
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_free(self) -> bool:
        """Take one if that needs no wait; return whether it did."""
        if self.taken >= self.size or self._waiting:
            return False
        self.taken += 1
        return True

    async def acquire(self) -> float:
        """Take one, after all who came before; return how many seconds that took."""
        if self.take_free():
            return 0.0
        loop = asyncio.get_running_loop()
        began = loop.time()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            else:
                self._waiting.remove(turn)
            raise
        return loop.time() - began

    def release(self) -> None:
        """Give one back."""
        self.taken -= 1
        self._hand_on()

    def resize(self, size: int) -> None:
        """Have more, or fewer as soon as those beyond are given back."""
        self.size = size
        self._hand_on()

    def _hand_on(self) -> None:
        while self._waiting and self.taken < self.size:
            turn = self._waiting.popleft()
            if not turn.done():
                self.taken += 1
                turn.set_result(None)


class RateLimit:
    """Spaces beginnings evenly, as the generic cell rate algorithm does (ITU-T I.371, annex A).

    Who comes late by less than 10 ms catches up, so that the event loop's own lateness does not
    lower the rate. A new rate holds for those who wait already.
    """

    __slots__ = ("_loop", "_next", "_rate", "_timer", "_waiting")

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._next = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def rate(self) -> float | None:
        """Requests started per second; None for no limit."""
        return self._rate

    @rate.setter
    def rate(self, rate: float | None) -> None:
        if rate == self._rate:
            return
        self._rate = rate
        if self._loop is not None:
            soonest = self._loop.time() + (0.0 if rate is None else 1.0 / rate)
            self._next = min(self._next, soonest)
            if self._waiting:
                self._hand_on()

    async def wait(self) -> float:
        """Wait for one's turn, and return how many seconds that took.

        Turns go to callers in the order in which they ask.
        """
        if self._rate is None:
            return 0.0
        loop = self._loop = asyncio.get_running_loop()
        began = loop.time()
        if not self._waiting and self._next <= began:
            self._take(began)
            return 0.0
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        if self._timer is None:
            self._timer = loop.call_at(self._next, self._hand_on)
        await turn  # one that is cancelled takes no turn
        return loop.time() - began

    def _take(self, now: float) -> None:
        if self._rate is not None:
            self._next = max(self._next, now - _BURST_SECONDS) + 1.0 / self._rate

    def _hand_on(self) -> None:
        """Let all begin whose turn it is, and come back when it is the next one's."""
        assert self._loop is not None  # noqa: S101  (somebody waits)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._loop.time()
        while self._waiting and (self._rate is None or self._next <= now):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._take(now)
        if self._waiting:
            self._timer = self._loop.call_at(self._next, self._hand_on)
