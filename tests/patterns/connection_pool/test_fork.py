"""What a forked child does with its parent's pool; each in a fresh process without pytest."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from perflab.servers.postgres.server import PostgresServer

BEGIN = """
import os, signal, sqlite3, sys, threading, time
import psycopg
from perflab.patterns.connection_pool import ConnectionPool, ConnectionPoolSettings

URL = sys.argv[1]

def settings(**values):
    plain = {"min_connections": 0, "max_connections": 2, "timeout": 30, **values}
    return ConnectionPoolSettings.read(plain)

def connect():
    return psycopg.connect(URL, autocommit=True)

def forked(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            print("the child:", repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    return pid

def wait(*pids):
    end = time.monotonic() + 60
    for pid in pids:
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                assert status == 0, status
                break
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
                raise SystemExit("a child hangs")
            time.sleep(0.01)

def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        yield started


def run(server, code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + textwrap.dedent(code), server.conninfo, *arguments],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.split()


def test_children_and_parent_get_answers_of_their_own(server):
    code = """
    pool = ConnectionPool(connect, settings(min_connections=2), check=lambda c: c.execute(""))
    until(lambda: pool.stats()["connections_idle"] == 2)
    mine = {slot.held.info.backend_pid for slot in pool._slots}

    def ask(name=None):
        for turn in range(100):
            number = os.getpid() * 1000 + turn
            with pool.connection() as connection:
                assert connection.execute("SELECT %s::bigint", (number,)).fetchone() == (number,)
                if name != "parent":
                    assert connection.info.backend_pid not in mine

    children = [forked(ask) for _ in range(3)]
    ask("parent")
    wait(*children)
    # The children's ends have closed none of the parent's.
    for _ in range(3):
        with pool.connection() as connection:
            assert connection.info.backend_pid in mine
    pool.close()
    print("well")
    """
    assert run(server, code) == ["well"]


@pytest.mark.parametrize("ending", ["os._exit(0)", "sys.exit(0)", "pool.close(); os._exit(0)"])
def test_the_end_of_a_child_leaves_the_parents_connections(ending, server):
    code = f"""
    pool = ConnectionPool(connect, settings())
    with pool.connection() as connection:
        pid = connection.info.backend_pid
    child = os.fork()
    if child == 0:
        {ending}
    wait(child)
    with pool.connection() as connection:
        assert connection.info.backend_pid == pid
        assert connection.execute("SELECT 7").fetchone() == (7,)
    pool.close()
    print("well")
    """
    assert run(server, code) == ["well"]


def test_a_child_that_does_not_use_the_pool_connects_nowhere(server):
    code = """
    made = []
    def counted():
        made.append(os.getpid())
        return connect()
    pool = ConnectionPool(counted, settings(min_connections=2))
    until(lambda: pool.stats()["connections_idle"] == 2)
    def idle():
        time.sleep(0.5)
        assert os.getpid() not in made
        assert threading.active_count() == 1
        with pool.connection():
            pass
        until(lambda: pool.stats()["connections_idle"] == 2)
    wait(forked(idle))
    pool.close()
    print("well")
    """
    assert run(server, code) == ["well"]


def test_a_fork_while_a_lock_is_held_does_not_hang_the_child(server):
    code = """
    pool = ConnectionPool(connect, settings(max_connections=1))
    held = pool.getconn()
    waiting = threading.Thread(target=lambda: pool.putconn(pool.getconn()))
    waiting.start()
    until(lambda: pool.stats()["requests_waiting"] == 1)
    locked, go = threading.Event(), threading.Event()
    def lock():
        with pool._lock, pool._upkeep._starting:
            locked.set()
            go.wait(60)
    threading.Thread(target=lock).start()
    locked.wait()
    def ask():
        with pool.connection(20) as connection:
            assert connection.execute("SELECT 7").fetchone() == (7,)
        assert pool.stats()["requests_waiting"] == 0
    child = forked(ask)
    wait(child)
    go.set()
    pool.putconn(held)
    waiting.join(30)
    pool.close()
    print("well")
    """
    assert run(server, code) == ["well"]


def test_a_fork_inside_of_a_block_leaves_the_transaction_to_the_parent(server):
    code = """
    with connect() as admin:
        admin.execute("DROP TABLE IF EXISTS f")
        admin.execute("CREATE TABLE f (id int)")
    pool = ConnectionPool(lambda: psycopg.connect(URL), settings(max_connections=1))
    with pool.connection() as connection:
        connection.execute("INSERT INTO f VALUES (1)")
        child = os.fork()
        if child != 0:
            wait(child)
            connection.execute("INSERT INTO f VALUES (2)")
    if child == 0:
        # The end of the block did nothing here: the connection is the parent's.
        with pool.connection() as other:
            ok = other is not connection and other.execute("SELECT 7").fetchone() == (7,)
        pool.putconn(connection)
        pool.discard(connection)
        os._exit(0 if ok and not connection.closed else 1)
    with pool.connection() as other:
        assert other is connection
        print(other.execute("SELECT count(*) FROM f").fetchone()[0])
    pool.close()
    """
    assert run(server, code) == ["2"]


def test_a_grandchild_begins_anew_too(server):
    code = """
    pool = ConnectionPool(connect, settings(max_connections=1))
    pids = set()
    def ask():
        with pool.connection() as connection:
            pid = connection.info.backend_pid
            assert pid not in pids
            pids.add(pid)
    def child():
        ask()
        wait(forked(ask))
        with pool.connection() as connection:
            assert connection.info.backend_pid in pids
    ask()
    wait(forked(child))
    pool.close()
    print("well")
    """
    assert run(server, code) == ["well"]


def test_a_closed_pool_stays_closed_in_a_child(server):
    code = """
    from perflab.patterns.connection_pool import PoolClosedError
    pool = ConnectionPool(connect, settings())
    pool.close()
    def ask():
        try:
            pool.getconn()
        except PoolClosedError:
            return
        raise AssertionError
    wait(forked(ask))
    print("well")
    """
    assert run(server, code) == ["well"]


def test_a_pool_of_sqlite_is_the_childs_own(server, tmp_path):
    code = """
    pool = ConnectionPool(
        lambda: sqlite3.connect(sys.argv[2], check_same_thread=False), settings(max_connections=1)
    )
    with pool.connection() as first:
        first.execute("CREATE TABLE t (id)")
    def write():
        with pool.connection() as own:
            assert own is not first
            own.execute("INSERT INTO t VALUES (1)")
    wait(forked(write))
    with pool.connection() as same:
        assert same is first
        print(same.execute("SELECT count(*) FROM t").fetchone()[0])
    pool.close()
    """
    assert run(server, code, str(tmp_path / "one.db")) == ["1"]
