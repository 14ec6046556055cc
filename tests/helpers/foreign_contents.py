"""Random contents of a PostgreSQL of the user's, names like a run's among them."""

from __future__ import annotations

import random

from perflab.servers.postgres.run_schema import mark_of
from perflab.servers.run_name import new_run_name

_TABLES = ("planes", "flights", "visits", "orders", '"Odd ""Table"""')
_SETTINGS = (
    "search_path = perflab, public",
    "work_mem = '5MB'",
    "statement_timeout = '30s'",
    "default_transaction_isolation = 'repeatable read'",
    "client_encoding = 'latin1'",
    "idle_session_timeout = '60s'",
    "lock_timeout = '1s'",
    "default_statistics_target = 10",
    "timezone = 'Asia/Kathmandu'",
)


def random_contents(seed: int, role: str) -> list[str]:
    """Return the statements that make contents, all of them the user's own.

    Args:
        seed: What they are drawn from.
        role: The role that gets rights.
    """
    draw = random.Random(seed)
    names = ["perflab", "perflab_items", "perflab_run_", f"{new_run_name()}", f"{new_run_name()}x"]
    names += [f'"{new_run_name().upper()}"', f'" {new_run_name()}"', '"we""ird"', "empty_one"]
    statements = []
    for name in draw.sample(names, draw.randint(1, len(names))):
        statements.append(f"CREATE SCHEMA {name}")
        if draw.random() < 0.5:
            statements.append(f"GRANT USAGE, CREATE ON SCHEMA {name} TO {role}")
        if draw.random() < 0.3:
            # A mark, but that of another name.
            statements.append(f"COMMENT ON SCHEMA {name} IS '{mark_of(new_run_name())}'")
        if draw.random() < 0.7:
            for table in draw.sample(_TABLES, draw.randint(1, len(_TABLES))):
                statements += _table(draw, f"{name}.{table}", role)
    if draw.random() < 0.5:
        statements += _table(draw, "public.visits", role)
    settings = draw.sample(_SETTINGS, draw.randint(0, 3))
    statements += [f"ALTER DATABASE {{database}} SET {setting}" for setting in settings]
    if draw.random() < 0.3:
        statements.append(f"ALTER DATABASE {{database}} CONNECTION LIMIT {draw.randint(20, 90)}")
    if draw.random() < 0.3:
        statements.append(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role}")
    return statements


def _table(draw: random.Random, place: str, role: str) -> list[str]:
    rows = draw.randint(0, 30)
    statements = [
        f"CREATE TABLE {place} (id bigserial PRIMARY KEY, tailnum text DEFAULT 'N1', at float)",
        f"INSERT INTO {place} (at) SELECT generate_series(1, {rows})",
    ]
    if draw.random() < 0.4:
        statements.append(f"GRANT SELECT, INSERT ON {place} TO {role}")
    if draw.random() < 0.3:
        schema = place.partition(".")[0]
        view = f"{schema}.seen_{draw.randrange(10**9)}"
        kind = draw.choice(("VIEW", "MATERIALIZED VIEW"))
        statements.append(f"CREATE {kind} {view} AS SELECT id, tailnum FROM {place}")
    if draw.random() < 0.2:
        statements.append(f"ALTER TABLE {place} ENABLE ROW LEVEL SECURITY")
    if draw.random() < 0.2:
        statements.append(f"CREATE INDEX ON {place} (tailnum)")
    return statements
