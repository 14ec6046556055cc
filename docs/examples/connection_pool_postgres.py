"""The pool in front of PostgreSQL: DATABASE_URL names the server.

Needs a client: pip install 'perflab[postgres]'
"""

import os

import psycopg

from perflab.patterns.connection_pool import ConnectionPool, ConnectionPoolSettings

with (
    ConnectionPool(
        lambda: psycopg.connect(os.environ["DATABASE_URL"]),
        check=lambda connection: connection.execute(""),
        settings=ConnectionPoolSettings(max_connections=4),
    ) as pool,
    pool.connection() as connection,
):
    print(connection.execute("SELECT sum(n) FROM generate_series(1, 10) AS n").fetchone())  # (55,)
