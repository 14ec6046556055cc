"""The pool's settings ready to paste: perflab, psycopg_pool, SQLAlchemy, HikariCP, PgBouncer."""

from __future__ import annotations

from perflab.bench.exporting import arguments, comments, heading, literal
from perflab.bench.parts import Export
from perflab.patterns.connection_pool.files import EVER, hikari, least, number, pgbouncer
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.settings import LoadSettings
from perflab.units import rounded

PERFLAB = '''\
{heading}
import os

import psycopg

from perflab.patterns.connection_pool import ConnectionPool, ConnectionPoolSettings


def connect() -> psycopg.Connection:
    """Open a connection; without DATABASE_URL, where PGHOST, PGUSER and so on say."""
    return psycopg.connect(os.environ.get("DATABASE_URL", ""), autocommit=True)


pool = ConnectionPool(
    connect,
    ConnectionPoolSettings(
{arguments}
    ),
{check}\
)


def ask() -> int:
    """Take a connection, ask, and give it back; put your own query here."""
    with pool.connection() as connection:
        return connection.execute("SELECT 1").fetchone()[0]


if __name__ == "__main__":
    print(ask())
    print(pool.stats())
    pool.close()
'''

PSYCOPG_POOL = '''\
{heading}
{remarks}\
import os

from psycopg_pool import ConnectionPool

# Without DATABASE_URL it connects where PGHOST, PGUSER and so on say.
pool = ConnectionPool(
    os.environ.get("DATABASE_URL", ""),
    kwargs={{"autocommit": True}},
    min_size={least},
    max_size={most},
    timeout={timeout},
    max_lifetime={lifetime},
    max_idle={idle},
{waiting}{check}\
    open=False,
)


def ask() -> int:
    """Take a connection, ask, and give it back; put your own query here."""
    with pool.connection() as connection:
        return connection.execute("SELECT 1").fetchone()[0]


if __name__ == "__main__":
    pool.open(wait=True)
    print(ask())
    print(pool.get_stats())
    pool.close()
'''

SQLALCHEMY = '''\
{heading}
{remarks}\
import os

from sqlalchemy import create_engine, make_url, text

# Without DATABASE_URL it connects where PGHOST, PGUSER and so on say.
url = make_url(os.environ.get("DATABASE_URL", "postgresql://"))
engine = create_engine(
    url.set(drivername="postgresql+psycopg"),
    isolation_level="AUTOCOMMIT",
    pool_size={most},
    max_overflow=0,
    pool_timeout={timeout},
    pool_recycle={lifetime},
    pool_pre_ping={check},
    pool_use_lifo={lifo},
    pool_reset_on_return={ending},
)


def ask() -> int:
    """Take a connection, ask, and give it back; put your own query here."""
    with engine.connect() as connection:
        return connection.execute(text("SELECT 1")).scalar_one()


if __name__ == "__main__":
    print(ask())
    print(engine.pool.status())
    engine.dispose()
'''

KAILASH = '''\
{heading}
{remarks}\
import asyncio
import os

from kailash.nodes.data import AsyncSQLDatabaseNode

# The address may hold a password, so it stands in the environment and not here.
node = AsyncSQLDatabaseNode(
    name="database",
    database_type="postgresql",
    connection_string=os.environ["DATABASE_URL"],
    query="SELECT 1 AS answer",
    pool_size={most},
    max_pool_size={most},
    min_pool_size={least},
)


async def main() -> None:
    """Ask several times at once, through one pool; put your own query above."""
    answers = await asyncio.gather(*(node.async_run() for _ in range({most})))
    print(answers[0]["result"]["data"])
    await node.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
'''

_ALWAYS = ("min_connections", "max_connections", "timeout", "max_lifetime", "max_idle", "check")
_OF_THE_BENCH = ("driver", "query")


def connection_pool_exports(
    settings: ConnectionPoolSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings for four pools of Python and as lines for HikariCP and PgBouncer.

    The programs take the database's address from ``DATABASE_URL``.
    """
    rate = load.request_rate
    first = heading(workload, *([] if rate is None else [f"{rounded(rate)} arrivals per second"]))
    return (
        Export("perflab", "python", _perflab(settings, first)),
        Export("psycopg_pool", "python", _psycopg_pool(settings, first)),
        Export("SQLAlchemy", "python", _sqlalchemy(settings, first)),
        Export("HikariCP", "properties", hikari(settings, first)),
        Export("PgBouncer", "ini", pgbouncer(settings, first)),
        Export("Kailash AsyncSQLDatabaseNode", "python", _kailash(settings, first)),
    )


def _perflab(settings: ConnectionPoolSettings, first: str) -> str:
    ping = '    check=lambda connection: connection.execute(""),\n'
    return PERFLAB.format(
        heading=first,
        arguments=arguments(settings, always=_ALWAYS, never=_OF_THE_BENCH),
        check=ping if settings.check else "",
    )


def _psycopg_pool(settings: ConnectionPoolSettings, first: str) -> str:
    remarks = []
    if None in (settings.max_lifetime, settings.max_idle):
        remarks.append(f"{EVER} seconds, ten years, stand for no limit.")
    if settings.order == "lifo":
        remarks.append("psycopg_pool always hands out the connection unused for longest (FIFO).")
    if settings.transactions != "commit":
        remarks.append("At the end of a block psycopg_pool commits, or rolls back after an error.")
    if settings.max_waiting == 0:
        remarks.append("max_waiting=0 would mean no limit here, so it is 1.")
    return PSYCOPG_POOL.format(
        heading=first,
        remarks=comments(remarks),
        least=least(settings),
        most=settings.max_connections,
        timeout=number(settings.timeout),
        lifetime=number(settings.max_lifetime or EVER),
        idle=number(settings.max_idle or EVER),
        waiting=""
        if settings.max_waiting is None
        else f"    max_waiting={max(1, settings.max_waiting)},\n",
        check="    check=ConnectionPool.check_connection,\n" if settings.check else "",
    )


def _sqlalchemy(settings: ConnectionPoolSettings, first: str) -> str:
    remarks = [
        "SQLAlchemy opens a connection when it is first needed and keeps it: there is no",
        "min_connections and no max_idle. max_overflow is 0, since a connection of the overflow is",
        "closed as soon as it is given back.",
    ]
    if settings.max_lifetime is None:
        remarks.append("pool_recycle=-1 is as old as they may.")
    if settings.max_waiting is not None:
        remarks.append("It has no max_waiting: callers wait for pool_timeout at most.")
    return SQLALCHEMY.format(
        heading=first,
        remarks=comments(remarks),
        most=settings.max_connections,
        timeout=number(settings.timeout),
        lifetime=number(settings.max_lifetime or -1),
        check=settings.check,
        lifo=settings.order == "lifo",
        ending=literal(None if settings.transactions == "leave" else settings.transactions),
    )


def _kailash(settings: ConnectionPoolSettings, first: str) -> str:
    return KAILASH.format(
        heading=first,
        remarks=comments(
            [
                "Kailash opens its connections as they are needed, up to max_pool_size. It has no",
                "setting for how long a caller waits for one, how many may wait, lifetime, check,",
                "order and open transactions; its own timeout is that of a query, which is another",
                "thing.",
            ]
        ),
        least=least(settings),
        most=settings.max_connections,
    )
