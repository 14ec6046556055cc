"""The README's example of the pool, as it stands there, on a real PostgreSQL."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
from pools import sessions, until

from perflab.servers.postgres_server import PostgresServer

README = Path(__file__).resolve().parents[2] / "README.md"


def example() -> str:
    blocks = re.findall(
        r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    (found,) = [block for block in blocks if "ConnectionPool(" in block]
    return found


def test_the_example_runs_and_leaves_no_transaction():
    with (
        PostgresServer.start() as server,
        psycopg.connect(server.conninfo, autocommit=True) as admin,
    ):
        admin.execute("CREATE TABLE visits (id int)")
        names = {"url": server.conninfo}
        code = example()
        for _ in range(2):
            exec(compile(code, "README.md", "exec"), names)
            assert set(sessions(admin)) == {"idle"}
            names["pool"].close()
            until(lambda: not sessions(admin))
        # The same lines with another statement: what the text beneath says of the block.
        exec(
            compile(code.replace("SELECT 1", "INSERT INTO visits VALUES (1)"), "README.md", "exec"),
            names,
        )
        assert admin.execute("SELECT count(*) FROM visits").fetchone() == (1,)
        assert set(sessions(admin)) == {"idle"}
        names["pool"].close()
