"""`ServiceSettings`: how many processes a service has, and what limits and prices it."""

from __future__ import annotations

import math

from perflab.settings import LoadSettings
from perflab.settings.base import Settings, setting

SPREADS = ("round_robin", "key_hash", "sticky")
PRICES = ("price_per_gib_hour", "price_per_backend_call")


def _price(key: str) -> float:
    """Declare a price as every load has it."""
    info = LoadSettings.info(key)
    price: float = setting(
        0.0,
        info.meaning.removesuffix("; what-if only.") + ".",
        low=info.low,
        high=info.high,
        span=info.span,
        scale=info.scale,
    )
    return price


class ServiceSettings(Settings):
    """What holds for a service as a whole: its processes, its database's limit, its load."""

    replicas: int = setting(
        1,
        "Number of instances (pods, hosts) of the service.",
        unit="replicas",
        low=1,
        high=10_000,
        span=(1, 100),
        scale="log",
    )
    max_replicas: int | None = setting(
        None,
        "Replicas that the autoscaler may start at most; none = it never starts more.",
        unit="replicas",
        low=1,
        high=10_000,
        span=(1, 100),
        scale="log",
    )
    deploy_surge: float = setting(
        0.25,
        "Share of the replicas that a rolling deploy starts before it stops old ones (maxSurge of "
        "Kubernetes); 1 = all of them, so that connections double.",
        unit="ratio",
        low=0.0,
        high=1.0,
    )
    workers: int = setting(
        1,
        "Worker processes per replica; each has a process cache and a connection pool of its own.",
        unit="workers",
        low=1,
        high=1_000,
        span=(1, 32),
        scale="log",
    )
    spread: str = setting(
        "round_robin",
        "Worker that a request goes to: round_robin, the next one; key_hash, always the same one "
        "for a key; sticky, always the same one for a client.",
        choices=SPREADS,
    )
    clients: int = setting(
        1_000,
        "Number of clients, for the spread sticky; each sends a request as likely as another.",
        unit="clients",
        low=1,
        high=100_000_000,
        span=(10, 1_000_000),
        scale="log",
    )
    max_connections: int | None = setting(
        100,
        "Connections that the database allows (max_connections of PostgreSQL, less those that it "
        "reserves); none = no limit.",
        unit="connections",
        low=1,
        high=100_000,
        span=(10, 5_000),
        scale="log",
    )
    pgbouncer_connections: int | None = setting(
        None,
        "Connections to the database of a PgBouncer between it and all pools, in transaction mode; "
        "none = no PgBouncer.",
        unit="connections",
        low=1,
        high=100_000,
        span=(1, 1_000),
        scale="log",
    )
    query_seconds: float | None = setting(
        None,
        "Mean time of a query with one connection in use; none = as connection_pool is calibrated.",
        unit="seconds",
        low=1e-6,
        high=3600.0,
        span=(1e-4, 1.0),
        scale="log",
    )
    database_contention: float | None = setting(
        None,
        "Share of a query that no two can do at once (contention of the Universal Scalability "
        "Law); none = as connection_pool is calibrated.",
        unit="ratio",
        low=0.0,
        high=1.0,
    )
    request_rate: float | None = setting(
        None,
        "Requests per second to the whole service; none = at the times of the workload.",
        unit="requests/s",
        low=0.001,
        high=100_000_000,
        span=(10, 1_000_000),
        scale="log",
    )
    seed: int = setting(
        0,
        "Random seed of arrivals that have no times, and of clients.",
        low=0,
        high=2**32 - 1,
    )
    price_per_gib_hour: float = _price("price_per_gib_hour")
    price_per_backend_call: float = _price("price_per_backend_call")

    @property
    def processes(self) -> int:
        """Worker processes of all replicas together."""
        return self.replicas * self.workers

    @property
    def scales(self) -> tuple[int, ...]:
        """Replicas now, and where the autoscaler may start more, at its most."""
        most = self.max_replicas
        return (self.replicas,) if most is None or most <= self.replicas else (self.replicas, most)

    def deploying(self, replicas: int) -> int:
        """Return how many replicas there are at most during a rolling deploy of so many."""
        return replicas + math.ceil(replicas * self.deploy_surge)

    @property
    def priced(self) -> bool:
        """Whether a price was given."""
        return any(getattr(self, key) > 0 for key in PRICES)
