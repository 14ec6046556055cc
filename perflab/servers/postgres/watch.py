"""A watch over the room on a PostgreSQL of the user's while a run goes on there."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg

from perflab.errors import BadInputError
from perflab.servers.postgres.room import LEAST_FREE
from perflab.servers.postgres.run import OWN_CONNECTIONS

if TYPE_CHECKING:
    from perflab.servers.postgres.run import PostgresRun

_SECONDS = 0.3


class RoomWatch:
    """A thread that ends a run before it takes what others need.

    Args:
        run: The run.
        connections: Tells how many connections its pool may open now.
        refused: Tells how often the server has refused one of them so far.
        stop: Told once, with the reason, when the run is to end.
    """

    def __init__(
        self,
        run: PostgresRun,
        connections: Callable[[], int],
        refused: Callable[[], float],
        stop: Callable[[str], object],
    ) -> None:
        self._run = run
        self._connections = connections
        self._refused = refused
        self._stop = stop
        self._known = refused()
        self._away = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="perflab-room")
        self._thread.start()

    def close(self) -> None:
        """End it, and come back when it asks the server nothing more."""
        self._over.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_SECONDS):
            reason = self._look()
            if reason is not None:
                self._stop(reason)
                return

    def _look(self) -> str | None:
        """Return why the run is to end, if so."""
        try:
            room = self._run.look()
        except BadInputError as error:
            return str(error)
        except psycopg.Error:
            self._away = True
            return self._back()
        refused = self._refused()
        # While a server comes back it refuses everybody, for no fault of ours.
        fewer, self._known = refused > self._known and not self._away, refused
        self._away = False
        connections = self._connections()
        limit, left = room.tightest, room.left_beside(connections + OWN_CONNECTIONS)
        if left < LEAST_FREE:
            return (
                f"the run ended to leave room: {limit.where} allows {limit.allowed} connections, "
                f"{limit.used} are in use by others, and with max_connections={connections} fewer "
                f"than {LEAST_FREE} would stay free; set a smaller max_connections"
            )
        if fewer:
            return (
                "the run ended because the server refused one of its connections, so that others "
                "may be refused too; set a smaller max_connections"
            )
        return None

    def _back(self) -> str | None:
        """Try to be connected again; return why the run is to end, if so."""
        with contextlib.suppress(psycopg.Error):
            try:
                kept = self._run.renew()
            except BadInputError as error:
                return str(error)
            if not kept:
                return (
                    "the run ended because it lost its lease while its connection was broken: its "
                    "tables may have been removed; start it again"
                )
        return None
