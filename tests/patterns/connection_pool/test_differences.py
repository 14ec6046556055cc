"""Where the pool differs from psycopg_pool and SQLAlchemy's, as its documentation says."""

from __future__ import annotations

import threading

import psycopg
import pytest
from pools import settings, until

from perflab.patterns.connection_pool import ConnectionPool
from perflab.servers.postgres.server import PostgresServer


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        yield started


def of(server, most=1, **words):
    chosen = settings(max_connections=most)
    return ConnectionPool(lambda: psycopg.connect(server.conninfo), chosen, **words)


def test_a_forgotten_connection_is_closed_where_queue_pool_returns_it(server):
    with of(server) as pool:
        pid = pool.getconn().info.backend_pid
        with pool.connection() as other:
            assert other.info.backend_pid != pid


def test_what_reset_leaves_open_is_committed_not_discarded(server):
    with of(server, reset=lambda one: one.execute("SET work_mem = '1MB'")) as pool:
        with pool.connection() as connection:
            pid = connection.info.backend_pid
        with pool.connection() as connection:
            assert connection.info.backend_pid == pid
            assert connection.execute("SHOW work_mem").fetchone() == ("1MB",)


def test_callers_served_by_growth_do_not_count_as_waiting(server):
    with of(server, 3, max_waiting=0) as pool:
        served = []

        def work():
            with pool.connection() as connection:
                served.append(connection.info.backend_pid)
                until(lambda: len(served) == 3)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(set(served)) == 3
