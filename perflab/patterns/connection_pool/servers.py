"""The pool bench and the user's own database: what a run does there, its room, and its removal."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from perflab.patterns.connection_pool.settings import QUERIES
from perflab.servers.run_name import PREFIX
from perflab.units import counted

if TYPE_CHECKING:
    from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
    from perflab.servers.consent import ForeignServer

_ADDING = ("write", "mixed")
_OWN_CONNECTIONS = 3
"""Beside the pool's: to create and fill the tables, to hold the lease, and to watch."""


def foreign_servers(
    settings: ConnectionPoolSettings, connections: int
) -> tuple[ForeignServer, ...]:
    """Return the user's own database, if one is named, and what is done there.

    Args:
        settings: The pool's settings.
        connections: The most that a pool opens, in the run or in its calibration.

    Raises:
        BadInputError: If its address is not valid.
    """
    from perflab.servers.consent import ForeignServer
    from perflab.servers.postgres.flights_tables import MOST_VISITS

    address = named_address()
    if address is None:
        return ()
    most = connections + _OWN_CONNECTIONS
    if settings.query in QUERIES:
        added = (
            f", adds at most {counted(MOST_VISITS, 'row')} (80 MB)"
            if settings.query in _ADDING
            else ""
        )
        what = (
            f"creates a schema {PREFIX}... with about 30 MB of tables, sends the query "
            f"{settings.query} to them{added}, and drops that schema at its end; no other schema "
            "is touched"
        )
    else:
        what = f"sends your own statement again and again, as it is: {settings.query}"
    doing = f"opens up to {most} connections (max_connections and {_OWN_CONNECTIONS}), and {what}"
    return (ForeignServer(address, doing, (settings.query,), (("connections", float(most)),)),)


def named_address() -> str | None:
    """Return the resolved address of the user's own database; none where none is named.

    Raises:
        BadInputError: If it is not valid.
    """
    from perflab.servers.postgres.address import PostgresAddress

    url = os.environ.get("PERFLAB_POSTGRES_URL")
    return PostgresAddress.of(url).text if url else None


def room_for_pool() -> float:
    """Return how many connections a pool may open on the user's own database, if one is named.

    Raises:
        BadInputError: If the server is down.
    """
    from perflab.servers.postgres.run import most_connections
    from perflab.servers.postgres.server import named_postgres

    conninfo = named_postgres()
    return math.inf if conninfo is None else most_connections(conninfo)


def remover(run_name: str) -> Callable[[], None] | None:
    """Return what removes the schema of a run, where a database of the user's is named.

    Raises:
        BadInputError: If its address is not valid.
    """
    from perflab.servers.postgres.run import remove_run
    from perflab.servers.postgres.server import named_postgres

    conninfo = named_postgres()
    return None if conninfo is None else functools.partial(remove_run, conninfo, run_name)
