"""The Redis cache ready to paste: for perflab, redis-py, the server itself and Kailash."""

from __future__ import annotations

from perflab.bench.exporting import arguments, heading, threads
from perflab.bench.parts import Export
from perflab.bench.templates import render
from perflab.patterns.redis_cache.exports.configurations import server_values
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.settings import LoadSettings

_ADDRESS = ("redis_host", "redis_port")
_ALWAYS = ("cache_namespace", "ttl_seconds", "ttl_jitter", "timeout", "serializer")


def redis_cache_exports(
    settings: RedisCacheSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings as three complete programs and as lines of ``redis.conf``.

    The programs take the server's address from ``REDIS_URL``, and for pickle the signing key from
    ``CACHE_SIGNING_KEY``.
    """
    first = heading(workload, threads(load))
    ours = {
        "remarks": [first, "maxmemory and its policy are the server's: they stand in redis.conf."],
        "arguments": arguments(settings, always=_ALWAYS, never=_ADDRESS),
        "signed": settings.serializer == "pickle",
    }
    return (
        Export("perflab", "python", render(__package__, "perflab.py.jinja", **ours)),
        Export("redis-py", "python", _redis_py(settings, first)),
        _redis_conf(settings, first),
        Export("Kailash workflow", "python", render(__package__, "kailash.py.jinja", **ours)),
    )


def _redis_py(settings: RedisCacheSettings, first: str) -> str:
    return render(
        __package__,
        "redis_py.py.jinja",
        remarks=[first, *_remarks(settings)],
        namespace=settings.cache_namespace,
        serializer=settings.serializer,
        ttl=settings.ttl_seconds,
        jitter=settings.ttl_jitter,
        timeout=settings.timeout,
        retries=settings.retries,
        client_cache_size=settings.client_cache_size,
    )


def _remarks(settings: RedisCacheSettings) -> list[str]:
    """Say what redis-py alone does not do, so that nobody counts on it."""
    remarks = [
        "There is no breaker here: while Redis is down, each call waits for the timeout, "
        f"{settings.retries + 1} times."
        if settings.retries
        else "There is no breaker here: while Redis is down, each call waits for the timeout."
    ]
    if settings.stampede != "off":
        remarks.append("Callers that miss the same key at once all load it; perflab loads it once.")
    if settings.stale_seconds is not None:
        remarks.append("Expired entries are never served: stale_seconds is left out.")
    if settings.negative_ttl_seconds is not None:
        remarks.append("Negative results are not cached: negative_ttl_seconds is left out.")
    if settings.client_cache_size is not None:
        remarks.append(
            "A cache in the client needs a Redis of 7.4 or newer, reached by TCP; with others,"
        )
        remarks.append("redis-py refuses to connect, and every call loads.")
    return remarks


def _redis_conf(settings: RedisCacheSettings, first: str) -> Export:
    remarks = ["maxmemory counts the server's own memory too, about 1 MB when it is empty."]
    if settings.maxmemory is None:
        remarks = ["0 means no limit: the server takes what the machine has."]
    if settings.maxmemory_policy == "noeviction":
        remarks.append("When it is full, writes are refused: new values are not kept.")
    elif settings.maxmemory_policy.startswith("volatile") and settings.ttl_seconds is None:
        remarks.append("volatile policies evict only entries with a TTL, and these have none.")
    values = server_values(settings)
    text = render(__package__, "redis.conf.jinja", remarks=[first, *remarks], values=values)
    return Export("redis.conf", "conf", text, values=values)
