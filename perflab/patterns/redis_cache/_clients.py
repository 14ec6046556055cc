"""redis-py's clients as the cache wants them: short timeouts, no retries of their own."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.cache import CacheConfig

from perflab.errors import BadInputError
from perflab.patterns.redis_cache._guard import NO_CLUSTER
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.primitives.bounded_redis import bounded, staying

OF_THE_CLIENT = ("redis_host", "redis_port", "timeout", "client_cache_size")
"""The settings that a client is made of."""

_MOST_CONNECTIONS = 1 << 31
"""As good as none: redis-py 8 would refuse the 101st caller at once, as if the server were away."""

_FORM = (
    "write redis://user:PASSWORD@host:6379/0 with special characters percent-encoded, rediss://... "
    "for TLS, or unix:///path?db=0"
)
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+(?:%\w+)?")
_USED = ("get", "connection_pool")


def open_client(url: str | None, settings: RedisCacheSettings) -> redis.Redis:
    """Return a client of the server; it connects when it is first asked.

    Raises:
        BadInputError: If no server is named, or its URL is none.
    """
    options = {**staying(redis.ConnectionPool), **_options(settings)}
    address, place = _url(url, settings)
    if settings.client_cache_size is not None:
        if address.startswith("unix:"):
            raise BadInputError(
                "redis-py keeps entries in the client only over TCP, and only with a Redis of 7.4 "
                "or newer; set it to none, or name such a server",
                "client_cache_size",
            )
        options["protocol"] = 3
        options["cache_config"] = CacheConfig(max_size=settings.client_cache_size)
    options["retry"] = redis.retry.Retry(NoBackoff(), 0)
    client: redis.Redis = _client_of(redis.Redis.from_url, address, place, options)
    return client


def open_async_client(url: str | None, settings: RedisCacheSettings) -> redis.asyncio.Redis:
    """Return an asyncio client of the server; it connects when it is first asked.

    Raises:
        BadInputError: If no server is named, its URL is none, or the client is to keep entries.
    """
    if settings.client_cache_size is not None:
        raise BadInputError(
            "redis-py keeps entries in the client only in its threaded client; set it to none",
            "client_cache_size",
        )
    options = {**staying(redis.asyncio.ConnectionPool), **_options(settings)}
    address, place = _url(url, settings)
    options["retry"] = redis.asyncio.retry.Retry(NoBackoff(), 0)
    client: redis.asyncio.Redis = _client_of(redis.asyncio.Redis.from_url, address, place, options)
    return client


def check_client(client: Any, *, awaited: bool) -> None:
    """Check a client that the user gave.

    Args:
        client: The client.
        awaited: Whether the cache is of tasks, which await its answers.

    Raises:
        BadInputError: If it is no client of one server of Redis, is asyncio's where threads use
            it or the other way about, or decodes replies, since entries are bytes.
    """
    kind = f"is a {type(client).__module__}.{type(client).__qualname__}"
    if isinstance(client, (redis.RedisCluster, redis.asyncio.RedisCluster)) or hasattr(
        client, "nodes_manager"
    ):
        raise BadInputError(f"{kind}: {NO_CLUSTER}", "client")
    if hasattr(client, "master_for"):
        text = "pass what its master_for(name) returns, which follows the master"
        raise BadInputError(f"{kind}; {text}", "client")
    if isinstance(client, type) or not all(hasattr(client, name) for name in _USED):
        text = "pass a client of redis-py such as redis.Redis(...), or an address as url="
        raise BadInputError(f"{kind}; {text}", "client")
    ask = getattr(client, "execute_command", client.get)
    if inspect.iscoroutinefunction(ask) is not awaited:
        other = "redis.asyncio.Redis" if awaited else "redis.Redis"
        cache = "RedisCache" if awaited else "AsyncRedisCache"
        raise BadInputError(f"{kind}; pass a {other}, or use {cache}", "client")
    if client.connection_pool.connection_kwargs.get("decode_responses"):
        raise BadInputError("it decodes replies; make one with decode_responses=False", "client")


def _options(settings: RedisCacheSettings) -> dict[str, Any]:
    return {
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": settings.timeout,
        "decode_responses": False,
        "max_connections": _MOST_CONNECTIONS,
    }


def _url(url: str | None, settings: RedisCacheSettings) -> tuple[str, str]:
    """Return the server's address and where it was named."""
    if url is not None:
        return url, "url"
    host = settings.redis_host
    if host is not None:
        if not _HOST.fullmatch(host):
            text = "must be the name or number of a host, without a port, user or password"
            raise BadInputError(f"{text}; pass a whole address as url=", "redis_host")
        shown = f"[{host}]" if ":" in host else host
        return f"redis://{shown}:{settings.redis_port}", "redis_host"
    named = os.environ.get("PERFLAB_REDIS_URL")
    if named:
        return named, "PERFLAB_REDIS_URL"
    raise BadInputError(
        "no server is named; give one, or a url or a client, or set PERFLAB_REDIS_URL",
        "redis_host",
    )


def _client_of(
    from_url: Callable[..., Any], address: str, place: str, options: dict[str, Any]
) -> Any:
    """Return a client of an address; redis-py itself takes some that never reach a server."""
    _check_url(address, place)
    try:
        client = bounded(from_url(address, **options))
        # Made as it will be when it connects: an option that is none would be an error only then.
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, AttributeError, redis.RedisError):
        # Their text may hold the password.
        names = ", ".join(sorted(parse_qs(urlsplit(address).query, keep_blank_values=True)))
        text = f"has an option that redis-py does not take, one of {names}" if names else "is wrong"
        raise BadInputError(f"{text}; {_FORM}", place) from None
    return client


def _check_url(address: object, place: str) -> None:
    wrong = BadInputError(f"is not a URL of Redis; {_FORM}", place)
    if not isinstance(address, str) or not address.isprintable() or " " in address:
        raise wrong
    try:
        parts = urlsplit(address)
        is_one = "," not in parts.netloc.rpartition("@")[2]
    except ValueError:
        raise wrong from None
    if not is_one or "sentinel" in parts.scheme or "cluster" in parts.scheme:
        text = "names several servers; pass client=, what Sentinel(...).master_for(name) returns"
        raise BadInputError(f"{text}; {NO_CLUSTER}", place)
    try:
        port, host = parts.port, parts.hostname
        query = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        raise wrong from None
    on_tcp = address.startswith(("redis://", "rediss://"))
    if not on_tcp and not address.startswith("unix://"):
        raise wrong
    if parts.fragment or not all(number.isdecimal() for number in query.get("db", ())):
        raise wrong
    if on_tcp and (
        port == 0
        or not re.fullmatch(r"/?\d*", parts.path)
        or (host is not None and not _HOST.fullmatch(host))
    ):
        raise wrong
    if not on_tcp and not (parts.path or query.get("path")):
        raise wrong
    if any(
        word.lower() not in {"", "0", "f", "false", "n", "no"}
        for word in query.get("decode_responses", ())
    ):
        raise BadInputError("decodes replies; leave decode_responses out", place)
