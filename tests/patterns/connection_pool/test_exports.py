"""Every program is run on a real PostgreSQL.

HikariCP and PgBouncer are not installed here: their files are read by a reader of their format and
compared with the settings.
"""

import asyncio
import configparser
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg_pool
import pytest
import sqlalchemy.exc
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perflab.patterns.connection_pool.exports import connection_pool_exports
from perflab.patterns.connection_pool.settings import ORDERS, TRANSACTIONS, ConnectionPoolSettings
from perflab.servers.postgres.server import PostgresServer
from perflab.settings import LoadSettings

PROGRAMS = ["perflab", "psycopg_pool", "SQLAlchemy", "Kailash AsyncSQLDatabaseNode"]
THREADED = PROGRAMS[:3]
TITLES = [*THREADED, "HikariCP", "PgBouncer", PROGRAMS[3]]
TEN_YEARS = 10 * 365 * 86400

SETTINGS = st.builds(
    ConnectionPoolSettings,
    min_connections=st.integers(0, 10_000),
    max_connections=st.integers(1, 10_000),
    timeout=st.floats(0.001, 3600),
    max_lifetime=st.none() | st.floats(0.01, 2e6),
    max_idle=st.none() | st.floats(0.01, 2e6),
    check=st.booleans(),
    order=st.sampled_from(ORDERS),
    max_waiting=st.none() | st.integers(0, 1000),
    transactions=st.sampled_from(TRANSACTIONS),
)


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as started:
        yield started


