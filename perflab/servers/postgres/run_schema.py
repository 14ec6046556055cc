"""The schema that a run makes under its name in a PostgreSQL, and what of it is removed."""

from __future__ import annotations

from collections.abc import Collection

import psycopg
from psycopg import sql

from perflab.errors import BadInputError
from perflab.errors.foreign_text import foreign_text
from perflab.servers.postgres.flights_tables import TABLES, load_tables

_MARKS = (
    "SELECT c.relname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = %s AND c.relkind = 'r' "
    "AND pg_catalog.obj_description(c.oid, 'pg_class') = %s"
)
_OURS = (
    "SELECT pg_catalog.obj_description(oid, 'pg_namespace') = %s "
    "FROM pg_catalog.pg_namespace WHERE nspname = %s"
)
_OTHERS = (
    "SELECT relname FROM pg_catalog.pg_class WHERE relkind NOT IN ('i', 'I', 't') "
    "AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %s) ORDER BY 1"
)
_SHOWN = 5


def mark_of(run_name: str) -> str:
    """Return the comment that a run's schema and tables bear: only what has it is removed."""
    return f"made by perflab for {run_name}"


def make_schema(
    connection: psycopg.Connection, run_name: str, tables: Collection[str] = TABLES
) -> list[str]:
    """Make a run's schema and tables in it, all or nothing.

    Args:
        connection: The connection that holds the run's lease.
        run_name: The run's name.
        tables: Which of the tables.

    Returns:
        The tail numbers, which are the primary key of ``planes``.

    Raises:
        psycopg.Error: If the database does not let us.
    """
    place = sql.Identifier(run_name)
    mark = sql.Literal(mark_of(run_name))
    with connection.transaction():
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(place))
        connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(place, mark))
        tails = load_tables(connection, run_name, tables)
        for table in tables:
            named = sql.SQL("COMMENT ON TABLE {} IS {}")
            connection.execute(named.format(sql.Identifier(run_name, table), mark))
    for table in tables:
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(run_name, table)))
    return tails


def is_ours(connection: psycopg.Connection, run_name: str) -> bool:
    """Say whether there is a schema of that name which a run has made."""
    found = connection.execute(_OURS, (mark_of(run_name), run_name)).fetchone()
    return found is not None and bool(found[0])


def remove_schema(connection: psycopg.Connection, run_name: str) -> None:
    """Remove what a run made: its tables, then its schema if nothing else is in it.

    The caller holds the run's lease.

    Raises:
        BadInputError: If something stays, with the reason.
        psycopg.Error: If the server is down.
    """
    if not is_ours(connection, run_name):
        return
    place = sql.Identifier(run_name)
    made = {name for (name,) in connection.execute(_MARKS, (run_name, mark_of(run_name)))}
    for table in TABLES:
        if table in made:
            _drop(connection, sql.SQL("DROP TABLE {}.{}").format(place, sql.Identifier(table)))
    _drop(connection, sql.SQL("DROP SCHEMA {}").format(place))
    if is_ours(connection, run_name):
        others = [name for (name,) in connection.execute(_OTHERS, (run_name,))]
        raise BadInputError(_what_stays(others), run_name)


def _drop(connection: psycopg.Connection, statement: sql.Composed) -> None:
    """Remove a thing of ours where the server lets us; whether it did is looked at afterwards.

    Something of somebody else's may hang on it, it may be in use, or another's, or a trigger of
    the user's may forbid it.
    """
    try:
        connection.execute(statement)
    except psycopg.Error:
        if connection.broken:
            raise


def _what_stays(others: list[str]) -> str:
    if not others:
        return (
            "the run's schema stays: something that is not perflab's is in it or hangs on it, or "
            "the role may not drop it, or a trigger forbids that; drop it yourself"
        )
    shown = ", ".join(foreign_text(name) for name in others[:_SHOWN]) + (
        ", ..." if len(others) > _SHOWN else ""
    )
    return (
        f"the run's schema stays with {shown}: what is not perflab's is in it or hangs on it, a "
        "table is in use or another role's, or a trigger forbids to drop it; mend that, then run "
        "perflab doctor --clean"
    )
