"""A run on a PostgreSQL of the user's: its schema, its lease and its room."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest
from foreign_postgres import contents, folder_of, let_in, sql, until

from perflab.errors import BadInputError
from perflab.servers.postgres.leftovers import postgres_leftovers
from perflab.servers.postgres.run import PostgresRun, remove_run
from perflab.servers.postgres.server import PostgresServer
from perflab.servers.run_name import new_run_name

HOLD = """
import sys
from perflab.servers.postgres.run import PostgresRun
from perflab.servers.postgres.server import PostgresServer
run = PostgresRun(PostgresServer(sys.argv[1], "test"), sys.argv[2], 3)
run.make_tables()
print("made", flush=True)
sys.stdin.read()
"""

POOLER = """
[databases]
postgres = host={folder} port=5432 user=postgres dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
"""


@pytest.fixture(scope="module")
def users(postgres_server):
    """The user's server: what perflab has not started, as far as a run knows."""
    return PostgresServer(postgres_server.conninfo, "PERFLAB_POSTGRES_URL")


@pytest.fixture
def filled(users):
    """Return the address, with things of the user's on the server that look like a run's."""
    name = new_run_name()
    statements = f"""
        CREATE SCHEMA perflab; CREATE TABLE perflab.planes AS SELECT generate_series(1, 9) id;
        CREATE VIEW perflab.seen AS SELECT id FROM perflab.planes;
        CREATE SCHEMA {name}; CREATE TABLE {name}.visits AS SELECT 1 AS id;
        CREATE SCHEMA perflab_run_x; GRANT USAGE ON SCHEMA perflab_run_x TO public;
        CREATE SCHEMA empty_one; CREATE TABLE public.visits (id serial, x text DEFAULT 'a');
        INSERT INTO public.visits DEFAULT VALUES;
        ALTER DATABASE postgres SET work_mem = '5MB'
    """
    sql(users.conninfo, statements)
    yield users.conninfo
    sql(users.conninfo, f"DROP SCHEMA perflab, {name}, perflab_run_x, empty_one CASCADE")
    sql(users.conninfo, "DROP TABLE public.visits; ALTER DATABASE postgres RESET work_mem")


def test_a_run_leaves_what_was_there_and_takes_its_own_away(users, filled):
    before = contents(filled)
    run = PostgresRun(users, new_run_name(), 3)
    run.make_tables()
    during = contents(filled)
    assert {key for key in during if key not in before} == {
        f"{run.name}.{table}" for table in ("planes", "flights", "visits", "visits_id_seq")
    }
    assert all(during[key] == before[key] for key in before if "." in key)
    run.close()
    assert contents(filled) == before
    assert sql(filled, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]


