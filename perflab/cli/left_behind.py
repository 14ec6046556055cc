"""What killed runs have left on the user's servers, as `perflab doctor` lists and removes it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perflab.cli.finding import Finding
from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.units import ago

if TYPE_CHECKING:
    from perflab.servers.leftovers import Leftover

GROUP = "left behind"


def left_behind(*, wait: bool = False) -> tuple[list[Leftover], list[str]]:
    """Return what runs that are no longer alive have left, and why a server could not be asked.

    Args:
        wait: Whether to wait, for half a minute at the most, for what tells that a run is alive
            to end where that run was killed just now.
    """
    found: list[Leftover] = []
    problems: list[str] = []
    for ask in _servers(wait=wait):
        try:
            found += ask()
        except BadInputError as error:
            problems.append(str(error))
    return found, problems


def listed(found: list[Leftover], problems: list[str]) -> Iterator[Finding]:
    """Return what is left as lines of `perflab doctor`."""
    for leftover in found:
        yield Finding(GROUP, leftover.name, True, f"{in_words(leftover)}; remove with --clean")
    for problem in problems:
        yield Finding(GROUP, "not asked", False, problem)


def in_words(leftover: Leftover) -> str:
    """Return where it is, what it is, and how old."""
    age = (datetime.now(UTC) - leftover.started).total_seconds()
    return f"{leftover.what} on {leftover.server}, from a run started {ago(age)}"


def _servers(*, wait: bool) -> Iterator[Callable[[], list[Leftover]]]:
    """Return the questions to the servers that runs of this user write on."""
    from perflab.servers.addresses import VARIABLE
    from perflab.servers.postgres.words import VARIABLE as POSTGRES
    from perflab.servers.run_servers import remembered_servers

    named = os.environ.get(VARIABLE)
    for url in dict.fromkeys([*([named] if named else ()), *remembered_servers()]):
        yield lambda url=url: _redis(url, wait=wait)  # type: ignore[misc]
    conninfo = os.environ.get(POSTGRES)
    if conninfo:
        yield lambda: _postgres(conninfo)


# A client that is not installed is a reason why its server was not asked, and ends no listing.
@naming_extra("redis")
def _redis(url: str, *, wait: bool) -> list[Leftover]:
    from perflab.servers.redis.leftovers import redis_leftovers

    return redis_leftovers(url, wait=wait)


@naming_extra("postgres")
def _postgres(conninfo: str) -> list[Leftover]:
    from perflab.servers.postgres.leftovers import postgres_leftovers

    return list(postgres_leftovers(conninfo))
