"""Whatever is in a user's PostgreSQL: a verb leaves it as it was, killed at any moment or not.

``PERFLAB_FOREIGN_CASES`` says how many contents are tried, ``PERFLAB_FOREIGN_SEED`` from where on.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import foreign_verbs
import psutil
import psycopg
import pytest
from foreign_contents import random_contents
from foreign_postgres import contents, sql, until

from perflab.servers.postgres.leftovers import postgres_leftovers
from perflab.servers.postgres.server import PostgresServer

CASES = int(os.environ.get("PERFLAB_FOREIGN_CASES", "3"))
FIRST = int(os.environ.get("PERFLAB_FOREIGN_SEED", "0"))
VERBS = {"run": 3, "tune": 3, "start_live": 3, "calibrate": 1}
QUERIES = ("point", "aggregate", "write", "mixed", "SELECT count(*) FROM pg_class")
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'perflab_run%'"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer.start() as started:
        sql(started.conninfo, "CREATE ROLE someone")
        yield started


@pytest.fixture(scope="module")
def worker() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, foreign_verbs.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        yield started
        assert started.stdin is not None
        started.stdin.close()


@contextlib.contextmanager
def filled(server: PostgresServer, seed: int) -> Iterator[str]:
    """Make a database with contents of its own, and drop it at the end."""
    name = f"case{seed}"
    sql(server.conninfo, f"CREATE DATABASE {name}")
    address = server.conninfo.replace("/postgres?", f"/{name}?")
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in random_contents(seed, "someone"):
            connection.execute(statement.replace("{database}", name))
    try:
        yield address
    finally:
        sql(server.conninfo, f"DROP DATABASE {name} WITH (FORCE)")


def kill(process: int, whom: str) -> None:
    """Kill the process of a verb, the live child below it, or both."""
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process)
        below = [child for child in parent.children() if "perflab.lab" in " ".join(child.cmdline())]
        for each in {"parent": [parent], "child": below, "both": [parent, *below]}[whom]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)


def of_session(leader: int) -> list[int]:
    """Return the processes that a verb has started and that still run."""
    found = []
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            ended = process.info["status"] == psutil.STATUS_ZOMBIE
            if os.getsid(process.pid) == leader and not ended:
                found.append(process.pid)
    return found


@pytest.mark.timeout(60 + 60 * CASES)
def test_what_is_in_a_users_database_stays_as_it_was(server, worker):
    took: dict[str, float] = {}
    for seed in range(FIRST, FIRST + CASES):
        draw = random.Random(f"verbs {seed}")
        (verb,) = draw.choices(list(VERBS), list(VERBS.values()))
        query = draw.choice(QUERIES)
        values = {"query": query, "driver": draw.choice(("perflab", "psycopg_pool", "sqlalchemy"))}
        killed = draw.choice(("parent", "child", "both")) if seed % 2 else None
        with filled(server, seed) as address:
            before = contents(address)
            case = {"address": address, "verb": verb, "values": values, "seconds": 0.3}
            worker.stdin.write(json.dumps(case) + "\n")
            worker.stdin.flush()
            process = int(worker.stdout.readline())
            began = time.monotonic()
            if killed is not None:
                time.sleep(draw.uniform(0.0, took.get(verb, max(took.values(), default=4.0))))
                kill(process, killed)
            status = int(worker.stdout.readline())
            what = f"seed {seed}: {verb} of {query}, killed: {killed}"
            if killed is None:
                took[verb] = time.monotonic() - began
                assert status == 0, what
                assert postgres_leftovers(address) == [], what
            until(lambda process=process: not of_session(process))
            until(lambda: sql(server.conninfo, SESSIONS) == [(0,)])
            left = postgres_leftovers(address)
            assert len(left) <= 1, what
            for leftover in left:
                leftover.remove()
            assert contents(address) == before, what
            print(what, f"{took.get(verb, 0):.1f} s", "left" if left else "", flush=True)
