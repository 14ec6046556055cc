"""The servers that runs were let write on by a setting, so that `perflab doctor` can look there.

Servers that an environment variable names are not kept: they are found by it, and may have
passwords.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from perflab.files import free_names
from perflab.servers.addresses import redact
from perflab.settings.folders import cache_folder


def remember_server(url: str) -> None:
    """Keep an address without a password; where that cannot be kept, doctor does not find it.

    A file of somebody else's that has its name, or a damaged one, gets another name.
    """
    known = remembered_servers()
    if redact(url) != url or url in known:
        return
    path = _path()
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.touch(0o600)
        fresh.write_text(json.dumps([*known, url], indent=1), encoding="utf-8")
        if not known and path.exists():
            path.rename(next(name for name in free_names(path) if not name.exists()))
        fresh.replace(path)


def remembered_servers() -> list[str]:
    """Return the addresses; none where the file is damaged or not there."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        found = json.loads(_path().read_text(encoding="utf-8"))
        if isinstance(found, list):
            return [url for url in found if isinstance(url, str) and url.startswith("redis://")]
    return []


def _path() -> Path:
    return cache_folder() / "run-servers.json"
