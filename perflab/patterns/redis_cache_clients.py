"""redis-py's clients as the cache wants them: short timeouts, no retries of their own."""

from __future__ import annotations

import os
from typing import Any

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.cache import CacheConfig

from perflab.primitives.bounded_redis import bounded, staying
from perflab.settings import BadInputError, RedisCacheSettings

OF_THE_CLIENT = ("redis_host", "redis_port", "timeout", "client_cache_size")
"""The settings that a client is made of."""

_MOST_CONNECTIONS = 1 << 31
"""As good as none: redis-py 8 would refuse the 101st caller at once, as if the server were away."""


def open_client(url: str | None, settings: RedisCacheSettings) -> redis.Redis:
    """Return a client of the server; it connects when it is first asked.

    Raises:
        BadInputError: If no server is named, or its URL is none.
    """
    options = {**staying(redis.ConnectionPool), **_options(settings)}
    address = _url(url, settings)
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
    try:
        return bounded(redis.Redis.from_url(address, **options))
    except ValueError as error:
        raise _not_a_url(error) from error


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
    address = _url(url, settings)
    options["retry"] = redis.asyncio.retry.Retry(NoBackoff(), 0)
    try:
        return bounded(redis.asyncio.Redis.from_url(address, **options))
    except ValueError as error:
        raise _not_a_url(error) from error


def check_client(client: Any) -> None:
    """Check a client that the user gave.

    Raises:
        BadInputError: If it decodes replies, since entries are bytes.
    """
    if client.connection_pool.connection_kwargs.get("decode_responses"):
        raise BadInputError("it decodes replies; make one with decode_responses=False", "client")


def _options(settings: RedisCacheSettings) -> dict[str, Any]:
    return {
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": settings.timeout,
        "decode_responses": False,
        "max_connections": _MOST_CONNECTIONS,
    }


def _url(url: str | None, settings: RedisCacheSettings) -> str:
    if url is not None:
        return url
    if settings.redis_host is not None:
        return f"redis://{settings.redis_host}:{settings.redis_port}"
    named = os.environ.get("PERFLAB_REDIS_URL")
    if named:
        return named
    raise BadInputError(
        "no server is named; give one, or a url or a client, or set PERFLAB_REDIS_URL",
        "redis_host",
    )


def _not_a_url(error: ValueError) -> BadInputError:
    del error  # its text may hold the URL's password
    return BadInputError(
        "it is not a URL of Redis; write redis://host:port/0, rediss://... or unix://path", "url"
    )