def test_two_runs_at_once_do_not_notice_each_other(users):
    runs = [PostgresRun(users, new_run_name(), 3) for _ in range(2)]
    made = []
    threads = [threading.Thread(target=lambda r=r: made.append(r.make_tables())) for r in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    runs[0].close()
    assert sql(users.conninfo, f"SELECT count(*) FROM {runs[1].name}.planes") == [(3322,)]
    runs[1].close()


@pytest.mark.parametrize(
    "theirs",
    [
        "CREATE TABLE {run}.orders AS SELECT 1 AS id",
        "CREATE VIEW {run}.seen AS SELECT * FROM {run}.planes",
        "CREATE VIEW public.seen AS SELECT * FROM {run}.planes",
        "DROP TABLE {run}.visits; CREATE TABLE {run}.visits AS SELECT 5 AS id",
        "CREATE FUNCTION {run}.one() RETURNS integer LANGUAGE sql RETURN 1",
        "CREATE TYPE {run}.mood AS ENUM ('good')",
    ],
)
def test_what_a_user_put_into_a_runs_schema_stays(users, theirs):
    run = PostgresRun(users, new_run_name(), 3)
    run.make_tables()
    sql(users.conninfo, theirs.format(run=run.name))
    kept = f"SELECT count(*) FROM pg_namespace WHERE nspname = '{run.name}'"
    with pytest.raises(BadInputError, match="the run's schema stays"):
        run.close()
    assert sql(users.conninfo, kept) == [(1,)]
    assert [found.name for found in postgres_leftovers(users.conninfo)] == [run.name]
    if "seen" in theirs:
        assert sql(users.conninfo, f"SELECT count(*) FROM {run.name}.planes") == [(3322,)]
    sql(users.conninfo, f"DROP SCHEMA {run.name} CASCADE")
    assert postgres_leftovers(users.conninfo) == []


def test_what_a_trigger_forbids_to_drop_stays_until_it_allows_that(users):
    forbid = (
        "CREATE FUNCTION keep() RETURNS event_trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'hush'; END $$; CREATE EVENT TRIGGER keep ON ddl_command_start "
        "WHEN TAG IN ('DROP TABLE', 'DROP SCHEMA') EXECUTE FUNCTION keep()"
    )
    run = PostgresRun(users, new_run_name(), 3)
    run.make_tables()
    sql(users.conninfo, forbid)
    try:
        with pytest.raises(BadInputError, match="a trigger forbids") as caught:
            run.close()
        assert "hush" not in str(caught.value)
        with pytest.raises(BadInputError, match="a trigger forbids"):
            remove_run(users.conninfo, run.name)
    finally:
        sql(users.conninfo, "DROP EVENT TRIGGER keep; DROP FUNCTION keep()")
    remove_run(users.conninfo, run.name)
    assert postgres_leftovers(users.conninfo) == []


def test_a_schema_without_the_mark_is_never_removed_whatever_its_name(users):
    name = new_run_name()
    sql(users.conninfo, f"CREATE SCHEMA {name}")
    try:
        assert postgres_leftovers(users.conninfo) == []
        remove_run(users.conninfo, name)
        asked = f"SELECT count(*) FROM pg_namespace WHERE nspname = '{name}'"
        assert sql(users.conninfo, asked) == [(1,)]
    finally:
        sql(users.conninfo, f"DROP SCHEMA {name}")


def test_what_a_killed_run_left_is_listed_and_removed(users, filled):
    before = contents(filled)
    name = new_run_name()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, users.conninfo, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "made\n"
        assert postgres_leftovers(users.conninfo) == []
        with pytest.raises(BadInputError, match="is alive"):
            remove_run(users.conninfo, name)
        assert sql(filled, f"SELECT count(*) FROM {name}.planes") == [(3322,)]
        os.kill(holder.pid, signal.SIGKILL)
    until(lambda: postgres_leftovers(users.conninfo))
    (left,) = postgres_leftovers(users.conninfo)
    assert left.name == name
    assert left.what.startswith("a schema with 3 tables, 2")
    assert "postgres:@" not in repr(left)
    left.remove()
    left.remove()
    assert contents(filled) == before


def test_removing_ends_what_the_killed_run_still_asks(users):
    run = PostgresRun(users, new_run_name(), 3)
    run.make_tables()
    slow = psycopg.connect(run.conninfo, autocommit=True)
    asked = threading.Thread(
        target=_ask, args=(slow, f"LOCK {run.name}.planes; SELECT pg_sleep(60)")
    )
    asked.start()
    until(lambda: sql(users.conninfo, "SELECT 1 FROM pg_stat_activity WHERE wait_event='PgSleep'"))
    run.close()
    asked.join()
    assert postgres_leftovers(users.conninfo) == []


def _ask(connection, text):
    with pytest.raises(psycopg.errors.AdminShutdown):
        connection.execute(text)


def test_where_no_schema_may_be_made_the_right_to_grant_is_named(users, postgres_server):
    sql(users.conninfo, 'CREATE ROLE "odd role" LOGIN; CREATE ROLE reader LOGIN')
    address = let_in(postgres_server, "reader")
    server = PostgresServer(address, "test")
    run = PostgresRun(server, new_run_name(), 2)
    with pytest.raises(BadInputError, match="GRANT CREATE ON DATABASE postgres TO reader;"):
        run.make_tables()
    run.close()
    sql(users.conninfo, "GRANT CREATE ON DATABASE postgres TO reader")
    run = PostgresRun(server, new_run_name(), 2)
    run.make_tables()
    run.close()
    sql(users.conninfo, "REVOKE CREATE ON DATABASE postgres FROM reader; DROP ROLE reader")


def reset(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("ALTER DATABASE postgres RESET ALL")


def test_a_database_that_takes_no_writes_is_one_clear_error(users):
    sql(users.conninfo, "ALTER DATABASE postgres SET default_transaction_read_only = on")
    try:
        run = PostgresRun(users, new_run_name(), 2)
        with pytest.raises(BadInputError, match="accepts no writes"):
            run.make_tables()
        run.close()
    finally:
        reset(users.conninfo)


@pytest.mark.parametrize(
    "setting",
    [
        "search_path = nowhere",
        "statement_timeout = '20ms'",
        "idle_session_timeout = '20ms'",
        "idle_in_transaction_session_timeout = '20ms'",
        "client_encoding = 'latin1'",
        "default_transaction_isolation = 'serializable'",
        "standard_conforming_strings = off",
        "bytea_output = 'escape'",
    ],
)
def test_the_databases_own_settings_do_not_disturb_a_run(users, setting):
    sql(users.conninfo, f"ALTER DATABASE postgres SET {setting}")
    try:
        run = PostgresRun(users, new_run_name(), 2)
        run.make_tables()
        assert run.look().backend > 0
        run.close()
        assert postgres_leftovers(users.conninfo) == []
    finally:
        reset(users.conninfo)


def test_a_lost_connection_is_made_anew_with_the_lease(users):
    run = PostgresRun(users, new_run_name(), 2)
    run.make_tables()
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
    sql(users.conninfo, f"{ended}'{run.name}'")
    with pytest.raises(psycopg.OperationalError):
        run.look()
    assert [found.name for found in postgres_leftovers(users.conninfo)] == [run.name]
    assert run.renew()
    assert postgres_leftovers(users.conninfo) == []
    sql(users.conninfo, f"{ended}'{run.name}'")
    run.close()
    assert postgres_leftovers(users.conninfo) == []


def test_a_lease_that_was_lost_and_cleaned_up_after_is_noticed(users):
    run = PostgresRun(users, new_run_name(), 2)
    run.make_tables()
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
    sql(users.conninfo, f"{ended}'{run.name}'")
    for left in postgres_leftovers(users.conninfo):
        left.remove()
    assert not run.renew()
    run.close()


@pytest.fixture
def pooler(postgres_server):
    """Start a PgBouncer in a mode in front of the server, where there is one on this machine."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("needs pgbouncer on the PATH")
    started: list[subprocess.Popen[bytes]] = []
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pooler", dir="/tmp"))
    folder.chmod(0o755)
    rules = folder_of(postgres_server.conninfo) / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text("local all all trust\n")
    sql(postgres_server.conninfo, "SELECT pg_reload_conf()")

    def start(mode: str) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        rows = {"folder": folder_of(postgres_server.conninfo), "port": port, "mode": mode}
        (folder / "rules.ini").write_text(POOLER.format(**rows))
        command = [program, "-q", str(folder / "rules.ini")]
        started.append(subprocess.Popen(command, user=user, stderr=subprocess.DEVNULL))
        address = f"postgresql://postgres@127.0.0.1:{port}/postgres"

        def answers() -> bool:
            try:
                psycopg.connect(address).close()
            except psycopg.OperationalError:
                return False
            return True

        until(answers)
        return address

    yield start
    for process in started:
        process.kill()
        process.wait()
    shutil.rmtree(folder)
    rules.write_text(before)
    sql(postgres_server.conninfo, "SELECT pg_reload_conf()")


def test_a_pooler_that_lends_by_transaction_is_refused_and_nothing_is_set(pooler):
    address = pooler("transaction")
    with pytest.raises(BadInputError, match="lends a connection for one transaction"):
        PostgresRun(PostgresServer(address, "test"), new_run_name(), 2)
    assert sql(address, "SHOW search_path") == [('"$user", public',)]
    assert sql(address, "SELECT count(*) FROM pg_locks WHERE locktype='advisory'") == [(0,)]


def test_a_pooler_that_lends_by_session_is_used(pooler):
    address = pooler("session")
    run = PostgresRun(PostgresServer(address, "test"), new_run_name(), 2)
    run.make_tables()
    assert run.look().backend > 0
    run.close()
    assert postgres_leftovers(address) == []
