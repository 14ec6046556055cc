"""The user's own Redis server: its address, and what a run of the bench does there."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.servers.run_name import PREFIX
from perflab.units import format_quantity

if TYPE_CHECKING:
    from perflab.servers.consent import ForeignServer


def foreign_servers(settings: RedisCacheSettings) -> tuple[ForeignServer, ...]:
    """Return the user's own server, if one is named, and what is written there."""
    from perflab.servers.consent import ForeignServer

    address = server_address(settings)
    if address is None:
        return ()
    most = settings.maxmemory
    bound = "what is free there" if most is None else format_quantity(most, "bytes")
    keys = f"{settings.cache_namespace}:{PREFIX}..."
    return (
        ForeignServer(
            address,
            f"puts load on it, writes keys under {keys}, up to {bound} (maxmemory), and "
            "removes them at its end; no other key is read, changed or removed",
            (settings.cache_namespace, *(("unbounded",) if most is None else ())),
            () if most is None else (("bytes", float(most)),),
        ),
    )


def remover(settings: RedisCacheSettings, run_name: str) -> Callable[[], object] | None:
    """Return what removes the keys that a run has left on a server that is not ours."""
    from perflab.servers.redis.leftovers import remove_redis_run
    from perflab.servers.redis.run_keys import RunKeys

    url = server_url(settings)
    if url is None:
        return None
    keys = RunKeys(settings.cache_namespace, run_name)
    return functools.partial(remove_redis_run, url, keys)


def server_url(settings: RedisCacheSettings) -> str | None:
    """Return the address of the user's own server, with its password; none where none is named."""
    from perflab.servers.addresses import redis_url

    if settings.redis_host is not None:
        return redis_url(settings.redis_host, settings.redis_port)
    return os.environ.get("PERFLAB_REDIS_URL") or None


def server_address(settings: RedisCacheSettings) -> str | None:
    """Return the resolved address of the user's own server; none where none is named."""
    from perflab.servers.addresses import redis_address

    url = server_url(settings)
    if url is None:
        return None
    return (
        redis_address(url, "redis_host") if settings.redis_host is not None else redis_address(url)
    )
