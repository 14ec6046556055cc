"""`Loan`: a connection of a pool for the length of a ``with`` block."""

# ruff: noqa: SLF001  (a part of the pool)
from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

from perflab.patterns.connection_pool._core import is_inherited
from perflab.patterns.connection_pool._parts import PoolError, Slot
from perflab.patterns.connection_pool._state import State, end_transaction
from perflab.primitives.loggers import pattern_logger

if TYPE_CHECKING:
    from perflab.patterns.connection_pool._places import Places

C = TypeVar("C")
log = pattern_logger("connection_pool")


class Loan(Generic[C]):
    """Checks a connection out, ends its transaction as the pool is set to, and gives it back."""

    __slots__ = ("_code", "_connection", "_instruction", "_pool", "_slot", "_timeout", "_turn")

    def __init__(self, pool: Places[C], timeout: float | None) -> None:
        self._pool, self._timeout = pool, timeout
        self._slot: Slot | None = None
        # Two frames up is who called `pool.connection()`; only its code and place are kept.
        frame = sys._getframe(2)
        self._code, self._instruction = frame.f_code, frame.f_lasti

    def __enter__(self) -> C:
        if self._slot is not None:
            raise PoolError(
                f"this connection() is entered already, taken at {self._slot.where}; call "
                "pool.connection() again for another connection"
            )
        self._connection = connection = self._pool.getconn(self._timeout)
        slot = self._slot = self._pool._used[id(connection)]
        slot.code, slot.instruction = self._code, self._instruction
        self._turn = slot.checkouts
        return connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        slot, connection, pool = self._slot, self._connection, self._pool
        assert slot is not None  # noqa: S101  (entered)
        self._slot = None
        del self._connection
        if pool._used.get(slot.key) is not slot or slot.checkouts != self._turn:
            # Given back or discarded in the block: it may be another caller's by now.
            if kind is None and slot in pool._slots and not is_inherited(connection):
                raise ValueError(
                    "the connection was given back inside of its block, which gives it back itself"
                )
            return
        try:
            if kind is None and pool._transactions == "commit" and slot.state(connection):
                _commit(slot, connection)
        finally:
            pool.putconn(connection)


def _commit(slot: Slot, connection: object) -> None:
    """Commit what a block without an error leaves open; raises what the driver raises."""
    found = slot.state(connection)
    if found in (State.BUSY, State.CLOSED):
        return
    if found == State.FAILED:
        log.warning(
            "a statement failed inside of the block at %s, so all that its transaction did is "
            "rolled back",
            slot.where,
        )
    end_transaction(connection, found, commit=True)
    slot.settled = True
