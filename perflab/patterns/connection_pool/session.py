"""The live side of the pool bench: real queries through a real pool to a real database."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from perflab.bench.records import Records
from perflab.bench.session import EndOfWorkload, Session
from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.patterns.connection_pool._connection_pool import PoolTimeoutError, TooManyWaitingError
from perflab.patterns.connection_pool._drivers import open_pool
from perflab.patterns.connection_pool.queries import AllWrittenError, open_query
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.servers.postgres.flights_tables import MOST_VISITS
from perflab.servers.postgres.run import PostgresRun
from perflab.servers.postgres.server import find_postgres
from perflab.servers.postgres.watch import RoomWatch
from perflab.settings import LoadSettings
from perflab.units import grouped

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import psycopg

    from perflab.workloads.kinds.arrivals import Arrivals

_MOST_RECORDS = 1_000_000
_OWN = ("late", "wait", "service")
_GIVEN = ("handover", "lend", "checkout")
_NO_RESOURCES = "53"
"""SQLSTATE's class of full disks, and of memory or connections that are used up."""


class _Seat:
    """What one client thread has recorded.

    Attributes:
        found_in_use: The connections that its services found in use, their own included; the sum.
    """

    def __init__(self) -> None:
        self.found_in_use = 0
        self.late = LatencyHistogram()
        self.wait = LatencyHistogram()
        self.service = LatencyHistogram()
        self.handover = LatencyHistogram()
        self.lend = LatencyHistogram()
        self.checkout = LatencyHistogram()

    def given(self, due: float, asked: float, released: float, start: float) -> float:
        """Record how a connection came; return what its checkout took, NaN where it was in use."""
        if released > asked:
            self.handover.record(start - released)
        elif released:
            self.lend.record(start - due)
            self.checkout.record(start - asked)
            return start - asked
        return math.nan


