"""Clients before servers that answer anything: Redis, HTTP and PostgreSQL."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from parts import Target
from scripted import (
    HttpServer,
    Script,
    SocketServer,
    async_connection_class,
    connection_class,
)
from seeds_hostile import value_of

from perflab.errors import BadInputError
from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._request import Request, Result
from perflab.patterns.async_io.settings import AsyncIOSettings
from perflab.patterns.connection_pool import PoolTimeoutError
from perflab.patterns.connection_pool._drivers import open_pool
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.patterns.redis_cache import monitor as redis_monitor
from perflab.patterns.redis_cache._envelope import CorruptEntryError, Envelope
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.primitives import bounded_redis
from perflab.servers.postgres.server import PostgresServer
from perflab.servers.redis import server as redis_server

ADDRESS = "unix:///nowhere"
KEYS = ("a", "b")
VALUES = {key: value_of(key) for key in KEYS}
SECRET = "hunter2"
CLIENT = bounded_redis.redis_client


def _right(condition: object, said: object = "") -> None:
    if not condition:
        raise AssertionError(f"a wrong answer was taken for good: {said!r:.200}")


def _settings(data: bytes) -> RedisCacheSettings:
    kind = len(data) % 4
    return RedisCacheSettings(
        timeout=0.05,
        retries=0,
        breaker_failures=1000,
        stampede=("lock", "off", "early", "lock")[kind],
        stale_seconds=5.0 if kind == 3 else None,
        negative_ttl_seconds=5.0 if kind == 1 else None,
    )


def _through(connection: type, client: Any) -> None:
    client.connection_pool.connection_class = bounded_redis._bounded_class(connection)


def _redis_cache(data: bytes, _: Path) -> None:
    cache = RedisCache(_settings(data), url=ADDRESS, lock_seconds=0.01)
    _through(connection_class(Script(data)), cache._client)
    try:
        _right(cache.get_or_load("a", lambda: VALUES["a"]) == VALUES["a"])
        _right(cache.get("a") in (None, VALUES["a"]))
        found = cache.get_many(KEYS)
        _right(all(value == VALUES[key] for key, value in found.items()), found)
        loaded = cache.get_or_load_many(KEYS, lambda keys: {key: VALUES[key] for key in keys})
        _right(loaded == VALUES, loaded)
        _right(isinstance(cache.set("a", VALUES["a"]), bool))
        _right(isinstance(cache.delete("a"), bool))
        _right(isinstance(cache.set_many(VALUES), bool))
        _right(cache.clear() >= 0)
        _right(cache.get_or_load("b", lambda: VALUES["b"]) == VALUES["b"])
        cache.stats()
    finally:
        cache.close()


async def _async_cache(data: bytes) -> None:
    cache = AsyncRedisCache(_settings(data), url=ADDRESS, lock_seconds=0.01)
    _through(async_connection_class(Script(data)), cache._client)

    async def load(key: str) -> object:
        return VALUES[key]

    async def load_many(keys: list[str]) -> dict[str, object]:
        return {key: VALUES[key] for key in keys}

    try:
        _right(await cache.get_or_load("a", lambda: load("a")) == VALUES["a"])
        _right(await cache.get("a") in (None, VALUES["a"]))
        found = await cache.get_many(KEYS)
        _right(all(value == VALUES[key] for key, value in found.items()), found)
        loaded = await cache.get_or_load_many(KEYS, load_many)
        _right(loaded == VALUES, loaded)
        _right(isinstance(await cache.set("a", VALUES["a"]), bool))
        _right(isinstance(await cache.delete("a"), bool))
        _right(isinstance(await cache.set_many(VALUES), bool))
        _right(await cache.clear() >= 0)
        _right(await cache.get_or_load("b", lambda: load("b")) == VALUES["b"])
    finally:
        await cache.close()


def _redis_cache_async(data: bytes, _: Path) -> None:
    _loop().run_until_complete(_async_cache(data))


def _redis_entry(data: bytes, _: Path) -> None:
    """Read bytes that whoever may write to the server has sealed."""
    for serializer in ("msgpack", "json"):
        envelope = Envelope(serializer)
        sealed = bytearray(envelope.seal("k", None, 0.0, 0.0, nothing=False))
        head = bytes(sealed[: len(sealed) - 4 - len(_body(envelope))])
        for given in (data, _with_check(envelope, head, data)):
            try:
                envelope.open("k", given)
            except CorruptEntryError as error:
                _right(len(str(error)) < 1000)


def _body(envelope: Envelope) -> bytes:
    return envelope.serializer.dump(None)


def _with_check(envelope: Envelope, head: bytes, body: bytes) -> bytes:
    from perflab.patterns.redis_cache import _envelope as module

    check = module._CHECK.pack(module._checksum("k", head, body))
    return head + check + body


def _redis_server(data: bytes, _: Path) -> None:
    script = Script(data)

    def client(url: str, seconds: float) -> Any:
        made = CLIENT(url, seconds)
        _through(connection_class(script), made)
        return made

    for module in (redis_server, redis_monitor):
        module.redis_client = client  # type: ignore[attr-defined]
    try:
        server = redis_server.RedisServer(ADDRESS, "the test")
        _shown(server.version)
        monitor = redis_monitor.RedisMonitor(server)
        try:
            monitor.mark_empty()
            for _ in range(3):
                _right(all(isinstance(n, float) for n in monitor.counters().values()))
        finally:
            monitor.close()
    except BadInputError as error:
        _shown(str(error))
        raise


def _shown(text: str) -> None:
    _right(text.isprintable(), text)
    _right(SECRET not in text, text)
    _right(len(text) < 1000, text)


def _http(data: bytes, folder: Path) -> None:
    _loop().run_until_complete(_fetch(data, folder))


async def _fetch(data: bytes, folder: Path) -> None:
    server = await _http_server()
    server.play(data)
    settings = AsyncIOSettings(
        timeout=0.1, retries=1, backoff_seconds=0.001, max_body_bytes=1 << 20, retry_after_most=0.01
    )
    asked = [server.url, Request(server.url + "b", method=("HEAD", "POST")[len(data) % 2])]
    async with AsyncFetcher(settings) as fetcher:
        results = [result async for result in fetcher.fetch(asked)]
    _right(len(results) == len(asked))
    for result in results:
        _right(isinstance(result, Result))
        _right(len(result.body) <= 1 << 20)
        _shown(result.detail)
        result.line()


def _postgres_server(data: bytes, _: Path) -> None:
    server = _postgres()
    server.play(data)
    try:
        _shown(PostgresServer(_conninfo(server), "the test").version)
    except BadInputError as error:
        _shown(str(error))
        raise


def _postgres_pool(data: bytes, _: Path) -> None:
    server = _postgres()
    server.play(data)
    conninfo = _conninfo(server)
    settings = ConnectionPoolSettings(
        min_connections=0, max_connections=2, timeout=0.05, check=len(data) % 2 == 0
    )
    pool = open_pool(
        "perflab", lambda: psycopg.connect(conninfo, autocommit=True), settings, conninfo
    )
    try:
        for _ in range(2):
            try:
                connection = pool.getconn()
            except (psycopg.Error, PoolTimeoutError):
                continue
            try:
                # What the driver makes of rows that are none is between it and its caller.
                with suppress(Exception):
                    connection.execute("SELECT * FROM planes WHERE id = %s", ("N1",)).fetchall()
            finally:
                pool.putconn(connection)
        pool.stats()
    finally:
        pool.close()


def _conninfo(server: SocketServer) -> str:
    return f"host={server.folder} user=u password={SECRET} dbname=d connect_timeout=2"


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def _postgres() -> SocketServer:
    return SocketServer()


_servers: list[HttpServer] = []


async def _http_server() -> HttpServer:
    if not _servers:
        server = HttpServer()
        await server.start()
        _servers.append(server)
    return _servers[0]


TARGETS: dict[str, Target] = {
    "redis_cache": _redis_cache,
    "redis_cache_async": _redis_cache_async,
    "redis_entry": _redis_entry,
    "redis_server": _redis_server,
    "http": _http,
    "postgres_server": _postgres_server,
    "postgres_pool": _postgres_pool,
}
