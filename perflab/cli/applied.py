"""What `perflab apply` set and nobody gave back, as `perflab doctor` lists it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime

from perflab.cli.finding import Finding
from perflab.errors.extras import naming_extra
from perflab.units import ago

GROUP = "applied"


@naming_extra("redis")
def applied() -> Iterator[Finding]:
    """Return a line for each application that was not given back, the latest first.

    Only the records of this user are read; no server is contacted. What is being watched right
    now is among them.

    Raises:
        MissingExtraError: The client of Redis is not installed.
    """
    from perflab.servers.redis.applying.journal import entries

    known, damaged = entries()
    for entry in known:
        age = ago((datetime.now(UTC) - entry.moment).total_seconds())
        names = ", ".join(change.name for change in entry.changes)
        undo = f"perflab apply --undo --to {shlex.quote(entry.address)}"
        yield Finding(GROUP, entry.address, True, f"{names}, set {age}; give back with '{undo}'")
    for problem in damaged:
        yield Finding(GROUP, "not read", False, problem)
