"""How much room a user's Redis has beside what is in it, and what a run would take of it."""

from __future__ import annotations

import dataclasses

import redis

from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.primitives.bounded_redis import RedisClient, Reply
from perflab.units import counted, grouped

ENTRY_BYTES = 220
"""What the server takes for an entry beside its name and value, at most: its own records, an
expiry, and what its allocator rounds up."""

_LEAST_MARGIN = 2 * 2**20
_MARGIN_SHARE = 0.1
_SHARE_OF_MACHINE = 0.25
_TABLE_BYTES = 20
_CONNECTIONS_SHARE = 0.9


@dataclasses.dataclass(frozen=True, slots=True)
class Room:
    """What a server says of its memory.

    Attributes:
        used: Bytes that count against its limit.
        limit: Its maxmemory; 0 where it has none.
        policy: What it does when that is reached.
        spare: Bytes that are free on the machine, where it has no limit; none where not known.
        evicted: Entries that it has thrown out since it started.
        keys: Keys in all its databases.
        primary: Whether it takes writes, rather than follow another server.
        in_cluster: Whether it is a node of a cluster.
        loading: Whether it is still reading its data.
        connections: Clients that are connected.
        most_connections: Clients that may be; 0 where not known.
    """

    used: int
    limit: int
    policy: str
    spare: int | None
    evicted: int
    keys: int
    primary: bool
    in_cluster: bool
    loading: bool
    connections: int
    most_connections: int

    @property
    def margin(self) -> int:
        """Bytes below the limit that are left to the user."""
        return max(_LEAST_MARGIN, round(self.limit * _MARGIN_SHARE)) if self.limit else 0

    def free(self, keys: int = 0) -> int:
        """Return how many bytes a run may take.

        Args:
            keys: How many keys it writes; they may make the server's own tables grow.
        """
        if self.limit:
            left = self.limit - self.used - self.margin
        elif self.spare is None:
            return 0
        else:
            left = round(self.spare * _SHARE_OF_MACHINE)
        return max(0, left - _growth(self.keys, keys))

    def is_short(self) -> bool:
        """Say whether half of what is left to the user is gone."""
        return bool(self.limit) and self.limit - self.used < self.margin // 2

    def check(self, shown: str, connections: int) -> None:
        """Refuse a server that a run cannot use.

        Raises:
            BadInputError: With the reason and what to do.
        """
        if self.loading:
            raise BadInputError("is still loading its data; try again when it is up", shown)
        if self.in_cluster:
            raise BadInputError(
                "is a node of a cluster, and a run needs one server that holds all its keys; name "
                "a server outside of a cluster",
                shown,
            )
        if not self.primary:
            raise BadInputError(
                "is a replica, which takes no writes of its own; name its primary", shown
            )
        most = self.most_connections * _CONNECTIONS_SHARE
        if most and self.connections + connections > most:
            raise BadInputError(
                f"has {grouped(self.connections)} of at most "
                f"{counted(self.most_connections, 'connection')} in use, and a run takes up to "
                f"{grouped(connections)}; lower concurrency or raise maxclients",
                shown,
            )

    def allowance(self, shown: str, keys: int, needed: int, most: int | None) -> int:
        """Return how many bytes a run may write.

        Args:
            shown: The server's address, without a password.
            keys: How many keys the run writes.
            needed: What they take, as far as that is known before.
            most: What the user allows by the setting `maxmemory`; none for an unlimited one.

        Raises:
            BadInputError: If what the run needs does not fit beside what is there.
        """
        wanted = needed if most is None else min(needed, most)
        free = self.free(keys)
        if wanted > free:
            raise BadInputError(
                f"has too little room: a run takes about {_size(wanted)} for its keys, and "
                f"{_size(free)} may be used beside what is there ({self}); run a workload of "
                "fewer keys, lower maxmemory, or free or add memory there",
                shown,
            )
        return free if most is None else min(free, most)

    def __str__(self) -> str:
        if self.limit:
            return (
                f"{_size(self.used)} of {_size(self.limit)} in use, {_size(self.margin)} of it "
                f"left to others, {self.policy}"
            )
        if self.spare is None:
            return f"{_size(self.used)} in use, maxmemory not set, free memory unknown"
        return (
            f"{_size(self.used)} in use, maxmemory not set, {_size(self.spare)} free of which a "
            "run takes at most a quarter"
        )


def ask_room(client: RedisClient, shown: str) -> Room:
    """Return what a server says of its memory.

    Raises:
        BadInputError: If it does not let us ask.
        redis.RedisError: If it is away.
    """
    try:
        info = client.info()
    except redis.exceptions.NoPermissionError:
        raise BadInputError(
            "does not let this user run INFO, so that its room is not known; grant it: "
            "ACL SETUSER <user> +info",
            shown,
        ) from None
    try:
        return _room_of(info, client)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadInputError(
            "does not say by INFO what memory it uses, so that its room is not known", shown
        ) from None


def _room_of(info: dict[str, Reply], client: RedisClient) -> Room:
    counted = [int(entry["keys"]) for name, entry in info.items() if _is_database(name, entry)]
    used = int(info["used_memory"]) - int(info.get("mem_not_counted_for_evict", 0))
    return Room(
        used=max(0, used),
        limit=int(info.get("maxmemory", 0)),
        policy=str(info.get("maxmemory_policy", "policy not known")),
        spare=_spare(info, client),
        evicted=int(info.get("evicted_keys", 0)),
        keys=sum(counted),
        primary=info.get("role", "master") == "master",
        in_cluster=bool(info.get("cluster_enabled", 0)),
        loading=bool(info.get("loading", 0)),
        connections=int(info.get("connected_clients", 0)),
        most_connections=int(info.get("maxclients", 0)),
    )


def is_local(client: RedisClient) -> bool:
    """Say whether a client's server is on this machine."""
    options = client.connection_pool.connection_kwargs
    host = str(options.get("host", "localhost"))
    return "path" in options or host in ("localhost", "::1") or host.startswith("127.")


def _spare(info: dict[str, Reply], client: RedisClient) -> int | None:
    total = int(info.get("total_system_memory", 0))
    taken = max(int(info.get("used_memory_rss", 0)), int(info["used_memory"]))
    known = [total - taken] if total else []
    if is_local(client):
        import psutil

        known.append(psutil.virtual_memory().available)
    return max(0, min(known)) if known else None


def _is_database(name: str, entry: object) -> bool:
    return name.startswith("db") and isinstance(entry, dict) and "keys" in entry


def _growth(before: int, added: int) -> int:
    """Return the bytes of the larger tables that a server makes for more keys."""
    tables = [1 << max(2, (count - 1).bit_length()) for count in (before, before + added)]
    return _TABLE_BYTES * tables[1] if tables[1] > tables[0] else 0


def _size(size: int) -> str:
    return metric("memory_bytes").format(size)
