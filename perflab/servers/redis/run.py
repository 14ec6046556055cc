"""`RedisRun`: a run's place on a user's Redis: its lease, what it may take, and its removal."""

from __future__ import annotations

import secrets
import threading
import time

import redis

from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.primitives.bounded_redis import RedisClient, redis_client
from perflab.primitives.redis_marks import glob_of
from perflab.servers.addresses import redact
from perflab.servers.redis.room import ENTRY_BYTES, ask_room
from perflab.servers.redis.run_keys import RunKeys
from perflab.servers.redis.words import unknown_command

LEASE_SECONDS = 30.0
RENEW_SECONDS = 5.0
_SURE_SECONDS = 25.0
_LOOK_SECONDS = 0.1
_PATIENCE = 2.0
_BATCH = 1000
_LEASE_BYTES = 4096
_NEEDED = "+get +set +mget +del +unlink +exists +eval +pexpire +memory|usage +strlen +info"


class RunStoppedError(BadInputError):
    """The run may write no more on the user's server."""


class RedisRun:
    """Holds a run's lease, counts what it writes, and stops it before it takes what is others'.

    A thread renews the lease and looks at the server ten times a second. The run stops where it
    has written what it may, where the server has thrown out its first entry or has no room left
    for others, and where the lease is lost, since `perflab doctor --clean` may then remove what
    the run writes.

    Args:
        url: The server's address.
        keys: Where the run's keys are.
        connections: How many connections the run takes.

    Attributes:
        shown: The server's address, without a password.
        room: What was free before the run.
        stopped: Why the run may write no more; none while it may.
        written: The names of the keys that it has written; the list only grows.

    Raises:
        BadInputError: If the server cannot be used, or refuses what a run does.
    """

    def __init__(self, url: str, keys: RunKeys, connections: int = 1) -> None:
        self.keys = keys
        self.shown = redact(url)
        self.stopped: str | None = None
        self._client = open_client(url)
        self.written: list[str] = []
        self._sizes: dict[str, int] = {}
        self._locks: set[str] = set()
        self._taken = 0
        self._allowed = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._token = secrets.token_hex(8)
        try:
            self.room = ask_room(self._client, self.shown)
            self.room.check(self.shown, connections)
            # Before the lease is written: under an allkeys policy even that could push out a key.
            self.room.allowance(self.shown, 1, _LEASE_BYTES, None)
            self._evicted = self.room.evicted
            self._renewed = time.monotonic()
            self._take_lease()
        except redis.RedisError as error:
            self._client.close()
            raise self._refused(error) from None
        except BaseException:
            self._client.close()
            raise
        self._thread = threading.Thread(target=self._watch, daemon=True, name="perflab-lease")
        self._thread.start()

    def allow(self, keys: int, needed: int, most: int | None) -> None:
        """Set what the run may take.

        Args:
            keys: How many keys it writes.
            needed: What they take, as far as that is known before.
            most: The most that the user allows; none for an unlimited one.

        Raises:
            BadInputError: If that does not fit beside what is there.
        """
        self._allowed = self.room.allowance(self.shown, keys, needed, most)

    def bound(self, keys: int, most: int | None) -> None:
        """Change the most that the user allows, while the run goes on."""
        free = self.room.free(keys)
        self._allowed = free if most is None else min(free, most)

    def charge(self, name: str, size: int) -> None:
        """Count an entry that is about to be written.

        Raises:
            RunStoppedError: If the run may not write it.
        """
        if self.stopped is None and self._over.is_set():
            self.stop("the run is over")
        if self.stopped is None and time.monotonic() - self._renewed > _SURE_SECONDS:
            self.stop(self._lease_lost())
        if self.stopped is None:
            with self._lock:
                cost = len(name.encode()) + size + ENTRY_BYTES
                before = self._sizes.get(name)
                if before is None:
                    self.written.append(name)
                self._taken += cost - (before or 0)
                self._sizes[name] = cost
                full = self._taken > self._allowed
            if full:
                self.stop(
                    f"the run has written all that it may, {_size(self._allowed)} "
                    f"({self.room}); raise maxmemory where it is below what is free, or run a "
                    "workload of fewer keys"
                )
        self.check()

    def note_lock(self, name: str) -> None:
        """Note a lock that is about to be taken, so that it is removed at the end too."""
        self._locks.add(name)

    def check(self) -> None:
        """Refuse to go on where the run was stopped.

        Raises:
            RunStoppedError: With the reason.
        """
        if self.stopped is not None:
            raise RunStoppedError(self.stopped, self.shown)

    def stop(self, reason: str) -> None:
        """Let the run write no more; the first reason stands."""
        if self.stopped is None:
            self.stopped = reason

    def end(self) -> None:
        """Let nothing more be written; what is there stays until `close`."""
        self._over.set()

    def close(self) -> None:
        """Remove what the run has written, and then its lease.

        Raises:
            redis.RedisError: If that could not be done; `RunKeys.remove` may be tried later.
        """
        self.end()
        self._thread.join(_PATIENCE)
        names = [*self.written, *self._locks]
        try:
            for start in range(0, len(names), _BATCH):
                self._client.unlink(*names[start : start + _BATCH])
            self._client.unlink(self.keys.lease)
        finally:
            self._client.close()

    def _take_lease(self) -> None:
        milliseconds = round(LEASE_SECONDS * 1000)
        if not self._client.set(self.keys.lease, self._token, nx=True, px=milliseconds):
            raise BadInputError(f"has a run named {self.keys.run_name} already", self.shown)
        probe = f"{self.keys.root}:k:"
        with self._client.pipeline(transaction=False) as pipe:
            pipe.get(probe)
            pipe.mget(probe, probe)
            pipe.exists(probe)
            pipe.strlen(probe)
            pipe.delete(probe)
            pipe.unlink(probe)
            pipe.eval("return redis.call('GET', KEYS[1])", 1, probe)
            pipe.memory_usage(self.keys.lease)
            pipe.pexpire(self.keys.lease, milliseconds)
            replies = pipe.execute(raise_on_error=False)
        for reply in replies:
            if isinstance(reply, redis.RedisError):
                self._client.delete(self.keys.lease)
                raise reply

    def _refused(self, error: redis.RedisError) -> BadInputError:
        if isinstance(error, redis.exceptions.NoPermissionError):
            return BadInputError(
                f"does not let this user do what a run does with keys that begin with "
                f"{self.keys.namespace}:; grant it: ACL SETUSER <user> "
                f"~{glob_of(self.keys.namespace)}:* {_NEEDED}",
                self.shown,
            )
        if isinstance(error, redis.exceptions.ReadOnlyError):
            return BadInputError("is read-only; name a server that accepts writes", self.shown)
        if isinstance(error, redis.exceptions.OutOfMemoryError):
            return BadInputError(f"is full ({self.room}); free memory there", self.shown)
        if isinstance(error, redis.ConnectionError | redis.TimeoutError):
            return BadInputError("does not answer; is it up?", self.shown)
        command = unknown_command(str(error))
        if command is not None:
            return BadInputError(
                f"does not know the command {command}, which a run needs there; name a server "
                "that has it, under its own name",
                self.shown,
            )
        return BadInputError(f"refuses the run ({type(error).__name__})", self.shown)

    def _watch(self) -> None:
        due = self._renewed + RENEW_SECONDS
        while not self._over.wait(_LOOK_SECONDS) and self.stopped is None:
            try:
                if time.monotonic() >= due:
                    self._renew()
                    due = self._renewed + RENEW_SECONDS
                self._look()
            except (redis.RedisError, BadInputError):
                # It may be away for a while; the lease tells for how long that can be borne.
                if time.monotonic() - self._renewed > _SURE_SECONDS:
                    self.stop(self._lease_lost())

    def _renew(self) -> None:
        now = time.monotonic()
        if not self._client.pexpire(self.keys.lease, round(LEASE_SECONDS * 1000)):
            self.stop(self._lease_lost())
        self._renewed = now

    def _look(self) -> None:
        room = ask_room(self._client, self.shown)
        # Somebody may set the server's counts back to nothing meanwhile.
        before, self._evicted = self._evicted, room.evicted
        if room.evicted > before:
            self.stop(
                f"the server has begun to evict entries ({room}); the run is stopped so that "
                "it takes no room of yours"
            )
        elif room.is_short():
            self.stop(f"the server has become nearly full ({room}); the run is stopped before it")

    def _lease_lost(self) -> str:
        return (
            f"the run has lost its lease {self.keys.lease}: the server was down for too long, was "
            "restarted, or evicted it; start the run again"
        )


def open_client(url: str) -> RedisClient:
    """Return a client for looking after runs; it connects when it is first asked.

    Raises:
        BadInputError: If the address is none.
    """
    try:
        return redis_client(url, _PATIENCE)
    except ValueError:
        # Its text may hold the password.
        raise BadInputError(
            "is not the address of a Redis server; write redis://host:6379", redact(url)
        ) from None


def _size(size: int) -> str:
    return metric("memory_bytes").format(size)
