"""The pool's settings ready to paste: perflab, psycopg_pool, SQLAlchemy, HikariCP, PgBouncer."""

from __future__ import annotations

from perflab.bench.exporting import arguments, heading, number
from perflab.bench.parts import Export, Scalar
from perflab.bench.templates import render
from perflab.patterns.connection_pool.exports.files import EVER, hikari, least, pgbouncer
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.settings import LoadSettings
from perflab.units import rounded

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
        _psycopg_pool(settings, first),
        _sqlalchemy(settings, first),
        hikari(settings, first),
        pgbouncer(settings, first),
        Export("Kailash AsyncSQLDatabaseNode", "python", _kailash(settings, first)),
    )


def _perflab(settings: ConnectionPoolSettings, first: str) -> str:
    return render(
        __package__,
        "perflab.py.jinja",
        remarks=[first],
        arguments=arguments(settings, always=_ALWAYS, never=_OF_THE_BENCH),
        check=settings.check,
    )


def _psycopg_pool(settings: ConnectionPoolSettings, first: str) -> Export:
    remarks = []
    if None in (settings.max_lifetime, settings.max_idle):
        remarks.append(f"{EVER} seconds, ten years, stand for no limit.")
    if settings.order == "lifo":
        remarks.append("psycopg_pool always hands out the connection unused for longest (FIFO).")
    if settings.transactions != "commit":
        remarks.append("At the end of a block psycopg_pool commits, or rolls back after an error.")
    if settings.max_waiting == 0:
        remarks.append("max_waiting=0 would mean no limit here, so it is 1.")
    values: dict[str, Scalar] = {
        "min_size": least(settings),
        "max_size": settings.max_connections,
        "timeout": number(settings.timeout),
        "max_lifetime": number(settings.max_lifetime or EVER),
        "max_idle": number(settings.max_idle or EVER),
    }
    if settings.max_waiting is not None:
        values["max_waiting"] = max(1, settings.max_waiting)
    text = render(
        __package__,
        "psycopg_pool.py.jinja",
        remarks=[first, *remarks],
        values=values,
        check=settings.check,
    )
    return Export("psycopg_pool", "python", text, values=values)


def _sqlalchemy(settings: ConnectionPoolSettings, first: str) -> Export:
    remarks = [
        "SQLAlchemy opens a connection when it is first needed and keeps it: there is no",
        "min_connections and no max_idle. max_overflow is 0, since a connection of the overflow is",
        "closed as soon as it is given back.",
    ]
    if settings.max_lifetime is None:
        remarks.append("pool_recycle=-1 is as old as they may.")
    if settings.max_waiting is not None:
        remarks.append("It has no max_waiting: callers wait for pool_timeout at most.")
    values: dict[str, Scalar] = {
        "pool_size": settings.max_connections,
        "max_overflow": 0,
        "pool_timeout": number(settings.timeout),
        "pool_recycle": number(settings.max_lifetime or -1),
        "pool_pre_ping": settings.check,
        "pool_use_lifo": settings.order == "lifo",
    }
    text = render(
        __package__,
        "sqlalchemy.py.jinja",
        remarks=[first, *remarks],
        values=values,
        ending=None if settings.transactions == "leave" else settings.transactions,
    )
    return Export("SQLAlchemy", "python", text, values=values)


def _kailash(settings: ConnectionPoolSettings, first: str) -> str:
    return render(
        __package__,
        "kailash.py.jinja",
        remarks=[
            first,
            "Kailash opens its connections as they are needed, up to max_pool_size. It has no",
            "setting for how long a caller waits for one, how many may wait, lifetime, check,",
            "order and open transactions; its own timeout is that of a query, which is another",
            "thing.",
        ],
        least=least(settings),
        most=settings.max_connections,
    )