class ConnectionPoolSession(Session[ConnectionPoolSettings]):
    """Takes a connection for each arrival, asks the database, and gives it back.

    The wait counts from the arrival to having a connection, the service time from then until the
    connection is given back. The hand-over is the time from one caller's giving back to the start
    of the next who has waited for that connection. Lending is what a caller waits all the same who
    came while its connection was idle: until its thread wakes, the checkout with its check, and
    until the thread goes on after that; the checkout alone is known, too. A request whose client
    thread is busy asks late.
    """

    def __init__(self, settings: ConnectionPoolSettings, arrivals: Arrivals, run_name: str) -> None:
        self._arrivals = arrivals
        self._connects = LatencyHistogram()
        self._settings = settings
        self._local = threading.local()
        self._seats: list[_Seat] = []
        self._records = Records(_MOST_RECORDS, "dffff")
        self._released: dict[int, float] = {}
        self._serving: deque[None] = deque()  # as long as there are services; safe without a lock
        self._timeouts = 0
        self._callers_refused = 0
        self._errors = 0
        self._refused = 0
        self._lock = threading.Lock()
        self._problem: str | None = None
        self._stopped: str | None = None
        with contextlib.ExitStack() as made:
            self._server = made.enter_context(find_postgres())
            self._run = PostgresRun(self._server, run_name, settings.max_connections)
            made.callback(self._run.close)
            self._query = open_query(settings.query, self._run)
            self._pool = open_pool(settings.driver, self._connect, settings, self._run.conninfo)
            made.callback(self._pool.close)
            if not self._server.ours:
                watch = RoomWatch(self._run, self._most, self._refusals, self._stop)
                made.callback(watch.close)
            self._made = made.pop_all()

    def request(self, index: int, due: float) -> str:
        """Ask the database once through the pool.

        Raises:
            BadInputError: If the run is to end, for the sake of others on the server.
            EndOfWorkload: If it has inserted as many rows as it may.
        """
        if self._stopped is not None:
            raise BadInputError(self._stopped, "PostgreSQL")
        try:
            seat: _Seat = self._local.seat
        except AttributeError:
            seat = self._local.seat = _Seat()
            self._seats.append(seat)
        now = time.perf_counter
        asked = now()
        seat.late.record(max(0.0, asked - due))
        try:
            connection = self._pool.getconn()
        except PoolTimeoutError:
            with self._lock:
                self._timeouts += 1
            self._unserved(seat, due, asked, now() - due)
            return "timeout"
        except TooManyWaitingError:
            with self._lock:
                self._callers_refused += 1
            # It got no connection, as one that gives up: a small pool is not to look quick.
            self._unserved(seat, due, asked, self._settings.timeout)
            return "refused"
        except Exception as error:  # noqa: BLE001  (a database that is away is part of the run)
            self._note(error)
            return "error"
        start = now()
        self._serving.append(None)
        seat.found_in_use += len(self._serving)
        place = id(getattr(connection, "dbapi_connection", connection))
        released = self._released.get(place, 0.0)
        try:
            self._query.ask(connection, index)
        except AllWrittenError:
            self._problem = (
                f"the run ended at {grouped(MOST_VISITS)} inserted rows, the most that it adds"
            )
            raise EndOfWorkload from None
        except Exception as error:  # noqa: BLE001  (a connection that was killed, a wrong statement)
            self._note(error)
            return "error"
        finally:
            end = self._released[place] = now()
            self._serving.pop()
            self._pool.putconn(connection)
        checkout = seat.given(due, asked, released, start)
        seat.wait.record(start - due)
        seat.service.record(end - start)
        self._records.add(due, end - start, start - due, asked - due, checkout)
        return "served"

    def apply(self, settings: ConnectionPoolSettings, _load: LoadSettings) -> None:
        """Resize the pool and change its limits in place.

        Raises:
            BadInputError: If driver or query would be another, or so many connections have no room
                on the server.
        """
        for key in ("driver", "query"):
            if getattr(settings, key) != getattr(self._settings, key):
                raise BadInputError("cannot change while it runs; stop and start again", key)
        if settings.max_connections > self._settings.max_connections:
            self._run.require(settings.max_connections)
        self._settings = settings
        self._pool.apply(settings)

    def counters(self) -> dict[str, float]:
        """Return the pool's statistics."""
        stats = self._pool.stats()
        return {
            "timeouts": self._timeouts,
            "callers_refused": self._callers_refused,
            "errors": self._errors,
            "connections": stats.get("connections_open", 0),
            "waiting": stats.get("requests_waiting", 0),
            "connects": stats.get("connects", 0),
            "connections_lost": stats.get("connections_lost", 0),
            "max_connections": self._settings.max_connections,
            "found_in_use": sum(seat.found_in_use for seat in list(self._seats)),
        }

    def distributions(self) -> dict[str, LatencyHistogram]:
        """Return lateness, waits and services, and what handovers, lending and connects took."""
        found = {name: LatencyHistogram() for name in (*_OWN, *_GIVEN)}
        for seat in list(self._seats):
            found["late"].merge(seat.late)
            found["wait"].merge(seat.wait)
            found["service"].merge(seat.service)
            found["handover"].merge(seat.handover)
            found["lend"].merge(seat.lend)
            found["checkout"].merge(seat.checkout)
        return {**found, "connect": self._connects.copy()}

    def records(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return arrival, service time and wait of each request by arrival.

        The service time of one that got no connection is NaN, and so is the checkout of one whose
        connection was in use, or not open yet, when it asked.
        """
        if not len(self._records):
            return {}
        due, service, waits, late, checkouts = self._records.columns(ordered=True)
        return {
            "arrival_seconds": due - due[0],
            "service_seconds": service,
            "wait_seconds": waits,
            "late_seconds": late,
            "checkout_seconds": checkouts,
        }

    def problem(self) -> str | None:
        """Return how the database failed, if it did."""
        return self._problem

    def about(self) -> dict[str, str]:
        """Return the database's version, where it was found, and the run's name on the user's."""
        found = {"PostgreSQL": f"{self._server.version}, {self._server.source}"}
        return found if self._server.ours else {**found, "run": self._run.name}

    def server_up(self) -> bool | None:
        """Say whether the server's process lives; None for the user's own."""
        return self._server.pid is not None if self._server.ours else None

    def act(self, name: str) -> None:
        """Kill the pool's connections or restart the server.

        Raises:
            BadInputError: If the server is the user's own.
        """
        if not self._server.ours:
            raise BadInputError(
                "this database is not perflab's, so nothing in it is killed or restarted; unset "
                "PERFLAB_POSTGRES_URL to try that on one of perflab's",
                name,
            )
        if name == "kill":
            self._server.kill_connections()
        else:
            self._server.restart()

    def close(self) -> None:
        """Close the pool, remove what the run made, and end the server where it is ours.

        Raises:
            BadInputError: If something could not be removed.
        """
        self._made.close()

    def _connect(self) -> psycopg.Connection:
        import psycopg

        started = time.perf_counter()
        try:
            connection = psycopg.connect(self._run.conninfo, autocommit=True)
        except psycopg.Error:
            with self._lock:
                self._refused += 1
            raise
        with self._lock:
            self._connects.record(time.perf_counter() - started)
        return connection

    def _unserved(self, seat: _Seat, due: float, asked: float, waited: float) -> None:
        """Record a caller that got no connection: how long it would have had one is not known."""
        seat.wait.record(waited)
        self._records.add(due, math.nan, waited, asked - due, math.nan)

    def _most(self) -> int:
        return self._settings.max_connections

    def _refusals(self) -> float:
        return self._refused + self._pool.stats().get("connect_errors", 0)

    def _stop(self, reason: str) -> None:
        """End the run: its connections at once, the rest at the next request."""
        self._stopped = reason
        self._pool.close()

    def _note(self, error: Exception) -> None:
        if (getattr(error, "sqlstate", None) or "").startswith(_NO_RESOURCES):
            said = foreign_text(str(error).partition("\n")[0])
            self._stop(f"the run ended because the server is short of something: {said}")
        with self._lock:
            self._errors += 1
            if self._problem is None:
                said = foreign_text(error) or type(error).__name__
                self._problem = f"the database answered: {said}"
