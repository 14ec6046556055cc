"""What runs that were killed have left in a PostgreSQL: schemas whose lease nobody holds."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from perflab.servers.leftovers import Leftover
from perflab.servers.postgres.lease import connect, is_leased, understood
from perflab.servers.postgres.run import refusal, remove_run
from perflab.servers.postgres.run_schema import is_ours
from perflab.servers.postgres.words import shown_conninfo
from perflab.servers.run_name import PREFIX, started_at
from perflab.units import counted, in_words

_SCHEMAS = (
    "SELECT nspname::text FROM pg_catalog.pg_namespace "
    "WHERE starts_with(nspname::text, %s) ORDER BY 1"
)
_HOLDS = (
    "SELECT count(*), coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0)::bigint "
    "FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'm', 'p') "
    "AND c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %s)"
)


def postgres_leftovers(conninfo: str) -> list[Leftover]:
    """Return what killed runs have left in one database, the oldest first.

    A schema is listed if its name is exactly that of a run, it bears the mark of that run, and
    nobody holds the run's lease.

    Args:
        conninfo: What ``psycopg.connect`` takes; the database is the one that it names.

    Raises:
        BadInputError: If the server is down, or a pooler is in between.
    """
    found = []
    try:
        with understood(), connect(conninfo) as connection:
            for (name,) in connection.execute(_SCHEMAS, (PREFIX,)).fetchall():
                started = started_at(name)
                if started is None or not is_ours(connection, name) or is_leased(connection, name):
                    continue
                what = _what(connection, name)
                remove = _remover(conninfo, name)
                found.append(Leftover(shown_conninfo(conninfo), name, started, what, remove))
    except psycopg.Error as error:
        raise refusal(error, conninfo) from None
    return sorted(found, key=lambda leftover: leftover.started)


def _remover(conninfo: str, name: str) -> Callable[[], None]:
    """Return what removes a run's schema; what is printed of it does not show the address."""

    def remove() -> None:
        remove_run(conninfo, name)

    return remove


def _what(connection: psycopg.Connection, name: str) -> str:
    tables, size = connection.execute(_HOLDS, (name,)).fetchone() or (0, 0)
    return f"a schema with {counted(tables, 'table')}, {in_words(size, 'bytes')}"
