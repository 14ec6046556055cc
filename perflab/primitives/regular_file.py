"""What is read several times must be a regular file: a pipe hangs, or gives its content once."""

from __future__ import annotations

import stat
from pathlib import Path

from perflab.errors import BadInputError


def refuse_special(path: Path, place: str) -> None:
    """Refuse a pipe, a device or a socket before it is opened; say nothing of what is not there.

    Args:
        path: Where it is.
        place: As the user wrote it.

    Raises:
        BadInputError: If it is one.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # opening it says why
        return
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return
    kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    text = f"is {kind}, and a regular file is needed, as it is read several times"
    raise BadInputError(f"{text}; save its content to a file", place)
