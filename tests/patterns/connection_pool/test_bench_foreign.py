"""The pool bench on a PostgreSQL of the user's, which goes on to be the user's."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest
from foreign_postgres import contents, let_in, sql, until

from perflab.bench import load_bench
from perflab.bench.session import EndOfWorkload
from perflab.errors import BadInputError
from perflab.patterns.connection_pool import queries as pool_queries
from perflab.patterns.connection_pool.session import ConnectionPoolSession
from perflab.patterns.connection_pool.settings import POOL_DRIVERS, ConnectionPoolSettings
from perflab.servers.postgres.leftovers import postgres_leftovers
from perflab.servers.postgres.server import PostgresServer
from perflab.servers.run_name import new_run_name

OPEN_TRANSACTIONS = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in trans%'"


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        # Rights that are written down: a grant that is taken back would leave them so.
        sql(started.conninfo, "GRANT CREATE ON DATABASE postgres TO postgres")
        yield started


@pytest.fixture(autouse=True)
def users(server, monkeypatch):
    """Return the address of the user's server, which stays as it is."""
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", server.conninfo)
    before = contents(server.conninfo)
    yield server.conninfo
    for left in postgres_leftovers(server.conninfo):
        left.remove()
    assert contents(server.conninfo) == before


def session(**values):
    return ConnectionPoolSession(ConnectionPoolSettings(**values), None, new_run_name())


def ask_until_it_ends(running, seconds=60.0):
    end = time.monotonic() + seconds
    index = 0
    while time.monotonic() < end:
        running.request(index, time.perf_counter())
        index += 1
    pytest.fail("the run went on")


