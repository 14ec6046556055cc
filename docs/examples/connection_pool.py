"""A pool of SQLite connections; any other driver's `connect` goes in its place.

Needs nothing else: pip install perflab
"""

import sqlite3
import threading
from pathlib import Path

from perflab.patterns.connection_pool import ConnectionPool, ConnectionPoolSettings


def connect() -> sqlite3.Connection:
    """Open a connection that any thread may use, one at a time."""
    return sqlite3.connect("shop.db", check_same_thread=False)


def order(number: int) -> None:
    """Write an order; the block commits at its end."""
    with pool.connection() as connection:
        connection.execute("INSERT INTO orders VALUES (?)", (number,))


Path("shop.db").unlink(missing_ok=True)
with ConnectionPool(
    connect,
    check=lambda connection: connection.execute("SELECT 1"),
    settings=ConnectionPoolSettings(min_connections=1, max_connections=2),
) as pool:
    with pool.connection() as connection:
        connection.execute("CREATE TABLE orders (number INTEGER)")
    threads = [threading.Thread(target=order, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pool.connection() as connection:
        print(connection.execute("SELECT count(*) FROM orders").fetchone())  # (20,)
    print(pool.stats()["checkouts"])  # 22
