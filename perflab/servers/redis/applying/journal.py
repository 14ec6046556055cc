"""The old values of what was set on a user's server, written down before anything is set.

One file per application, in the user's state folder; it is there until the values are given back.
"""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from perflab.errors import BadInputError
from perflab.servers.redis.applying.parameters import Change
from perflab.settings.folders import state_folder

FORMAT_VERSION = 1
_KIND = "applied"
_FOLDER = "applied"
_PRIVATE = 0o600


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """What was set on a server.

    Attributes:
        address: Which server, without a password.
        date: When, in UTC.
        changes: What.
        path: The file that says it.
    """

    address: str
    date: str
    changes: tuple[Change, ...]
    path: Path

    @property
    def moment(self) -> datetime:
        """When it was set, in UTC."""
        found = datetime.fromisoformat(self.date)
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)

    def forget(self) -> None:
        """Remove the file, since the values are given back."""
        self.path.unlink(missing_ok=True)


def write_down(address: str, changes: tuple[Change, ...]) -> Entry:
    """Write old and new values down; they are on the disk when this returns.

    Raises:
        BadInputError: If that is not possible.
    """
    date = datetime.now(UTC).isoformat(timespec="microseconds")
    folder = state_folder() / _FOLDER
    name = f"{date.replace(':', '').replace('+0000', '')}-{secrets.token_hex(4)}.json"
    path = folder / name
    values = {
        "kind": _KIND,
        "format": FORMAT_VERSION,
        "address": address,
        "date": date,
        "changes": [dataclasses.asdict(change) for change in changes],
    }
    fresh = path.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  (private from the start)
            json.dump(values, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _sync(folder)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise BadInputError(
            f"the old values cannot be written down ({error.strerror}), so nothing is set",
            str(folder),
        ) from None
    return Entry(address, date, changes, path)


def read_entry(path: Path) -> Entry:
    """Return what a file says.

    Raises:
        BadInputError: If it is damaged, or a later perflab wrote it.
    """
    try:
        values = json.loads(path.read_bytes())
        if values["kind"] != _KIND:
            raise BadInputError("is not a list of old values", str(path))
        if values["format"] > FORMAT_VERSION:
            raise BadInputError("was written by a newer perflab; update this one", str(path))
        changes = tuple(
            Change(str(each["name"]), str(each["before"]), str(each["after"]))
            for each in values["changes"]
        )
        date = str(values["date"])
        datetime.fromisoformat(date)
        return Entry(str(values["address"]), date, changes, path)
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror})", str(path)) from None
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError("is damaged, so the old values are not known", str(path)) from None


def entries(address: str | None = None) -> tuple[list[Entry], list[str]]:
    """Return what was set and not given back, the latest first, and which files cannot be read.

    Args:
        address: Of one server; none for all.
    """
    found: list[Entry] = []
    damaged: list[str] = []
    for path in sorted((state_folder() / _FOLDER).glob("*.json"), reverse=True):
        try:
            found.append(read_entry(path))
        except BadInputError as error:
            damaged.append(str(error))
    return [entry for entry in found if address in (None, entry.address)], damaged


def latest(address: str | None = None) -> Entry:
    """Return what was set last and not given back.

    Raises:
        BadInputError: If there is nothing that can be read, or it is on several servers and none
            is named.
    """
    found, damaged = entries(address)
    if not found and damaged:
        raise BadInputError("; ".join(damaged))
    if not found:
        on = f" on {address}" if address else ""
        raise BadInputError(f"nothing is set by perflab{on} that was not given back", "--undo")
    servers = list(dict.fromkeys(entry.address for entry in found))
    if len(servers) > 1:
        names = ", ".join(servers)
        raise BadInputError(f"there are several servers ({names}); name one by --to", "--undo")
    return found[0]


def _sync(folder: Path) -> None:
    """Put the name of a new file onto the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
