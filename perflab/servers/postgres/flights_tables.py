"""The bundled flights and planes as tables in a schema of a PostgreSQL."""

from __future__ import annotations

import csv
from collections.abc import Collection

import psycopg
from psycopg import sql

from perflab.workloads.datasets import data_path, flights

TABLES = ("visits", "flights", "planes")
_NUMBERS = frozenset(("year", "engines", "seats", "speed"))
_VISITS = (
    "CREATE TABLE {}.visits (id bigserial PRIMARY KEY, tailnum text NOT NULL, "
    "at timestamptz NOT NULL DEFAULT now())"
)
MOST_VISITS = 1_000_000
"""How many rows a run inserts at most, about 80 MB with their index."""


def load_tables(connection: psycopg.Connection, schema: str, tables: Collection[str]) -> list[str]:
    """Make some of the tables: ``planes``, ``flights`` (each with its plane and time), ``visits``.

    Args:
        connection: The connection, in the transaction of which they are made.
        schema: The schema, which is there and has no such tables.
        tables: Which of `TABLES`.

    Returns:
        The tail numbers, which are the primary key of ``planes``.

    Raises:
        psycopg.Error: If the database does not let us.
    """
    with data_path("planes.csv").open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    place = sql.Identifier(schema)
    if "visits" in tables:
        connection.execute(sql.SQL(_VISITS).format(place))
    if "planes" in tables:
        _load_planes(connection, place, names, rows)
    if "flights" in tables:
        _load_flights(connection, place)
    return [row[names.index("tailnum")] for row in rows]


def _load_planes(
    connection: psycopg.Connection,
    place: sql.Identifier,
    names: list[str],
    rows: list[list[str]],
) -> None:
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(
            sql.Identifier(name), sql.SQL("integer" if name in _NUMBERS else "text")
        )
        for name in names
    )
    connection.execute(
        sql.SQL("CREATE TABLE {}.planes ({}, PRIMARY KEY (tailnum))").format(place, columns)
    )
    statement = sql.SQL("COPY {}.planes FROM STDIN").format(place)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([None if value == "NA" else value for value in row])


def _load_flights(connection: psycopg.Connection, place: sql.Identifier) -> None:
    trace = flights()
    assert trace.times is not None  # noqa: S101  (the flights have times)
    connection.execute(
        sql.SQL("CREATE TABLE {}.flights (tailnum text, at double precision)").format(place)
    )
    names = [trace.key_of(key) for key in range(trace.n_keys)]
    lines = [
        f"{names[key]}\t{time}\n"
        for key, time in zip(trace.ids.tolist(), trace.times.tolist(), strict=True)
    ]
    statement = sql.SQL("COPY {}.flights FROM STDIN").format(place)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write("".join(lines))
    connection.execute(sql.SQL("CREATE INDEX ON {}.flights (at)").format(place))