@pytest.mark.parametrize("driver", POOL_DRIVERS)
def test_each_pool_leaves_nothing_behind(driver, users):
    running = session(driver=driver, query="mixed", min_connections=0)
    (made,) = sql(users, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'perflab%'")
    assert running.about()["run"] == made[0]
    assert {running.request(index, time.perf_counter()) for index in range(30)} == {"served"}
    assert sql(users, OPEN_TRANSACTIONS) == [(0,)]
    running.close()
    running.close()
    assert sql(users, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'perflab%'") == []


@pytest.mark.parametrize("driver", POOL_DRIVERS)
def test_each_pool_asks_a_statement_of_the_users_own(driver, users):
    running = session(driver=driver, query="SELECT count(*) FROM pg_class")
    assert {running.request(index, time.perf_counter()) for index in range(5)} == {"served"}
    assert running.problem() is None
    assert sql(users, OPEN_TRANSACTIONS) == [(0,)]
    running.close()


@pytest.mark.parametrize("driver", POOL_DRIVERS)
def test_a_run_ends_before_the_users_connections_are_refused(driver, users):
    sql(users, "ALTER DATABASE postgres CONNECTION LIMIT 20")
    running = session(driver=driver, max_connections=10, min_connections=0)
    theirs = [psycopg.connect(users) for _ in range(7)]
    with pytest.raises(
        BadInputError, match=r"ended to leave room: the database postgres allows 20"
    ):
        ask_until_it_ends(running)
    running.close()
    assert postgres_leftovers(users) == []
    for connection in theirs:
        connection.close()
    sql(users, "ALTER DATABASE postgres CONNECTION LIMIT -1")


@pytest.mark.parametrize("driver", POOL_DRIVERS)
def test_a_run_ends_at_the_first_connection_that_is_refused(driver, server, users):
    role = f"app_{driver}"
    sql(users, f"CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE postgres TO {role}")
    address = let_in(server, role)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERFLAB_POSTGRES_URL", address)
        running = session(driver=driver, max_connections=4, min_connections=0, timeout=0.2)
    sql(users, f"ALTER ROLE {role} NOLOGIN")
    with pytest.raises(BadInputError, match="the server refused one of its connections"):
        ask_until_it_ends(running)
    running.close()
    assert postgres_leftovers(users) == []
    sql(users, f"REVOKE CREATE ON DATABASE postgres FROM {role}; DROP ROLE {role}")


def test_a_larger_pool_that_does_not_fit_is_refused_while_it_runs(users):
    running = session(max_connections=2)
    with pytest.raises(
        BadInputError, match="1000 connections plus 1 for the run itself do not fit"
    ):
        running.apply(ConnectionPoolSettings(max_connections=1000), None)
    assert running.request(0, time.perf_counter()) == "served"
    running.close()


def test_a_calibration_takes_only_sizes_that_fit(users):
    bench = load_bench("connection_pool")
    costs = {"service": {"2": {"mean": 0.001}}}

    def sizes():
        done = []
        for values in bench.calibration.runs_for(ConnectionPoolSettings(), done):
            done.append((values, costs))  # noqa: PERF401  (the next is made from it)
        return [values["max_connections"] for values, _ in done]

    assert sizes() == [1, 1, 2, 2, 4, 4, 8, 8]
    sql(users, "ALTER DATABASE postgres CONNECTION LIMIT 9")
    assert sizes() == [1, 1, 2, 2, 4, 4]
    sql(users, "ALTER DATABASE postgres CONNECTION LIMIT 2")
    assert sizes() == [1, 1]
    sql(users, "ALTER DATABASE postgres CONNECTION LIMIT -1")


def test_a_restart_of_the_users_server_is_survived(server, users):
    running = session(max_connections=2, timeout=0.5)
    server.restart()
    until(lambda: running.request(0, time.perf_counter()) == "served")
    until(lambda: sql(users, "SELECT count(*) FROM pg_locks WHERE locktype='advisory'") == [(1,)])
    assert postgres_leftovers(users) == []
    running.close()


def test_inserts_end_the_run_at_the_number_that_was_said(users, monkeypatch):
    monkeypatch.setattr(pool_queries, "MOST_VISITS", 5)
    running = session(query="write")
    with pytest.raises(EndOfWorkload):
        ask_until_it_ends(running)
    assert "the most that it adds" in running.problem()
    running.close()


def test_a_full_disk_ends_the_run_at_once(users):
    running = session()
    full = psycopg.errors.DiskFull("could not extend file: No space left on device\nHINT: free")
    running._note(full)
    with pytest.raises(BadInputError, match="short of something: could not extend file"):
        running.request(0, time.perf_counter())
    running.close()


def test_nothing_on_the_users_server_is_killed_or_restarted(users):
    running = session()
    for action in ("kill", "restart"):
        with pytest.raises(BadInputError, match="not perflab's"):
            running.act(action)
    assert running.request(0, time.perf_counter()) == "served"
    running.close()


def test_a_set_up_that_fails_leaves_nothing(users, monkeypatch):
    from perflab.patterns.connection_pool import session as connection_pool_session

    def fail(*_):
        raise BadInputError("no such pool", "driver")

    monkeypatch.setattr(connection_pool_session, "open_pool", fail)
    with pytest.raises(BadInputError, match="no such pool"):
        session()
    assert postgres_leftovers(users) == []
    asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'perflab_run%'"
    until(lambda: sql(users, asked) == [(0,)])


def test_the_users_tables_are_not_locked_by_a_statement_of_theirs(users):
    sql(users, "CREATE TABLE shop AS SELECT generate_series(1, 100) AS id")
    running = session(query="SELECT * FROM shop WHERE id = 7", max_connections=2)
    threads = [
        threading.Thread(target=running.request, args=(index, time.perf_counter()))
        for index in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(users) as connection:
        connection.execute("SET lock_timeout = '5s'")
        connection.execute("LOCK TABLE shop IN ACCESS EXCLUSIVE MODE")
    assert sql(users, OPEN_TRANSACTIONS) == [(0,)]
    running.close()
    sql(users, "DROP TABLE shop")


def test_the_parent_removes_what_a_killed_child_left(users):
    bench = load_bench("connection_pool")
    running = session()
    name = running._run.name
    running._made.pop_all()
    running._run._control.close()
    remove = bench.servers.remover(ConnectionPoolSettings(), name)
    remove()
    assert sql(users, f"SELECT 1 FROM pg_namespace WHERE nspname = '{name}'") == []
    remove()
    running._pool.close()