@pytest.fixture(autouse=True)
def environment(server, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", server.conninfo)


def export(title, settings, workload="poisson:rate=200", **load):
    found = {e.title: e for e in connection_pool_exports(settings, LoadSettings(**load), workload)}
    return found[title]


class Pasted:
    """An export of a pool with threads, opened, its query replaced by one that takes a while."""

    def __init__(self, title, settings, seconds=0.05):
        text = export(title, settings).text
        self.names = {"__name__": "pasted"}
        slow = f"SELECT pg_backend_pid() FROM pg_sleep({seconds})"
        for shown in ('execute("SELECT 1").fetchone', 'text("SELECT 1")'):
            text = text.replace(shown, shown.replace("SELECT 1", slow))
        assert slow in text
        exec(compile(text, title, "exec"), self.names)
        self.ask = self.names["ask"]

    def __enter__(self):
        if hasattr(self.pool, "open"):
            self.pool.open(wait=True)
        return self

    def __exit__(self, *_):
        (self.pool.dispose if hasattr(self.pool, "dispose") else self.pool.close)()

    @property
    def pool(self):
        return self.names.get("pool") or self.names["engine"]

    def ask_at_once(self, times):
        with ThreadPoolExecutor(times) as executor:
            return list(executor.map(lambda _: self.ask(), range(times)))


def test_there_is_one_for_each_pool():
    exports = connection_pool_exports(ConnectionPoolSettings(), LoadSettings(), "poisson:rate=9")
    assert [e.title for e in exports] == TITLES
    assert [e.language for e in exports] == [*["python"] * 3, "properties", "ini", "python"]


@pytest.mark.parametrize("title", THREADED)
def test_no_more_than_the_maximum_are_open_and_they_are_used_again(title):
    with Pasted(title, ConnectionPoolSettings(min_connections=1, max_connections=3)) as pasted:
        processes = pasted.ask_at_once(12)
        assert 1 <= len(set(processes)) <= 3
        assert pasted.ask() in processes


@pytest.mark.parametrize("title", THREADED)
def test_who_waits_longer_than_the_timeout_is_told(title):
    from perflab.patterns.connection_pool import PoolTimeoutError

    settings = ConnectionPoolSettings(min_connections=1, max_connections=1, timeout=0.1)
    raised = (PoolTimeoutError, psycopg_pool.PoolTimeout, sqlalchemy.exc.TimeoutError)
    with Pasted(title, settings, seconds=0.8) as pasted:
        thread = threading.Thread(target=pasted.ask)
        thread.start()
        time.sleep(0.2)
        with pytest.raises(raised):
            pasted.ask()
        thread.join()


@pytest.mark.parametrize("title", THREADED)
def test_checked_connections_survive_that_the_server_ended_them(title, server):
    settings = ConnectionPoolSettings(min_connections=1, max_connections=2, check=True)
    with Pasted(title, settings, seconds=0) as pasted:
        before = pasted.ask()
        server.kill_connections()
        assert pasted.ask() != before


@pytest.mark.parametrize("title", THREADED)
def test_an_old_connection_is_replaced(title):
    settings = ConnectionPoolSettings(min_connections=1, max_connections=1, max_lifetime=0.2)
    with Pasted(title, settings, seconds=0) as pasted:
        before = pasted.ask()
        time.sleep(0.4)
        pasted.ask()
        assert pasted.ask() != before


@pytest.mark.parametrize("title", THREADED)
@pytest.mark.parametrize("least", [0, 5])
def test_a_pool_without_limits_opens(title, least):
    settings = ConnectionPoolSettings(
        min_connections=least, max_connections=2, max_lifetime=None, max_idle=None, check=False
    )
    with Pasted(title, settings) as pasted:
        assert 1 <= len(set(pasted.ask_at_once(6))) <= 2


@hypothesis_settings(max_examples=50)
@given(SETTINGS)
def test_settings_stand_in_the_code_of_each_pool(settings):
    made = {}

    def record(name):
        def called(*_, **keywords):
            made[name] = keywords

        called.check_connection = "checks"
        return called

    for title in ("psycopg_pool", "SQLAlchemy"):
        text = export(title, settings).text
        lines = [line for line in text.splitlines() if "import ConnectionPool" not in line]
        source = "\n".join(lines).replace("import create_engine, make_url, text", "import make_url")
        names = {"ConnectionPool": record(title), "create_engine": record(title)}
        exec(compile(source, title, "exec"), {"__name__": "pasted", **names})
    least = min(settings.min_connections, settings.max_connections)
    ours = made["psycopg_pool"]
    assert (ours["min_size"], ours["max_size"]) == (least, settings.max_connections)
    assert ours["timeout"] == settings.timeout
    assert ours["max_lifetime"] == (settings.max_lifetime or TEN_YEARS)
    assert ours["max_idle"] == (settings.max_idle or TEN_YEARS)
    assert ours.get("check") == ("checks" if settings.check else None)
    most = settings.max_waiting
    assert ours.get("max_waiting") == (None if most is None else max(1, most))
    engine = made["SQLAlchemy"]
    assert (engine["pool_size"], engine["max_overflow"]) == (settings.max_connections, 0)
    assert engine["pool_timeout"] == settings.timeout
    assert engine["pool_recycle"] == (settings.max_lifetime or -1)
    assert engine["pool_pre_ping"] is settings.check
    assert engine["pool_use_lifo"] is (settings.order == "lifo")
    ending = settings.transactions
    assert engine["pool_reset_on_return"] == (None if ending == "leave" else ending)


@given(SETTINGS)
def test_perflab_settings_come_back_exactly(settings):
    text = export("perflab", settings).text
    begin = text.index("    ConnectionPoolSettings(\n")
    call = text[begin : text.index("\n    ),", begin)].strip() + ")"
    assert eval(call, {"ConnectionPoolSettings": ConnectionPoolSettings}) == settings


def properties(text):
    """Return the properties of a file as Java reads them: comments begin with #."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: int(value) for name, value in (line.split("=") for line in lines)}


@given(SETTINGS)
def test_hikaricp_gets_milliseconds_within_its_bounds(settings):
    text = export("HikariCP", settings).text
    found = properties(text)
    assert 0 <= found["minimumIdle"] <= found["maximumPoolSize"] == settings.max_connections
    assert found["connectionTimeout"] == max(250, round(settings.timeout * 1000))
    assert ("no less than 250" in text) is (round(settings.timeout * 1000) < 250)
    lifetime, idle = found["maxLifetime"], found["idleTimeout"]
    if settings.max_lifetime is None:
        assert lifetime == 0
    else:
        assert lifetime == max(30_000, round(settings.max_lifetime * 1000))
        assert ("no less than 30000" in text) is (round(settings.max_lifetime * 1000) < 30_000)
    if settings.max_idle is None:
        assert idle == 0
    elif idle:
        assert idle == max(10_000, round(settings.max_idle * 1000))
        assert not lifetime or idle + 1000 <= lifetime
    else:
        assert lifetime < settings.max_idle * 1000 + 1001 or lifetime == 30_000
        assert "idleTimeout is off" in text


@given(SETTINGS)
def test_pgbouncer_gets_the_same_numbers(settings):
    parser = configparser.ConfigParser()
    parser.read_string(export("PgBouncer", settings).text)
    found = {key: float(value) for key, value in parser["pgbouncer"].items()}
    assert found.pop("default_pool_size") == settings.max_connections
    least = min(settings.min_connections, settings.max_connections)
    assert found.pop("min_pool_size") == least
    assert found.pop("query_wait_timeout") == settings.timeout
    assert found.pop("server_lifetime") == (settings.max_lifetime or TEN_YEARS)
    assert found.pop("server_idle_timeout") == (settings.max_idle or 0)
    assert found.pop("server_round_robin", 0) == (settings.order == "fifo")
    assert found == ({"server_check_delay": 0} if settings.check else {})


@pytest.mark.parametrize("title", TITLES[1:])
def test_a_setting_without_a_like_word_is_named(title):
    text = export(title, ConnectionPoolSettings(max_waiting=7)).text
    assert "max_waiting=7" in text or "no max_waiting" in text or "how many may wait" in text


@pytest.mark.parametrize("title", THREADED[:2])
def test_too_many_waiting_callers_are_refused(title):
    from perflab.patterns.connection_pool import TooManyWaitingError

    settings = ConnectionPoolSettings(
        min_connections=1, max_connections=1, max_waiting=1, timeout=30
    )
    refusals = (TooManyWaitingError, psycopg_pool.TooManyRequests)
    with Pasted(title, settings, seconds=0.4) as pasted, ThreadPoolExecutor(6) as executor:
        asked = [executor.submit(pasted.ask) for _ in range(6)]
        errors = [one.exception() for one in asked]
    assert sum(error is None for error in errors) >= 2
    assert all(error is None or isinstance(error, refusals) for error in errors)
    assert any(isinstance(error, refusals) for error in errors)


def test_kailash_asks_through_no_more_than_its_maximum():
    pytest.importorskip("asyncpg")
    text = export("Kailash AsyncSQLDatabaseNode", ConnectionPoolSettings(max_connections=3)).text
    counted = "SELECT count(*) AS answer, (SELECT count(*) FROM generate_series(1, 100000)) "
    counted += "FROM pg_stat_activity WHERE application_name = '' AND pid <> 0 "
    counted += "AND backend_type = 'client backend'"
    names = {"__name__": "pasted"}
    exec(compile(text.replace("SELECT 1 AS answer", counted), "Kailash", "exec"), names)

    async def ask():
        try:
            answers = await asyncio.gather(*(names["node"].async_run() for _ in range(15)))
        finally:
            await names["node"].cleanup()
        return [answer["result"]["data"][0]["answer"] for answer in answers]

    assert 1 <= max(asyncio.run(ask())) <= 3


@pytest.mark.parametrize("title", PROGRAMS)
def test_it_runs_as_a_script(title, tmp_path):
    if title.startswith("Kailash"):
        pytest.importorskip("asyncpg")
    settings = ConnectionPoolSettings(max_lifetime="30m", max_idle="none", timeout=2)
    script = tmp_path / "pasted.py"
    script.write_text(export(title, settings).text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    shown = "'answer': 1" if title.startswith("Kailash") else "1\n"
    assert shown in done.stdout


@given(st.text(max_size=60))
def test_no_name_of_a_workload_breaks_out_of_its_comment(workload):
    for each in connection_pool_exports(ConnectionPoolSettings(), LoadSettings(), workload):
        first, rest = each.text.split("\n", 1)
        assert first.startswith("# ")
        assert rest == export(each.title, ConnectionPoolSettings()).text.split("\n", 1)[1]


def test_no_address_and_no_password_is_written_down(monkeypatch):
    address = "postgresql://user:hush@db.example/shop"
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", address)
    monkeypatch.setenv("DATABASE_URL", address)
    for each in connection_pool_exports(ConnectionPoolSettings(), LoadSettings(), "/srv/a.csv"):
        for secret in ("db.example", "hush", "/home"):
            assert secret not in each.text


def test_the_rate_stands_in_the_heading():
    text = export("PgBouncer", ConnectionPoolSettings(), request_rate=250).text
    assert text.startswith(
        "# Chosen with perflab for the workload poisson:rate=200, 250 arrivals per second.\n"
    )
