from __future__ import annotations

import psycopg
import pytest
from foreign_postgres import sql

from perflab.errors import BadInputError
from perflab.patterns.connection_pool import queries as pool_queries
from perflab.patterns.connection_pool.queries import AllWrittenError, open_query
from perflab.patterns.connection_pool.settings import QUERIES
from perflab.servers.postgres.run import PostgresRun
from perflab.servers.run_name import new_run_name


@pytest.fixture
def started(postgres_server):
    with_tables = PostgresRun(postgres_server, new_run_name(), 5)
    yield with_tables
    with_tables.close()


def test_the_bundled_data_is_there(started):
    tails = started.make_tables()
    assert len(tails) == 3322
    counted = sql(started.conninfo, f"SELECT count(*) FROM {started.name}.flights")
    assert counted == [(334_264,)]
    asked = f"SELECT manufacturer FROM {started.name}.planes WHERE tailnum = 'N10156'"
    assert sql(started.conninfo, asked) == [("EMBRAER",)]


@pytest.mark.parametrize("kind", QUERIES)
def test_each_query_asks_the_real_tables(started, kind):
    query = open_query(kind, started)
    with psycopg.connect(started.conninfo, autocommit=True) as connection:
        for index in range(20):
            query.ask(connection, index)
        made = {
            name
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", (started.name,)
            )
        }
        if "visits" in made:
            visits = connection.execute(f"SELECT count(*) FROM {started.name}.visits").fetchone()
            assert visits == ({"write": 20, "mixed": 2}[kind],)
    assert (
        made
        == {
            "point": {"planes"},
            "aggregate": {"planes", "flights"},
            "write": {"visits"},
            "mixed": {"planes", "flights", "visits"},
        }[kind]
    )


def test_the_aggregate_has_answers_all_over_the_year(started):
    query = open_query("aggregate", started)
    rows = []

    class Spy:
        def __init__(self, connection):
            self.connection = connection

        def execute(self, *words):
            cursor = self.connection.execute(*words)
            rows.append(cursor.rowcount)
            return cursor

    with psycopg.connect(started.conninfo, autocommit=True) as connection:
        for index in range(40):
            query.ask(Spy(connection), index)
    assert min(rows) > 5


def test_writes_end_at_the_number_that_was_said(started, monkeypatch):
    monkeypatch.setattr(pool_queries, "MOST_VISITS", 3)
    query = open_query("write", started)
    with psycopg.connect(started.conninfo, autocommit=True) as connection:
        for index in range(3):
            query.ask(connection, index)
        with pytest.raises(AllWrittenError):
            query.ask(connection, 3)
    assert sql(started.conninfo, f"SELECT count(*) FROM {started.name}.visits") == [(3,)]


def test_a_statement_of_the_users_own_is_asked_as_it_is(started):
    query = open_query("SELECT 100 % 7", started)
    with psycopg.connect(started.conninfo, autocommit=True) as connection:
        query.ask(connection, 0)
    with pytest.raises(BadInputError, match='as a statement it fails: syntax error at or near "SE'):
        open_query("SELEC 1", started)


@pytest.mark.parametrize(
    "statement", ["BEGIN", "BEGIN; SELECT 1", "BEGIN; LOCK TABLE shop IN ACCESS EXCLUSIVE MODE"]
)
def test_a_statement_that_leaves_a_transaction_open_is_refused(started, statement):
    sql(started.conninfo, "CREATE TABLE IF NOT EXISTS shop (value integer)")
    with pytest.raises(BadInputError, match="leaves a transaction open"):
        open_query(statement, started)
    states = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'"
    assert sql(started.conninfo, states) == [(0,)]


def test_a_transaction_that_fails_on_the_way_is_rolled_back(started):
    query = pool_queries.OwnQuery("BEGIN; SELECT 1 / 0; COMMIT")
    with psycopg.connect(started.conninfo, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            query.ask(connection, 0)
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
