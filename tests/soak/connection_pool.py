"""Random operations of many threads on a pool before a real PostgreSQL that is disturbed.

Run: python tests/soak/connection_pool.py --operations 1000000 --seed 7

Threads ask, insert, fail, leave transactions open, forget and discard connections, while settings
change and connections are killed, the server is restarted or stands still, and children are
forked. Every checkout is checked; it ends with status 1 and the broken rules if one was broken.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import threading
import time

import psycopg
from pool_faults import NAME, Disturber
from pool_ledger import Ledger

from perflab.patterns.connection_pool import ConnectionPool, PoolTimeoutError, TooManyWaitingError
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.servers.postgres.server import PostgresServer

THREADS = 8
MOST = 6
TIMEOUT = 5.0
SLACK = 5.0
"""How much later than its timeout a caller may be told, on a machine that is busy elsewhere."""


class PlannedError(Exception):
    """What a block raises on purpose."""


class Soak:
    """One pool, one server, and the threads that use them."""

    def __init__(self, operations: int, seed: int) -> None:
        self.operations = operations
        self.seed = seed
        self.chance = random.Random(seed)
        self.mode = self.chance.choice(("commit", "commit", "rollback"))
        self.ledger = Ledger(MOST)
        self.left = operations
        self.numbers = iter(range(1, 10**12))
        self.done = threading.Event()

    def run(self) -> dict[str, object]:
        """Return what was counted and which rules were broken."""
        began = time.monotonic()
        with PostgresServer.start() as self.server:
            with psycopg.connect(self.server.conninfo, autocommit=True) as admin:
                admin.execute("CREATE TABLE soak (id bigint PRIMARY KEY)")
            self.pool = ConnectionPool(
                self.connect,
                self.settings(),
                check=lambda connection: connection.execute(""),
                close=self.close,
            )
            threads = [
                threading.Thread(target=self.work, args=(self.seed * 1000 + number,))
                for number in range(THREADS)
            ]
            for thread in threads:
                thread.start()
            disturber = threading.Thread(target=Disturber(self).run)
            disturber.start()
            for thread in threads:
                thread.join()
            self.done.set()
            disturber.join()
            self.settle()
        seconds = time.monotonic() - began
        ledger = self.ledger
        return {
            "operations": self.operations,
            "seed": self.seed,
            "transactions": self.mode,
            "seconds": round(seconds, 1),
            "most_connections": ledger.most,
            "counts": dict(sorted(ledger.counts.items())),
            "broken": ledger.broken,
        }

    def connect(self) -> psycopg.Connection:
        self.ledger.begins()
        connection = None
        try:
            connection = psycopg.connect(self.server.conninfo, application_name=NAME)
        finally:
            self.ledger.made(connection)
        return connection

    def close(self, connection: psycopg.Connection) -> None:
        try:
            connection.close()
        finally:
            self.ledger.closed(connection)

    def settings(self) -> ConnectionPoolSettings:
        return ConnectionPoolSettings(
            min_connections=self.chance.choice((0, 1, 3)),
            max_connections=self.chance.randint(1, MOST),
            timeout=TIMEOUT,
            max_lifetime=self.chance.choice((None, None, 0.2, 2)),
            max_idle=self.chance.choice((None, 0.1, 5)),
            order=self.chance.choice(("lifo", "fifo")),
            max_waiting=self.chance.choice((None, None, 0, 2)),
            transactions=self.mode,
        )

    # What a thread does.

    def work(self, seed: int) -> None:
        chance = random.Random(seed)
        chosen, weights = zip(*self.steps(), strict=True)
        while True:
            with self.ledger.lock:
                if self.left <= 0:
                    return
                self.left -= 1
            step = chance.choices(chosen, weights)[0]
            try:
                step(chance)
                self.ledger.count(step.__name__)
            except TooManyWaitingError:
                self.ledger.count("refused")
                time.sleep(0.005)  # as a caller that is told to come back later
            except PoolTimeoutError:
                self.ledger.count("timed out")
            except PlannedError:
                self.ledger.count("planned")
            except psycopg.Error as error:
                self.ledger.count(f"psycopg {type(error).__name__}")
            except Exception as error:  # noqa: BLE001  (whatever it is, it should not be)
                self.ledger.breaks(f"{step.__name__}: {error!r}")

    def steps(self):
        return (
            (self.ask, 50),
            (self.ask_by_hand, 20),
            (self.insert, 10),
            (self.insert_and_fail, 5),
            (self.insert_and_leave_open, 5),
            (self.fail_a_statement, 4),
            (self.leave_failed, 2),
            (self.leave_busy, 1),
            (self.discard, 1),
            (self.close_by_hand, 1),
            (self.forget, 0.3),
            (self.hold, 2),
            (self.ask_in_a_hurry, 2),
        )

    @contextlib.contextmanager
    def block(self, timeout: float | None = None):
        """A `connection` block whose checkout is checked; its own steps raise through it."""
        began, entered = time.monotonic(), False
        try:
            with self.pool.connection(timeout) as connection:
                entered = True
                self.in_time(began, timeout)
                self.ledger.takes(connection)
                try:
                    yield connection
                finally:
                    self.ledger.returns(connection)
        except PoolTimeoutError:
            if not entered:
                self.in_time(began, timeout, gave_up=True)
            raise

    def take(self, timeout: float | None = None) -> psycopg.Connection:
        began = time.monotonic()
        try:
            connection = self.pool.getconn(timeout)
        except PoolTimeoutError:
            self.in_time(began, timeout, gave_up=True)
            raise
        self.in_time(began, timeout)
        self.ledger.takes(connection)
        return connection

    def give(self, connection: psycopg.Connection) -> None:
        self.ledger.returns(connection)
        self.pool.putconn(connection)

    def in_time(self, began: float, timeout: float | None, *, gave_up: bool = False) -> None:
        taken, limit = time.monotonic() - began, TIMEOUT if timeout is None else timeout
        self.ledger.count("timeouts" if gave_up else "checkouts")
        if taken > limit + SLACK:
            self.ledger.breaks(f"{taken:.2f} s at a timeout of {limit} s")
        if gave_up and taken < limit * 0.99 - 0.001:
            self.ledger.breaks(f"gave up after {taken:.3f} s at a timeout of {limit} s")

    def ask(self, chance: random.Random) -> None:
        number = chance.getrandbits(31)
        with self.block() as connection:
            self.must_be(connection.execute("SELECT %s::int", (number,)).fetchone(), (number,))

    def ask_by_hand(self, chance: random.Random) -> None:
        number = chance.getrandbits(31)
        connection = self.take()
        try:
            self.must_be(connection.execute("SELECT %s::int", (number,)).fetchone(), (number,))
        finally:
            self.give(connection)

    def must_be(self, found: object, right: object) -> None:
        if found != right:
            self.ledger.breaks(f"answered {found} in place of {right}")

    def ask_in_a_hurry(self, chance: random.Random) -> None:
        with self.block(chance.choice((0.0, 0.001, 0.02))) as connection:
            connection.execute("SELECT 1")

    def hold(self, chance: random.Random) -> None:
        with self.block() as connection:
            connection.execute("SELECT pg_sleep(%s)", (chance.choice((0.001, 0.01)),))

    def insert(self, _: random.Random) -> None:
        number = self.number()
        with self.block() as connection:
            connection.execute("INSERT INTO soak VALUES (%s)", (number,))
        # Here, it has come back without an error: the row is there, or not, for sure.
        with self.ledger.lock:
            (self.ledger.sure if self.mode == "commit" else self.ledger.absent).add(number)

    def insert_and_fail(self, _: random.Random) -> None:
        number = self.number()
        self.is_absent(number)
        with self.block() as connection:
            connection.execute("INSERT INTO soak VALUES (%s)", (number,))
            raise PlannedError

    def insert_and_leave_open(self, _: random.Random) -> None:
        number = self.number()
        self.is_absent(number)
        connection = self.take()
        try:
            connection.execute("INSERT INTO soak VALUES (%s)", (number,))
        finally:
            self.give(connection)

    def fail_a_statement(self, _: random.Random) -> None:
        with self.block() as connection:
            connection.execute("SELECT nothing_of_this_name")

    def leave_failed(self, _: random.Random) -> None:
        connection = self.take()
        try:
            connection.execute("SELECT 1 / 0")
        finally:
            self.give(connection)

    def leave_busy(self, _: random.Random) -> None:
        connection = self.take()
        try:
            rows = connection.cursor().stream("SELECT generate_series(1, 1000)")
            next(rows)
        finally:
            self.give(connection)
        # What is left of it belongs to a connection that is closed by now.
        with contextlib.suppress(psycopg.Error):
            rows.close()

    def discard(self, _: random.Random) -> None:
        with self.block() as connection:
            connection.execute("SELECT 1")
            self.pool.discard(connection)

    def close_by_hand(self, _: random.Random) -> None:
        with self.block() as connection:
            self.close(connection)

    def forget(self, _: random.Random) -> None:
        connection = self.take()
        self.ledger.returns(connection)
        self.ledger.count("forgotten")

    def number(self) -> int:
        with self.ledger.lock:
            return next(self.numbers)

    def is_absent(self, number: int) -> None:
        with self.ledger.lock:
            self.ledger.absent.add(number)

    # What must be true at the end.

    def settle(self) -> None:
        ledger, pool = self.ledger, self.pool
        self.until("a place is lost", lambda: pool.stats()["connections_in_use"] == 0)
        self.until("still reported", lambda: not pool._forgotten)
        pool.apply(self.settings().change(max_waiting=None))
        for _ in range(3):
            with self.block() as connection:
                connection.execute("SELECT 1")
        stats, counts = pool.stats(), ledger.counts
        for name, seen in (
            ("checkouts", counts["checkouts"]),
            ("timeouts", counts["timeouts"]),
            ("callers_refused", counts["refused"]),
            ("requests", counts["checkouts"] + counts["timeouts"] + counts["refused"]),
            ("forgotten", counts["forgotten"]),
            ("requests_waiting", 0),
            (
                "connects",
                stats["connections_open"] + stats["connections_lost"] + stats["discards"],
            ),
        ):
            if stats[name] != seen:
                ledger.breaks(f"{name}: {stats[name]} counted, {seen} seen")
        pool.close()
        with psycopg.connect(self.server.conninfo, autocommit=True) as admin:
            found = {number for (number,) in admin.execute("SELECT id FROM soak")}
            if ledger.sure - found:
                ledger.breaks(f"{len(ledger.sure - found)} committed rows are lost")
            if ledger.absent & found:
                ledger.breaks(f"{len(ledger.absent & found)} rolled back rows are there")
            self.until("connections are left", lambda: self.is_empty(admin))
        self.until("threads are left", lambda: not pool_threads())
        if ledger.open:
            ledger.breaks(f"{len(ledger.open)} connections were not closed")

    def is_empty(self, admin: psycopg.Connection) -> bool:
        row = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", (NAME,)
        ).fetchone()
        return row == (0,)

    def until(self, otherwise: str, condition) -> None:
        end = time.monotonic() + 30
        while not condition():
            if time.monotonic() > end:
                self.ledger.breaks(otherwise)
                return
            time.sleep(0.02)


def pool_threads() -> list[str]:
    return [
        thread.name for thread in threading.enumerate() if thread.name.startswith("perflab-pool-")
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    found = Soak(arguments.operations, arguments.seed).run()
    print(json.dumps(found, indent=2))
    raise SystemExit(bool(found["broken"]))


if __name__ == "__main__":
    main()
