"""What `perflab apply` set and nobody gave back, as `perflab doctor` lists it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perflab.cli.finding import Finding
from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.settings.folders import state_folder
from perflab.units import ago

if TYPE_CHECKING:
    from perflab.servers.redis.applying import Entry

GROUP = "applied"
_UNREAD = "not read"


def applied() -> list[Finding]:
    """Return a line for each application that was not given back, the latest first.

    Only the records of this user are read; no server is contacted. What is being watched right
    now is among them. Where the client of Redis is not installed, a line says so.
    """
    if not any((state_folder() / "applied").glob("*.json")):
        return []
    try:
        return list(_recorded())
    except BadInputError as error:
        return [Finding(GROUP, _UNREAD, False, str(error))]


@naming_extra("redis")
def _recorded() -> Iterator[Finding]:
    from perflab.servers.redis.applying.journal import entries

    return _lines(*entries())


def _lines(known: list[Entry], damaged: list[str]) -> Iterator[Finding]:
    for entry in known:
        age = ago((datetime.now(UTC) - entry.moment).total_seconds())
        names = ", ".join(change.name for change in entry.changes)
        undo = f"perflab apply --undo --to {shlex.quote(entry.address)}"
        yield Finding(GROUP, entry.address, True, f"{names}, set {age}; give back with '{undo}'")
    for problem in damaged:
        yield Finding(GROUP, _UNREAD, False, problem)
