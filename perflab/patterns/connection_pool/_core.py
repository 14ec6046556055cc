"""`PoolCore`: how a caller gets a connection that none is idle for: it queues, and one is made.

A forked child starts over, with connections of its own. Parent and child share the sockets of the
connections that were open at the fork. The child neither uses nor closes them: to close one would
end the parent's session.
"""

# ruff: noqa: SLF001  (a part of the pool)

from __future__ import annotations

import contextlib
import os
import weakref
from typing import TypeVar

from perflab.patterns.connection_pool._connector import Connector
from perflab.patterns.connection_pool._parts import (
    PoolClosedError,
    Slot,
    TooManyWaitingError,
    Waiter,
)
from perflab.patterns.connection_pool._places import AnyPool, Places
from perflab.patterns.connection_pool._restore import checked, just_made
from perflab.patterns.connection_pool._upkeep import Upkeep

C = TypeVar("C")
# Weak: a pool that nobody has any longer has nothing to make again after a fork.
_pools: weakref.WeakSet[AnyPool] = weakref.WeakSet()
# Kept for ever, since a connection that is collected may say goodbye to the server.
_inherited: dict[int, object] = {}


class PoolCore(Places[C]):
    """A pool's queue, and the threads that make its connections and look after them."""

    def _start(self) -> None:
        """Begin upkeep, here and in each child that this process forks."""
        _pools.add(self)
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


def is_inherited(connection: object) -> bool:
    """Say whether a connection is one that this process has from its parent."""
    return connection is not None and _inherited.get(id(connection)) is connection


def _begin_anew() -> None:
    """Give each pool locks and queues of its own; whoever held the old ones is not here."""
    for pool in [*_pools]:
        for slot in [*pool._slots]:
            connection = slot.held
            if connection is not None:
                slot.connection = connection
                _inherited[id(connection)] = connection
        pool._finalizer.detach()
        pool._begin()


os.register_at_fork(after_in_child=_begin_anew)
