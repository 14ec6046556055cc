"""The keys of runs on a user's Redis: their names, how they are found, and how they go."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import redis

from perflab.primitives.bounded_redis import RedisClient
from perflab.primitives.redis_marks import glob_of, is_entry, is_lock
from perflab.servers.run_name import PREFIX, started_at

_SCAN_COUNT = 1000
_MOST_PASSES = 20
_FORM = re.compile(
    rb"(?P<namespace>[^:]*):(?P<run>" + PREFIX.encode() + rb"[0-9a-z_]+):(?P<kind>[kl]:|lease\Z)",
    re.DOTALL,
)


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class RunKeys:
    """Where a run's keys are: below a namespace, under the run's own name.

    Attributes:
        namespace: The setting `cache_namespace`, which has no colon.
        run_name: The run's own name.
    """

    namespace: str
    run_name: str

    @property
    def root(self) -> str:
        """What all the run's keys begin with, without the colon after it."""
        return f"{self.namespace}:{self.run_name}"

    @property
    def lease(self) -> str:
        """The key that says that the run is alive."""
        return f"{self.root}:lease"

    def is_leased(self, client: RedisClient) -> bool:
        """Say whether the run is alive."""
        return bool(client.exists(self.lease))

    def remove(self, client: RedisClient) -> int:
        """Remove what the run has written, its lease at last; returns how many keys went.

        It looks until it finds nothing more: a server may still carry out what a client that was
        killed had sent.
        """
        removed = 0
        for _ in range(_MOST_PASSES):
            went = sum(client.unlink(*names) for names in self._ours(client) if names)
            removed += went
            if not went:
                break
        client.unlink(self.lease)
        return removed

    def count(self, client: RedisClient) -> int:
        """Return how many keys the run has written, its lease aside."""
        return len({name for names in self._ours(client) for name in names})

    def _ours(self, client: RedisClient) -> Iterator[list[bytes]]:
        for names in _scan(client, f"{glob_of(self.root)}:*"):
            yield written_by_us(client, names)


def find_runs(client: RedisClient) -> dict[RunKeys, int]:
    """Return the runs that have keys in a database, alive or not, and how many, leases aside."""
    found: dict[RunKeys, set[bytes]] = {}
    for names in _scan(client, f"*:{PREFIX}*"):
        likely = [name for name in names if _run_of(name) is not None]
        for name in written_by_us(client, likely):
            run = _run_of(name)
            if run is not None:
                found.setdefault(run, set()).add(name)
    return {run: len(names) for run, names in found.items()}


def written_by_us(client: RedisClient, names: list[bytes]) -> list[bytes]:
    """Return those of the names that have the exact form of a run's, and hold what runs write."""
    kinds = [(name, form["kind"]) for name in names if (form := _FORM.match(name)) is not None]
    kinds = [(name, kind) for name, kind in kinds if kind != b"lease"]
    if not kinds:
        return []
    with client.pipeline(transaction=False) as pipe:
        for name, _ in kinds:
            pipe.strlen(name)
            pipe.getrange(name, 0, 0)
            pipe.pttl(name)
        # One that is no string any more gives an error of its own, and is not ours.
        replies = pipe.execute(raise_on_error=False)
    ours = []
    for (name, kind), length, first, ttl in zip(
        kinds, replies[::3], replies[1::3], replies[2::3], strict=True
    ):
        failed = [reply for reply in (length, first, ttl) if isinstance(reply, Exception)]
        if failed:
            _refuse_without_commands(failed)
            continue
        if is_entry(first, length) if kind == b"k:" else is_lock(length, ttl):
            ours.append(name)
    return ours


def _refuse_without_commands(failed: list[Exception]) -> None:
    """Refuse a user who may not look at keys at all; one key may be hidden from it.

    Raises:
        redis.exceptions.NoPermissionError: If that is so.
    """
    for error in failed:
        if isinstance(error, redis.exceptions.NoPermissionError) and "to run the" in str(error):
            raise error


def _run_of(name: bytes) -> RunKeys | None:
    form = _FORM.match(name)
    if form is None:
        return None
    run_name = form["run"].decode()
    try:
        namespace = form["namespace"].decode()
    except UnicodeDecodeError:
        return None
    return RunKeys(namespace, run_name) if started_at(run_name) is not None else None


def _scan(client: RedisClient, pattern: str) -> Iterator[list[bytes]]:
    cursor = 0
    while True:
        cursor, names = client.scan(cursor, match=pattern, count=_SCAN_COUNT, _type="string")
        yield names
        if int(cursor) == 0:
            return
