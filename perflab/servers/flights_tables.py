"""The bundled flights and planes as tables in a PostgreSQL, in a schema of their own."""

from __future__ import annotations

import csv
from typing import Any

import psycopg
from psycopg import sql

from perflab.workloads.datasets import data_path, flights


def load_flights(conninfo: str, schema: str) -> list[str]:
    """Make the tables ``planes``, ``flights`` (each with its plane and time) and ``visits`` anew.

    Returns:
        The tail numbers, which are the primary key of ``planes``.

    Raises:
        psycopg.Error: If the database does not let us.
    """
    with data_path("planes.csv").open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    place = sql.Identifier(schema)
    numbers = {"year", "engines", "seats", "speed"}
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(
            sql.Identifier(name), sql.SQL("integer" if name in numbers else "text")
        )
        for name in names
    )
    with psycopg.connect(conninfo) as connection:
        _drop(connection, place)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(place))
        connection.execute(
            sql.SQL("CREATE TABLE {}.planes ({}, PRIMARY KEY (tailnum))").format(place, columns)
        )
        connection.execute(
            sql.SQL(
                "CREATE TABLE {}.visits (id bigserial PRIMARY KEY, tailnum text NOT NULL, "
                "at timestamptz NOT NULL DEFAULT now())"
            ).format(place)
        )
        with (
            connection.cursor() as cursor,
            cursor.copy(sql.SQL("COPY {}.planes FROM STDIN").format(place)) as copy,
        ):
            for row in rows:
                copy.write_row([None if value == "NA" else value for value in row])
        _load_flights(connection, place)
        connection.commit()
        connection.autocommit = True
        connection.execute(sql.SQL("ANALYZE {0}.planes, {0}.flights").format(place))
    return [row[names.index("tailnum")] for row in rows]


def drop_flights(conninfo: str, schema: str) -> None:
    """Remove the tables and their schema."""
    with psycopg.connect(conninfo) as connection:
        _drop(connection, sql.Identifier(schema))


def _load_flights(connection: psycopg.Connection[Any], place: sql.Identifier) -> None:
    trace = flights()
    assert trace.times is not None  # noqa: S101  (the flights have times)
    connection.execute(
        sql.SQL("CREATE TABLE {}.flights (tailnum text, at double precision)").format(place)
    )
    names = trace.keys.to_pylist()
    lines = [
        f"{names[key]}\t{time}\n"
        for key, time in zip(trace.ids.tolist(), trace.times.tolist(), strict=True)
    ]
    statement = sql.SQL("COPY {}.flights FROM STDIN").format(place)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write("".join(lines))
    connection.execute(sql.SQL("CREATE INDEX ON {}.flights (at)").format(place))


def _drop(connection: psycopg.Connection[Any], place: sql.Identifier) -> None:
    connection.execute(
        sql.SQL("DROP TABLE IF EXISTS {0}.planes, {0}.flights, {0}.visits").format(place)
    )
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {}").format(place))
