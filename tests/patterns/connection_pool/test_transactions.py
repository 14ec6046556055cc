"""How a connection is when it comes back, and how the next caller gets it."""

# ruff: noqa: PT012  (what is tested is how a block with several statements ends)
from __future__ import annotations

import threading

import psycopg
import psycopg_pool
import pytest
from pools import sessions, settings, until
from psycopg.pq import TransactionStatus
from sqlalchemy.pool import QueuePool

from perflab.patterns.connection_pool import ConnectionPool
from perflab.servers.postgres.server import PostgresServer


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        yield started


@pytest.fixture
def admin(server):
    with psycopg.connect(server.conninfo, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS t")
        connection.execute("CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
        yield connection


@pytest.fixture
def make(server):
    made = []

    def open_pool(*, autocommit=False, **words):
        values = {k: words.pop(k) for k in ("max_connections", "timeout") if k in words}
        made.append(
            ConnectionPool(
                lambda: psycopg.connect(server.conninfo, autocommit=autocommit),
                settings(**values),
                **words,
            )
        )
        return made[-1]

    yield open_pool
    for pool in made:
        pool.close()


def count(admin):
    return admin.execute("SELECT count(*) FROM t").fetchone()[0]


def status(connection):
    return TransactionStatus(connection.pgconn.transaction_status)


def test_a_block_without_an_error_commits(make, admin):
    with make().connection() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    assert count(admin) == 1
    assert sessions(admin) == ["idle"]


def test_a_block_with_an_error_rolls_back_and_raises_it(make, admin):
    with pytest.raises(KeyError), make().connection() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        raise KeyError
    assert count(admin) == 0
    assert sessions(admin) == ["idle"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interruption_of_a_block_rolls_back(error, make, admin):
    pool = make()
    with pytest.raises(error), pool.connection() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        raise error
    assert count(admin) == 0
    assert pool.stats()["connections_lost"] == 0


def test_what_is_put_back_open_is_rolled_back(make, admin):
    pool = make()
    connection = pool.getconn()
    connection.execute("INSERT INTO t VALUES (1)")
    pool.putconn(connection)
    assert count(admin) == 0
    assert sessions(admin) == ["idle"]
    assert pool.getconn() is connection


@pytest.mark.parametrize("by_block", [True, False])
def test_a_failed_statement_does_not_reach_the_next_caller(by_block, make):
    pool = make()
    if by_block:
        with pytest.raises(psycopg.errors.UndefinedColumn), pool.connection() as connection:
            connection.execute("SELECT nope")
    else:
        connection = pool.getconn()
        with pytest.raises(psycopg.errors.UndefinedColumn):
            connection.execute("SELECT nope")
        pool.putconn(connection)
    with pool.connection() as other:
        assert other is connection
        assert other.execute("SELECT 7").fetchone() == (7,)


def test_a_lock_does_not_outlive_its_block(make, admin):
    with make().connection() as connection:
        connection.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
    admin.execute("SET lock_timeout = '5s'")
    assert count(admin) == 0


def test_a_commit_that_fails_raises_and_leaves_a_clean_connection(make, admin):
    pool = make()
    with pytest.raises(psycopg.errors.UniqueViolation), pool.connection() as connection:
        connection.execute("INSERT INTO t VALUES (1), (1)")
    with pool.connection() as other:
        assert other is connection
        assert status(other) == TransactionStatus.IDLE
    assert count(admin) == 0


def test_an_error_that_is_caught_in_a_block_is_logged_as_a_rollback(make, admin, caplog):
    with make().connection() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT nope")
    assert count(admin) == 0
    assert "all that its transaction did is rolled back" in caplog.text
    assert "test_transactions.py" in caplog.text


def test_rollback_rolls_back_at_the_end_of_every_block(make, admin):
    pool = make(transactions="rollback")
    with pool.connection() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    with pool.connection() as connection:
        connection.execute("INSERT INTO t VALUES (2)")
        connection.commit()
    assert count(admin) == 1
    assert sessions(admin) == ["idle"]


def test_leave_leaves_a_transaction_open(make, admin):
    pool = make(transactions="leave")
    with pool.connection() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    assert sessions(admin) == ["idle in transaction"]
    with pool.connection() as connection:
        connection.commit()
    assert count(admin) == 1


def test_a_transaction_in_autocommit_is_ended_too(make, admin):
    pool = make(autocommit=True)
    with pool.connection() as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES (1)")
    connection = pool.getconn()
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES (2)")
    pool.putconn(connection)
    assert count(admin) == 1
    assert sessions(admin) == ["idle"]


def test_an_idle_connection_sends_nothing_at_its_return(make, admin):
    pool = make(autocommit=True)
    with pool.connection() as connection:
        pid = connection.info.backend_pid
        connection.execute("SELECT 'the last of it'")
    connection = pool.getconn()
    pool.putconn(connection)
    asked = "SELECT query FROM pg_stat_activity WHERE pid = %s"
    assert admin.execute(asked, (pid,)).fetchone() == ("SELECT 'the last of it'",)


def test_a_check_does_not_hand_out_a_transaction_of_its_own(make, admin):
    pool = make(check=lambda connection: connection.execute("SELECT 1"))
    for _ in range(2):
        connection = pool.getconn()
        assert status(connection) == TransactionStatus.IDLE
        pool.putconn(connection)


@pytest.mark.parametrize("statement", ["", "SELECT 1", "BEGIN"])
def test_a_check_begins_no_transaction_and_keeps_autocommit(statement, make, admin):
    seen = []

    def check(connection):
        connection.execute(statement)
        seen.append(status(connection))

    pool = make(check=check)
    for _ in range(2):
        with pool.connection() as connection:
            assert status(connection) == TransactionStatus.IDLE
            assert connection.autocommit is False
    inside = TransactionStatus.INTRANS if statement == "BEGIN" else TransactionStatus.IDLE
    assert seen == [inside] * 2


def test_what_connect_leaves_open_is_committed(server, admin):
    def connect():
        connection = psycopg.connect(server.conninfo)
        connection.execute("SET application_name = 'set by connect'")
        return connection

    with ConnectionPool(connect, settings()) as pool:
        for _ in range(2):
            connection = pool.getconn()
            assert status(connection) == TransactionStatus.IDLE
            assert connection.execute("SHOW application_name").fetchone() == ("set by connect",)
            pool.putconn(connection)


def test_reset_comes_after_the_rollback_and_ends_idle(make, admin):
    seen = []

    def reset(connection):
        seen.append(status(connection))
        connection.execute("RESET application_name")

    pool = make(reset=reset)
    connection = pool.getconn()
    connection.execute("SET application_name = 'mine'")
    connection.commit()
    connection.execute("INSERT INTO t VALUES (1)")
    pool.putconn(connection)
    assert seen == [TransactionStatus.IDLE]
    with pool.connection() as other:
        assert other is connection
        assert status(other) == TransactionStatus.IDLE
        assert other.execute("SHOW application_name").fetchone() == ("",)


def test_a_reset_that_raises_closes_the_connection(make, admin):
    pool = make(reset=lambda connection: connection.execute("SELECT nope"))
    with pool.connection() as connection:
        pass
    assert connection.closed
    with pool.connection() as other:
        assert other is not connection


def test_a_connection_in_the_middle_of_a_copy_is_closed(make, admin):
    pool = make()
    connection = pool.getconn()
    copying = connection.cursor().copy("COPY t FROM STDIN")
    with pytest.raises(psycopg.OperationalError, match="closed"), copying as copy:
        copy.write_row((1,))
        pool.putconn(connection)
    with pool.connection() as other:
        assert other is not connection
    assert count(admin) == 0


def test_a_connection_within_its_own_transaction_block_is_closed(make, admin):
    pool = make()
    connection = pool.getconn()
    block = connection.transaction()
    block.__enter__()
    connection.execute("INSERT INTO t VALUES (1)")
    pool.putconn(connection)
    assert connection.closed
    assert count(admin) == 0


def test_a_killed_connection_raises_once_and_is_replaced(make, server, admin):
    pool = make()
    with pytest.raises(psycopg.OperationalError), pool.connection() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        admin.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        connection.execute("SELECT 1")
    with pool.connection() as other:
        assert other is not connection
        assert other.execute("SELECT 7").fetchone() == (7,)
    assert count(admin) == 0


def test_a_kill_before_the_commit_reaches_the_caller(make, admin):
    pool = make()
    with pytest.raises(psycopg.OperationalError), pool.connection() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        admin.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        until(lambda: not sessions(admin))
    assert count(admin) == 0
    assert pool.stats()["connections_in_use"] == 0


def test_the_end_of_a_block_is_that_of_psycopg_pool(make, server, admin):
    """The same steps through both pools leave the same rows and states."""

    def steps(pool):
        admin.execute("TRUNCATE t")
        with pool.connection() as connection:
            connection.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(KeyError), pool.connection() as connection:
            connection.execute("INSERT INTO t VALUES (2)")
            raise KeyError
        connection = pool.getconn()
        connection.execute("INSERT INTO t VALUES (3)")
        pool.putconn(connection)
        with pytest.raises(psycopg.Error), pool.connection() as connection:
            connection.execute("SELECT nope")
        with pool.connection() as connection:
            state = status(connection)
            connection.close()
        with pool.connection() as connection:
            answer = connection.execute("SELECT array_agg(id) FROM t").fetchone()
        return answer, state, [one for one in sessions(admin) if one != "idle"]

    with psycopg_pool.ConnectionPool(server.conninfo, min_size=1, max_size=1, open=True) as theirs:
        theirs.wait(60)
        expected = steps(theirs)
    until(lambda: not sessions(admin))
    assert steps(make()) == expected == (([1],), TransactionStatus.IDLE, [])


def test_what_is_returned_open_is_rolled_back_as_in_sqlalchemy(make, server, admin):
    queue = QueuePool(lambda: psycopg.connect(server.conninfo), pool_size=1, max_overflow=0)
    theirs = queue.connect()
    theirs.execute("INSERT INTO t VALUES (1)")
    theirs.close()
    pool = make()
    ours = pool.getconn()
    ours.execute("INSERT INTO t VALUES (1)")
    pool.putconn(ours)
    assert count(admin) == 0
    assert sessions(admin) == ["idle", "idle"]
    queue.dispose()


def test_a_change_of_the_setting_holds_for_those_in_use(make, admin):
    pool = make()
    with pool.connection() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        pool.apply(pool.settings.change(transactions="rollback"))
    assert count(admin) == 0


def test_many_threads_never_meet_a_transaction_of_another(make):
    pool, met = make(max_connections=3), []

    def work(number):
        for turn in range(40):
            connection = pool.getconn()
            met.append(status(connection) != TransactionStatus.IDLE)
            try:
                connection.execute("SELECT 1 / %s", ((number + turn) % 3,))
            except psycopg.errors.DivisionByZero:
                pass
            finally:
                pool.putconn(connection)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(met) == 320
    assert not any(met)
