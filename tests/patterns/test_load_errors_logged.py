"""A loader that raises is logged under the pattern's name; nothing is, unless logging is set up."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys

import pytest

from perflab.patterns.cache import Cache
from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.redis_cache import AsyncRedisCache, RedisCache
from perflab.servers.redis.server import RedisServer


def fail(*_):
    raise LookupError("no such product")


async def fail_later():
    await asyncio.sleep(0)
    fail()


class Unreadable:
    def __repr__(self):
        raise RuntimeError("no text")


class FailingStore:
    columns = ("n",)

    def __len__(self):
        return 100

    def read(self, start, stop):
        fail(start, stop)


def said(caplog, pattern):
    name = f"perflab.patterns.{pattern}"
    return [one.getMessage() for one in caplog.records if one.name == name]


@pytest.fixture
def cache_log(caplog):
    caplog.set_level(logging.INFO, "perflab.patterns")
    return caplog


@pytest.mark.parametrize(
    "key", [7, "price", ("a", 1), b"raw"], ids=["int", "text", "pair", "bytes"]
)
def test_failed_load_of_a_cache_is_one_line_with_its_key(key, cache_log):
    with pytest.raises(LookupError):
        Cache().get_or_load(key, fail)
    (line,) = said(cache_log, "cache")
    assert line.startswith(f"load of {key!r} failed after 0.0")
    assert line.endswith("s: LookupError: no such product")


def test_failed_load_of_a_task_is_logged(cache_log):
    cache = Cache()

    @cache
    async def price(_number):
        await fail_later()

    with pytest.raises(LookupError):
        asyncio.run(price(7))
    assert len(said(cache_log, "cache")) == 1


def test_key_without_a_text_or_of_any_length_is_cut(cache_log):
    cache = Cache()
    for key in (Unreadable(), "x" * 100_000):
        with pytest.raises(LookupError):
            cache.get_or_load(key, fail)
    assert all(len(line) < 300 for line in said(cache_log, "cache"))
    assert len(said(cache_log, "cache")) == 2


def test_failed_loads_of_redis_are_logged_by_threads_and_tasks(cache_log):
    async def ask(url):
        async with AsyncRedisCache(url=url) as cache:
            await cache.get_or_load("b", fail_later)

    with RedisServer.start() as server:
        with RedisCache(url=server.url) as cache, pytest.raises(LookupError):
            cache.get_or_load("a", fail)
        with pytest.raises(LookupError):
            asyncio.run(ask(server.url))
    lines = [line for line in said(cache_log, "redis_cache") if "load of" in line]
    assert [line[:11] for line in lines] == ["load of 'a'", "load of 'b'"]


def test_chunk_that_cannot_be_read_is_logged(cache_log):
    with LazyLoader(store=FailingStore(), chunk_size=10) as rows, pytest.raises(LookupError):
        rows[25]
    (line,) = said(cache_log, "lazy_loading")
    assert "chunk 2" in line


def test_recursion_that_never_ends_is_the_callers_error_though_it_is_logged(cache_log):
    cache = Cache()

    @cache
    def endless(number):
        return endless(number + 1)

    with pytest.raises(RecursionError):
        endless(0)
    with pytest.raises(LookupError):
        cache.get_or_load("after", fail)
    assert any("'after'" in line for line in said(cache_log, "cache"))


def test_nothing_is_printed_by_a_program_without_logging():
    program = (
        "from perflab.patterns.cache import Cache\n"
        "try:\n    Cache().get_or_load(1, lambda key: 1 / 0)\n"
        "except ZeroDivisionError:\n    pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
