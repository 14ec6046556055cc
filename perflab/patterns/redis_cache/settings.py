"""Settings of the cache in Redis."""

from __future__ import annotations

from pydantic import field_validator

from perflab.settings.addresses import check_host
from perflab.settings.base import Settings, setting

MAXMEMORY_POLICIES = (
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "noeviction",
)
SERIALIZERS = ("msgpack", "json", "pickle")
STAMPEDES = ("lock", "early", "off")


class RedisCacheSettings(Settings):
    """Where the server is, what it holds and for how long, and how long a caller waits for it."""

    redis_host: str | None = setting(
        None,
        "Host of the server; none = the one in PERFLAB_REDIS_URL, or else a server that perflab "
        "starts.",
        allowed="a host's name or number; a whole address goes into PERFLAB_REDIS_URL",
        address=True,
    )
    redis_port: int = setting(
        6379, "Port of the server; applies only with a host.", low=1, high=65535
    )
    cache_namespace: str = setting(
        "perflab",
        "Prefix of every key; no other key is ever touched. It contains no colon, as a colon "
        "separates it from the rest of the key.",
        allowed="any text without a colon",
    )
    ttl_seconds: float | None = setting(
        3600.0,
        "Time to live of an entry after it was written; none = until it is evicted.",
        unit="seconds",
        low=0.001,
        high=10 * 365 * 86400,
        span=(1, 30 * 86400),
        scale="log",
    )
    ttl_jitter: float = setting(
        0.05,
        "Share by which TTLs are shortened at random, so that entries written together do not "
        "expire together.",
        low=0.0,
        high=0.9,
        span=(0.0, 0.5),
    )
    maxmemory: int | None = setting(
        64 * 2**20,
        "Maximum memory of the server, its own overhead included; none = no limit.",
        unit="bytes",
        low=2**20,
        high=2**50,
        span=(2**20, 2**33),
        scale="log",
    )
    maxmemory_policy: str = setting(
        "allkeys-lru",
        "Which entry the server evicts when its memory is full.",
        choices=MAXMEMORY_POLICIES,
    )
    maxmemory_samples: int = setting(
        5,
        "Entries that the server samples to pick the one to evict.",
        unit="entries",
        low=1,
        high=64,
        span=(1, 20),
    )
    timeout: float = setting(
        0.1,
        "Maximum wait for the server, to connect or to answer.",
        unit="seconds",
        low=0.001,
        high=60.0,
        span=(0.001, 10.0),
        scale="log",
    )
    retries: int = setting(1, "Retries of a failed command.", unit="times", low=0, high=20)
    serializer: str = setting(
        "msgpack",
        "Encoding of values; pickle needs a signing key, since loading it can run code.",
        choices=SERIALIZERS,
    )
    stampede: str = setting(
        "lock",
        "Protection against many processes loading one missing key: lock (a short lock in Redis), "
        "early (probabilistic early recomputation) or off.",
        choices=STAMPEDES,
    )
    stale_seconds: float | None = setting(
        None,
        "How long an expired entry is still served while one caller reloads it; none = not at all.",
        unit="seconds",
        low=0.001,
        high=30 * 86400,
        span=(1, 86400),
        scale="log",
    )
    negative_ttl_seconds: float | None = setting(
        None,
        "Time to live of a negative result (the loader found nothing); none = not cached.",
        unit="seconds",
        low=0.001,
        high=86400,
        span=(0.1, 3600),
        scale="log",
    )
    client_cache_size: int | None = setting(
        None,
        "Maximum number of entries cached in the client, invalidated by the server when they "
        "change; none = no client cache. Not predicted: a run measures it.",
        unit="entries",
        low=1,
        high=10_000_000,
        span=(10, 1_000_000),
        scale="log",
    )
    breaker_failures: int = setting(
        5,
        "Consecutive failures after which the circuit breaker opens and calls skip the server.",
        unit="failures",
        low=1,
        high=1000,
        span=(1, 100),
        scale="log",
    )
    breaker_seconds: float = setting(
        1.0,
        "How long the circuit breaker stays open before one caller tries the server again.",
        unit="seconds",
        low=0.001,
        high=3600,
        span=(0.1, 60),
        scale="log",
    )

    @field_validator("redis_host")
    @classmethod
    def _host(cls, value: str | None) -> str | None:
        return None if value is None else check_host(value)

    @field_validator("cache_namespace")
    @classmethod
    def _one_word(cls, value: str) -> str:
        """Refuse a colon: the keys of ``app:k`` would be keys of ``app`` too.

        Raises:
            ValueError: Which pydantic turns into its own error.
        """
        if ":" in value:
            raise ValueError(
                f"{value!r} has a colon, so that it could share keys with the namespace "
                f"{value.partition(':')[0]!r}; write {value.replace(':', '-')!r}"
            )
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{value!r} cannot be written as UTF-8") from None
        return value


def not_predicted(settings: RedisCacheSettings) -> tuple[str, ...]:
    """Return which settings in force the model leaves out, one sentence each."""
    if settings.client_cache_size is None:
        return ()
    text = (
        "client_cache_size is not predicted: all lookups are counted as if they reached Redis, "
        "while those that the client answers are quicker, and are not uses for Redis's eviction "
        "policy; a run measures them"
    )
    return (text,)
