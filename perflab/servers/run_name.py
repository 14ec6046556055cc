"""Names of runs: what a run writes on a user's server is under its own name and no other."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

PREFIX = "perflab_run_"
_FORM = re.compile(rf"{PREFIX}(\d{{8}}t\d{{6}})z_[0-9a-f]{{10}}")
_TIME = "%Y%m%dt%H%M%S"


def new_run_name() -> str:
    """Return a name that no other run has, such as ``perflab_run_20260131t235959z_0123456789``.

    It is lower case, so that PostgreSQL takes it without quotes, and shorter than the 63 bytes
    that PostgreSQL keeps of a name.
    """
    return f"{PREFIX}{datetime.now(UTC).strftime(_TIME)}z_{secrets.token_hex(5)}"


def started_at(name: str) -> datetime | None:
    """Return when a run of that name started, in UTC; none where it is not the name of a run."""
    found = _FORM.fullmatch(name)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
