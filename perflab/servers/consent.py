"""What servers that are not perflab's the user has agreed to use; asked once for each."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from perflab.settings import BadInputError
from perflab.settings.folders import cache_folder


class ConsentNeededError(BadInputError):
    """A server is not perflab's and the user has not agreed to use it yet.

    Attributes:
        address: The server's address, without a password.
    """

    def __init__(self, address: str) -> None:
        super().__init__(
            "is not perflab's own server: a run puts load on it, and what it may write there, keys "
            "or tables, is under its own name only; agree once with --yes, the panel's button, "
            "or with "
            f"perflab.allow_server({address!r})",
            address,
        )
        self.address = address


def is_allowed(address: str) -> bool:
    """Say whether the user has agreed to use a server."""
    return address in _known()


def allow(address: str) -> None:
    """Remember that the user agrees to use a server.

    Raises:
        BadInputError: If that cannot be written down.
    """
    known = sorted({*_known(), address})
    path = _path()
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(known, indent=2), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise BadInputError(f"cannot be written ({error.strerror})", str(path)) from None


def require(address: str) -> None:
    """Refuse a server that the user has not agreed to use.

    Raises:
        ConsentNeededError: With what to do.
    """
    if not is_allowed(address):
        raise ConsentNeededError(address)


def _known() -> list[str]:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(_path().read_text(encoding="utf-8"))
        if isinstance(found, list):
            return [str(address) for address in found]
    return []


def _path() -> Path:
    return cache_folder() / "allowed-servers.json"
