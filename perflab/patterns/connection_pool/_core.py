"""`PoolCore`: how a caller gets a connection that none is idle for: it queues, and one is made."""

from __future__ import annotations

import contextlib
from typing import Any, TypeVar

from perflab.patterns.connection_pool._connector import Connector
from perflab.patterns.connection_pool._fork import remake_after_fork
from perflab.patterns.connection_pool._parts import (
    PoolClosedError,
    Slot,
    TooManyWaitingError,
    Waiter,
)
from perflab.patterns.connection_pool._places import Places
from perflab.patterns.connection_pool._restore import checked, just_made
from perflab.patterns.connection_pool._upkeep import Upkeep

C = TypeVar("C")


class PoolCore(Places[C]):
    """A pool's queue, and the threads that make its connections and look after them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        remake_after_fork(self)
        self._upkeep.start()

    def _new_upkeep(self) -> Upkeep:
        return Upkeep(self, self._bell)

    def _wait_for_one(self, until: float, began: float) -> Slot:
        """Return a slot for which a caller queues.

        Args:
            until: When it gives up, on the monotonic clock.
            began: Since when it has waited.
        """
        self._upkeep.start()
        slot = self._queue(until, began)
        well = not self._checking or just_made(slot)
        return slot if well else checked(self, slot, until, began)

    def _queue(self, until: float, began: float) -> Slot:
        waiter = Waiter()
        with self._lock:
            if self._closed:
                raise PoolClosedError("the pool is closed")
            if not self._waiting:
                with contextlib.suppress(IndexError):
                    return self._take()
            self._refuse_too_many()
            self._waiting.append(waiter)
        try:
            # One may have come back between the look at the idle ones and the entry in the queue.
            self._serve()
            self._wait(waiter, until, began)
        except BaseException:
            if not self._left(waiter) and waiter.slot is not None:
                self._give_back(waiter.slot)
            raise
        assert waiter.slot is not None  # noqa: S101  (served, and not with an error)
        return waiter.slot

    def _refuse_too_many(self) -> None:
        """Raise if nobody more may wait. Who waits for one that is being made does not count."""
        most = self._settings.max_waiting
        if most is None:
            return
        making, places = len(self._connectors), len(self._slots) + len(self._connectors)
        queued = len(self._waiting) - making
        if queued < most or (places < self._most and making <= len(self._waiting)):
            return
        self._counts["refused"] += 1
        raise TooManyWaitingError(
            f"{max(queued, 0)} callers wait already, and max_waiting is {most}; "
            f"{len(self._slots)} of at most {self._most} connections are open"
        )

    def _grow(self) -> None:
        """Begin as many connections as are wanted and allowed, each in a thread of its own."""
        while True:
            with self._lock:
                if not self._wants_more():
                    return
                connector = Connector(self)
                self._connectors.add(connector)
            try:
                connector.start()
            except BaseException as error:
                with self._lock:
                    self._connectors.discard(connector)
                if not isinstance(error, RuntimeError):  # "can't start new thread"
                    raise
                self._note_failure(error)
                return
