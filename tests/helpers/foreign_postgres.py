"""What the tests of a PostgreSQL of the user's share: roles, what is in it, and waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg

from perflab.servers.postgres.server import PostgresServer

CONTENTS = {
    "schemas": "SELECT nspname, nspowner, nspacl FROM pg_namespace WHERE nspname !~ '^pg_' ",
    "relations": (
        "SELECT n.nspname, c.relname, c.relkind, c.relowner, c.relacl, c.reloptions "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    ),
    "settings": "SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting",
    "roles": "SELECT rolname, rolconnlimit, rolsuper, rolconfig FROM pg_roles",
    "default grants": "SELECT defaclrole, defaclnamespace, defaclacl FROM pg_default_acl",
    "comments": (
        "SELECT classoid, objoid, description FROM pg_description "
        "WHERE objoid >= 16384 AND classoid IN ('pg_class'::regclass, 'pg_namespace'::regclass)"
    ),
    "databases": "SELECT datname, datconnlimit, datacl FROM pg_database",
}
_TABLES = (
    "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'm', 'S') AND n.nspname !~ '^pg_' "
    "AND n.nspname <> 'information_schema'"
)


def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.02)


def folder_of(conninfo: str) -> Path:
    return Path(parse_qs(urlsplit(conninfo).query)["host"][0])


def sql(conninfo: str, text: str) -> list[Any]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        cursor = connection.execute(text)
        return cursor.fetchall() if cursor.description else []


def let_in(server: PostgresServer, role: str) -> str:
    """Return the address for a role that has no password, from now on let in by the socket."""
    rules = folder_of(server.conninfo) / "pg_hba.conf"
    with rules.open("r+") as file:
        before = file.read()
        file.seek(0)
        file.write(f"local all {role} trust\n{before}")
    sql(server.conninfo, "SELECT pg_reload_conf()")
    address = server.conninfo.replace("postgres:@", f"{role}:@")

    def enters() -> bool:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            return False
        return True

    until(enters)
    return address


def contents(conninfo: str) -> dict[str, list[str]]:
    """Return all that a run might disturb: objects with their rights, rows and settings."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        found = {
            name: sorted(map(repr, connection.execute(query).fetchall()))
            for name, query in CONTENTS.items()
        }
        for schema, table in connection.execute(_TABLES).fetchall():
            place = psycopg.sql.Identifier(schema, table)
            rows = connection.execute(psycopg.sql.SQL("SELECT * FROM {}").format(place))
            found[f"{schema}.{table}"] = sorted(map(repr, rows.fetchall()))
    return found
