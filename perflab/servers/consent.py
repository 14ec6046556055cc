"""What the user has agreed to: which servers of theirs a run may use, and for what."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, TypeGuard

from perflab.errors import BadInputError
from perflab.files import free_names
from perflab.settings.folders import cache_folder

FORMAT_VERSION = 1
_NAME = "agreed-servers.json"
_PRIVATE = 0o600


@dataclasses.dataclass(frozen=True, slots=True)
class ForeignServer:
    """A server that is not perflab's, and what a run would do there.

    Attributes:
        address: What was resolved: host, port, database, or a socket; never a password. A host
            is the name that the user gave: one that DNS leads elsewhere later is still the same.
        doing: All that a run does there, in words that follow *a run*.
        same: What another agreement is needed for where it changes, such as a namespace.
        most: Caps by name. A higher one needs another agreement, a lower one does not.
    """

    address: str
    doing: str
    same: tuple[str, ...] = ()
    most: tuple[tuple[str, float], ...] = ()

    @property
    def question(self) -> str:
        """What the user is to agree to, as a sentence."""
        return f"{self.address} is not perflab's own server. A run {self.doing}."


class ConsentNeededError(BadInputError):
    """A run would use servers that are not perflab's and that the user has not agreed to yet.

    Attributes:
        servers: Which, and what for.
        address: The first one's address.
    """

    most_characters = None  # what is agreed to is said in full

    def __init__(self, servers: Iterable[ForeignServer]) -> None:
        self.servers = tuple(servers)
        self.address = self.servers[0].address
        asked = " ".join(server.question for server in self.servers)
        super().__init__(
            f"{asked} Agree once with --yes, the panel's button, or "
            "perflab.allow_server(pattern, settings)"
        )

    def __reduce__(self) -> tuple[type[ConsentNeededError], tuple[tuple[ForeignServer, ...]]]:  # type: ignore[override]
        """Keep the servers when the error crosses a process boundary."""
        return type(self), (self.servers,)


def is_allowed(server: ForeignServer) -> bool:
    """Say whether the user has agreed to use a server, for all that would be done there."""
    return any(_covers(entry, server) for entry in _read(_path()))


def allow(*servers: ForeignServer) -> None:
    """Remember that the user agrees to use servers for what would be done there.

    The file holds addresses, caps and a digest of the rest; only its owner may read it.

    Raises:
        BadInputError: If that cannot be written down.
    """
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path.with_suffix(".lock")):
            known = _read(path, strict=True)
            for server in servers:
                entry = _entry(server)
                known = [other for other in known if not _replaces(entry, other)]
                if not any(_covers(other, server) for other in known):
                    known.append(entry)
            _write(path, {"format": FORMAT_VERSION, "agreed": known})
    except OSError as error:
        raise BadInputError(f"cannot be written ({error.strerror})", str(path)) from None


def not_allowed(servers: Iterable[ForeignServer]) -> tuple[ForeignServer, ...]:
    """Return those of some servers that the user has not agreed to."""
    wanted = tuple(servers)
    known = _read(_path()) if wanted else []
    return tuple(s for s in wanted if not any(_covers(entry, s) for entry in known))


def require(servers: Iterable[ForeignServer]) -> tuple[str, ...]:
    """Refuse servers that the user has not agreed to use; return the addresses of the others.

    Raises:
        ConsentNeededError: With what to do.
    """
    wanted = tuple(servers)
    if missing := not_allowed(wanted):
        raise ConsentNeededError(missing)
    return tuple(server.address for server in wanted)


class _Confined:
    """The addresses that this process may contact; none for a process that is not a run's."""

    addresses: frozenset[str] | None = None


def confine(addresses: Iterable[str]) -> None:
    """Let this process, the child of a run, contact these servers of the user's and no other."""
    _Confined.addresses = frozenset(addresses)


def contact(address: str) -> None:
    """Refuse to contact a server that the run was not agreed to use; called before connecting.

    A variable or a file that has changed between the agreement and the run does not lead it to
    another server.

    Raises:
        BadInputError: If the run is confined to other addresses.
    """
    known = _Confined.addresses
    if known is not None and address not in known:
        raise BadInputError(
            "is not the server that was agreed to: its address has changed since; start again",
            address,
        )


def _digest(server: ForeignServer) -> str:
    same = server.same
    if not same and not server.most:
        same = (server.doing,)
    names = sorted(name for name, _ in server.most)
    return hashlib.sha256(json.dumps([same, names]).encode()).hexdigest()


class _Entry(TypedDict):
    """What was agreed to, as the file has it: for one server, and what was said of it."""

    address: str
    doing: str
    most: dict[str, float]
    date: str


def _entry(server: ForeignServer) -> _Entry:
    return {
        "address": server.address,
        "doing": _digest(server),
        "most": {name: float(value) for name, value in server.most},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _covers(entry: _Entry, server: ForeignServer) -> bool:
    return (
        entry["address"] == server.address
        and entry["doing"] == _digest(server)
        and all(value <= entry["most"].get(name, -1.0) for name, value in server.most)
    )


def _replaces(new: _Entry, old: _Entry) -> bool:
    return (
        new["address"] == old["address"]
        and new["doing"] == old["doing"]
        and all(new["most"].get(name, -1.0) >= value for name, value in old["most"].items())
    )


def _read(path: Path, *, strict: bool = False) -> list[_Entry]:
    """Return what was agreed to; nothing where the file is missing or damaged.

    Args:
        path: The file.
        strict: Whether it is about to be written over. What is not perflab's, or is damaged, gets
            another name then: a cache folder may be one of the user's.

    Raises:
        BadInputError: If it would be written over and a later perflab wrote it.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return []
    found: object = None
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(content)
    known = found.get("format") if isinstance(found, dict) else None
    if known != FORMAT_VERSION:
        if strict and type(known) is int:
            raise BadInputError("was written by a newer perflab; update this one", str(path))
        if strict and content:
            path.rename(next(name for name in free_names(path) if not name.exists()))
        return []
    entries = found.get("agreed") if isinstance(found, dict) else None
    return [entry for entry in entries if _is_whole(entry)] if isinstance(entries, list) else []


def _is_whole(entry: object) -> TypeGuard[_Entry]:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("address"), str)
        and isinstance(entry.get("doing"), str)
        and isinstance(entry.get("most"), dict)
        and all(type(value) in (int, float) for value in entry["most"].values())
    )


def _write(path: Path, values: dict[str, object]) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w") as file:  # noqa: PTH123  (its mode is private from the start)
            json.dump(values, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let one process at a time read, change and write the file."""
    import fcntl

    with open(os.open(lock, os.O_RDWR | os.O_CREAT, _PRIVATE), "w") as file:  # noqa: PTH123
        # Some network folders have no locks; the file is written whole there too.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _path() -> Path:
    return cache_folder() / _NAME
