"""What a connection goes through before a caller gets it, and after it has come back."""

# ruff: noqa: SLF001  (a part of the pool)
from __future__ import annotations

import contextlib
import os
import socket
import time

from perflab.patterns.connection_pool._parts import PoolClosedError, Slot, Waiter
from perflab.patterns.connection_pool._places import AnyPool
from perflab.patterns.connection_pool._state import Connection, State, end_transaction, knows_libpq
from perflab.primitives.loggers import pattern_logger

CHECK_PATIENCE = 0.1
"""Seconds that a check has at the least, however short the caller's timeout is."""

log = pattern_logger("connection_pool")


def prepare(pool: AnyPool, slot: Slot) -> None:
    """Bring a fresh connection into the state in which a caller may have it; raises if dead.

    What ``connect`` has left open is committed: its statements are to last.
    """
    connection = slot.connection
    if pool._transactions != "leave":
        found = slot.state(connection)
        if found in (State.OPEN, State.FAILED):
            end_transaction(connection, found, commit=True)
    if pool._checking:
        _check(pool, slot)


def is_alive(pool: AnyPool, slot: Slot, until: float) -> bool:
    """Check a connection before it is handed out; a dead one is the caller's to drop.

    Upkeep cuts the connection where the check hangs beyond ``until``, if that leaves it time at
    all: a caller with no patience is no reason to cut a connection that is well. Who takes the
    entry out of ``_checks`` first, this thread or upkeep, decides whether that happens.
    """
    until = max(until, time.monotonic() + CHECK_PATIENCE)
    pool._checks[slot] = until
    try:
        pool._upkeep.look_by(until)
        _check(pool, slot)
        alive = True
    except Exception as error:  # noqa: BLE001  (whatever a dead connection raises)
        log.debug("a connection did not pass its check: %s", error)
        alive = False
    except BaseException:
        pool._checks.pop(slot, None)
        pool._drop(slot)
        raise
    return pool._checks.pop(slot, None) is not None and alive


def checked(pool: AnyPool, slot: Slot, until: float, began: float) -> Slot:
    """Return a slot whose connection is alive: this one, or another in its place."""
    try:
        while not is_alive(pool, slot, until):
            slot = _replaced(pool, slot, until, began)
            if just_made(slot):
                break
    except BaseException:  # also between two steps: nobody would ever have the slot again
        if slot in pool._slots:
            pool._drop(slot)
        raise
    return slot


def _replaced(pool: AnyPool, dead: Slot, until: float, began: float) -> Slot:
    """Return a slot in place of one whose connection is dead.

    Its caller had its turn already: it is first in the queue before the place is free, since
    the connection that is made there would else go to the next one.
    """
    waiter = Waiter()
    try:
        try:
            with pool._lock:
                if not pool._closed:
                    pool._waiting.appendleft(waiter)
        finally:
            pool._drop(dead, lost=True)
        if pool._closed and not waiter.served:
            raise PoolClosedError("the pool is closed")  # noqa: TRY301  (leaves the queue below)
        if time.monotonic() >= max(until, began + CHECK_PATIENCE) and not waiter.served:
            pool._time_out(began)
        pool._upkeep.start()
        pool._wait(waiter, until, began)
    except BaseException:
        if not pool._left(waiter) and waiter.slot is not None:
            pool._give_back(waiter.slot)
        raise
    assert waiter.slot is not None  # noqa: S101  (served, and not with an error)
    return waiter.slot


def just_made(slot: Slot) -> bool:
    """Say whether a connection was checked a moment ago, when it was made."""
    return slot.checkouts == 0 and time.monotonic() - slot.born < 1.0


def is_restored(pool: AnyPool, slot: Slot) -> bool:
    """Bring a connection that came back into the state in which the next caller may have it.

    What is open is rolled back, then the user's ``reset`` is called. False if it cannot be lent
    again. An interruption (Ctrl-C) drops the connection, so that its place is free again.
    """
    connection = slot.connection
    settled, slot.settled = slot.settled, False
    try:
        found = slot.state(connection)
        if pool._transactions != "leave":
            unknown = found == State.UNKNOWN and not settled
            if unknown or found in (State.OPEN, State.FAILED):
                end_transaction(connection, found, commit=False)
                found = slot.state(connection)
        if found in (State.BUSY, State.CLOSED):
            return False
        if pool._reset is not None:
            pool._reset(connection)
            found = slot.state(connection)
            if pool._transactions != "leave" and found in (State.OPEN, State.UNKNOWN):
                end_transaction(connection, found, commit=True)
            return found not in (State.BUSY, State.FAILED, State.CLOSED)
    except Exception as error:  # noqa: BLE001  (whatever a dead connection raises)
        log.debug("a connection that came back could not be reset: %s", error)
        return False
    except BaseException:
        pool._drop(slot)
        raise
    return True


def cut(connection: Connection) -> None:
    """End a connection's socket, so that a thread that waits for it gets an error.

    Of a copy of the descriptor: nothing is closed under the driver's feet.
    """
    with contextlib.suppress(Exception):
        copy = os.dup(connection.fileno())
        with socket.socket(fileno=copy) as ended:
            ended.shutdown(socket.SHUT_RDWR)


def cut_overdue(pool: AnyPool) -> float:
    """Cut connections whose check hangs; return when the next check is due, or infinity."""
    now, due = time.monotonic(), float("inf")
    for slot, until in [*pool._checks.items()]:
        if until > now:
            due = min(due, until)
        elif pool._checks.pop(slot, None) is not None:
            log.warning("the check of a connection hangs: it is cut")
            cut(slot.connection)
    return due


def _check(pool: AnyPool, slot: Slot) -> None:
    """Call the user's check; whatever transaction it begins is ended.

    A connection of psycopg is checked in autocommit: its BEGIN and ROLLBACK would be two more
    trips to the server at each checkout.
    """
    assert pool._check is not None  # noqa: S101  (asked only then)
    connection = slot.connection
    before = slot.state(connection)
    switches = before == State.IDLE and knows_libpq(slot.state) and connection.autocommit is False
    if switches:
        connection.autocommit = True
    pool._check(connection)
    found = slot.state(connection)
    began = before == State.IDLE and found in (State.OPEN, State.FAILED)
    if began or (found == State.UNKNOWN and pool._transactions != "leave"):
        end_transaction(connection, found, commit=False)
    if switches:
        connection.autocommit = False
