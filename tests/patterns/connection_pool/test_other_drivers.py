"""Transactions of connections that are not psycopg's: sqlite3, SQLAlchemy, and plain ones."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from pools import settings
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from perflab.errors import BadInputError
from perflab.patterns.connection_pool import ConnectionPool
from perflab.servers.postgres.server import PostgresServer


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        yield started


@pytest.fixture
def admin(server):
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (id int)")
        yield connection


def count(admin):
    return admin.execute("SELECT count(*) FROM t").fetchone()[0]


def lite(path):
    return lambda: sqlite3.connect(path, check_same_thread=False)


@pytest.mark.parametrize(("mode", "rows"), [("commit", [(1,)]), ("rollback", []), ("leave", [])])
def test_sqlite_transactions_end_as_set(mode, rows, tmp_path):
    path = tmp_path / "one.db"
    with sqlite3.connect(path) as first:
        first.execute("CREATE TABLE t (id)")
    with ConnectionPool(lite(path), settings(transactions=mode)) as pool:
        with pool.connection() as connection:
            connection.execute("INSERT INTO t VALUES (1)")
        assert connection.in_transaction is (mode == "leave")
        assert first.execute("SELECT id FROM t").fetchall() == rows
        connection = pool.getconn()
        if mode == "leave":
            connection.rollback()
        connection.execute("INSERT INTO t VALUES (2)")
        pool.putconn(connection)
        assert connection.in_transaction is (mode == "leave")
        assert first.execute("SELECT id FROM t").fetchall() == rows


def test_a_closed_sqlite_connection_is_not_handed_out(tmp_path):
    with ConnectionPool(lite(tmp_path / "one.db"), settings()) as pool:
        with pool.connection() as connection:
            connection.close()
        with pool.connection() as other:
            assert other.execute("SELECT 7").fetchone() == (7,)
        other.close()  # while it is idle
        assert pool.check() == 1
        with pool.connection() as another:
            assert another.execute("SELECT 7").fetchone() == (7,)


class Plain:
    """A connection of a driver that tells nothing of its state: it notes what it is asked."""

    def __init__(self) -> None:
        self.asked = []

    def commit(self) -> None:
        self.asked.append("commit")

    def rollback(self) -> None:
        self.asked.append("rollback")

    def close(self) -> None:
        self.asked.append("close")


@pytest.mark.parametrize(
    ("mode", "clean", "failed", "put"),
    [
        ("commit", ["commit"], ["rollback"], ["rollback"]),
        ("rollback", ["rollback"], ["rollback"], ["rollback"]),
        ("leave", [], [], []),
    ],
)
def test_a_driver_that_tells_nothing_is_asked_once(mode, clean, failed, put):
    with ConnectionPool(Plain, settings(transactions=mode)) as pool:
        with pool.connection() as connection:
            pass
        assert connection.asked == clean
        connection.asked.clear()
        with pytest.raises(KeyError), pool.connection():
            raise KeyError
        assert connection.asked == failed
        connection.asked.clear()
        pool.putconn(pool.getconn())
        assert connection.asked == put


def test_what_has_no_transactions_is_left_alone():
    class Socket:
        def close(self) -> None: ...

    with ConnectionPool(Socket, settings()) as pool, pool.connection() as connection:
        assert not hasattr(connection, "commit")


def test_an_unknown_word_is_named():
    with pytest.raises(BadInputError, match=r"transactions.*'autocommit'"):
        ConnectionPool(Plain, transactions="autocommit")
    with pytest.raises(BadInputError, match=r"order.*'random'"):
        ConnectionPool(Plain, order="random")
    with pytest.raises(BadInputError, match="max_waiting"):
        ConnectionPool(Plain, max_waiting=-1)


def test_connections_of_sqlalchemy_are_lent_and_ended(server, admin):
    url = make_url("postgresql+psycopg://").update_query_string(
        f"host={psycopg.conninfo.conninfo_to_dict(server.conninfo)['host']}"
    )
    parts = psycopg.conninfo.conninfo_to_dict(server.conninfo)
    url = url.set(username=parts.get("user"), database=parts.get("dbname"))
    engine = create_engine(url, poolclass=NullPool)
    with ConnectionPool(engine.connect, settings()) as pool:
        with pool.connection() as connection:
            connection.execute(text("INSERT INTO t VALUES (1)"))
        assert not connection.in_transaction()
        assert count(admin) == 1
        connection = pool.getconn()
        connection.execute(text("INSERT INTO t VALUES (2)"))
        pool.putconn(connection)
        assert not connection.in_transaction()
        assert count(admin) == 1
        connection = pool.getconn()
        connection.close()
        pool.putconn(connection)
        with pool.connection() as other:
            assert other is not connection
            assert other.execute(text("SELECT 7")).scalar_one() == 7


class Libpq:
    """A connection that tells its state as psycopg2's does."""

    closed = 0

    def __init__(self) -> None:
        self.now, self.asked = 0, []

    def get_transaction_status(self) -> int:
        return self.now

    def commit(self) -> None:
        self.now = 0
        self.asked.append("commit")

    def rollback(self) -> None:
        self.now = 0
        self.asked.append("rollback")

    def close(self) -> None:
        self.closed = 1


@pytest.mark.parametrize(
    ("state", "asked", "kept"),
    [
        (0, [], True),
        (1, [], False),
        (2, ["rollback"], True),
        (3, ["rollback"], True),
        (4, [], False),
    ],
)
def test_each_state_of_libpq_is_returned_from_in_its_way(state, asked, kept):
    with ConnectionPool(Libpq, settings()) as pool:
        connection = pool.getconn()
        connection.now = state
        pool.putconn(connection)
        assert connection.asked == asked
        assert bool(connection.closed) is not kept
