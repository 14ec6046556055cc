"""Settings of the cache in Redis."""

from __future__ import annotations

from pydantic import field_validator

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
        "The server's host; none for the one that PERFLAB_REDIS_URL names, else a server that "
        "perflab starts.",
        address=True,
    )
    redis_port: int = setting(6379, "The server's port, where a host is named.", low=1, high=65535)
    cache_namespace: str = setting(
        "perflab",
        "What the names of all keys begin with; no other key is ever touched. A colon ends it in "
        "a key's name, so it has none itself.",
        allowed="any text without a colon",
    )
    ttl_seconds: float | None = setting(
        3600.0,
        "How long an entry lives after it was written; none for as long as it is not evicted.",
        unit="seconds",
        low=0.001,
        high=10 * 365 * 86400,
        span=(1, 30 * 86400),
        scale="log",
    )
    ttl_jitter: float = setting(
        0.05,
        "By what share a TTL is shortened at random, so that entries written together do not "
        "expire together.",
        low=0.0,
        high=0.9,
        span=(0.0, 0.5),
    )
    maxmemory: int | None = setting(
        64 * 2**20,
        "The most memory that the server uses, its own included; none for no bound.",
        unit="bytes",
        low=2**20,
        high=2**50,
        span=(2**20, 2**33),
        scale="log",
    )
    maxmemory_policy: str = setting(
        "allkeys-lru",
        "Which entry the server throws out first when its memory is full.",
        choices=MAXMEMORY_POLICIES,
    )
    maxmemory_samples: int = setting(
        5,
        "How many entries the server looks at to find the one to throw out.",
        unit="entries",
        low=1,
        high=64,
        span=(1, 20),
    )
    timeout: float = setting(
        0.1,
        "How long a caller waits for the server, to connect or to answer.",
        unit="seconds",
        low=0.001,
        high=60.0,
        span=(0.001, 10.0),
        scale="log",
    )
    retries: int = setting(
        1, "How often a command that failed is tried again.", unit="times", low=0, high=20
    )
    serializer: str = setting(
        "msgpack",
        "How a value becomes bytes; pickle needs a signing key, since its bytes can run code.",
        choices=SERIALIZERS,
    )
    stampede: str = setting(
        "lock",
        "How many processes that miss one key load it once: a short lock, early recomputation by "
        "probability, or not at all.",
        choices=STAMPEDES,
    )
    stale_seconds: float | None = setting(
        None,
        "How long an entry is still served after its TTL while one caller loads it anew; none for "
        "not at all.",
        unit="seconds",
        low=0.001,
        high=30 * 86400,
        span=(1, 86400),
        scale="log",
    )
    negative_ttl_seconds: float | None = setting(
        None,
        "How long it is remembered that a loader found nothing; none for not at all.",
        unit="seconds",
        low=0.001,
        high=86400,
        span=(0.1, 3600),
        scale="log",
    )
    client_cache_size: int | None = setting(
        None,
        "How many entries the client keeps itself, told by the server when they change; none for "
        "not at all.",
        unit="entries",
        low=1,
        high=10_000_000,
        span=(10, 1_000_000),
        scale="log",
    )
    breaker_failures: int = setting(
        5,
        "After how many failures in a row the server is left alone.",
        unit="failures",
        low=1,
        high=1000,
        span=(1, 100),
        scale="log",
    )
    breaker_seconds: float = setting(
        1.0,
        "How long it is left alone before one caller tries it again.",
        unit="seconds",
        low=0.001,
        high=3600,
        span=(0.1, 60),
        scale="log",
    )

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
