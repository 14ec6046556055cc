"""What is no settings of a pattern is refused where it is passed, by one clear error."""

from __future__ import annotations

import pytest

from perflab.errors import BadInputError
from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.cache import Cache, CacheSettings
from perflab.patterns.connection_pool import ConnectionPool, ConnectionPoolSettings
from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.prefetching import AsyncPrefetcher, Prefetcher, PrefetchingSettings
from perflab.patterns.redis_cache import RedisCache, RedisCacheSettings
from perflab.patterns.streaming import StreamProcessor
from perflab.settings import LoadSettings

WRONG = [10, "10k", {"max_cache_size": 10}, LoadSettings()]


def nothing(*_):
    return []


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: type(wrong).__name__)
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (Cache, "CacheSettings"),
        (lambda wrong: ConnectionPool(nothing, wrong), "ConnectionPoolSettings"),
        (lambda wrong: Prefetcher(nothing, wrong), "PrefetchingSettings"),
        (lambda wrong: AsyncPrefetcher(nothing, wrong), "PrefetchingSettings"),
        (AsyncFetcher, "AsyncIOSettings"),
        (RedisCache, "RedisCacheSettings"),
        (LazyLoader, "LazyLoadingSettings"),
        (StreamProcessor, "StreamingSettings"),
    ],
    ids=[
        "cache",
        "pool",
        "prefetcher",
        "async_prefetcher",
        "fetcher",
        "redis_cache",
        "loader",
        "stream",
    ],
)
def test_a_pattern_takes_settings_of_its_own_alone(make, name, wrong):
    with pytest.raises(
        BadInputError, match=f"settings: must be {name}, not {type(wrong).__name__}"
    ):
        make(wrong)


def test_changes_are_settings_of_its_own_too():
    pool = ConnectionPool(nothing, ConnectionPoolSettings(min_connections=0))
    for running in (Cache(), pool, Prefetcher(nothing), AsyncFetcher()):
        with pytest.raises(BadInputError, match="settings: must be"):
            running.apply(RedisCacheSettings())
    pool.close()


def test_none_stands_for_what_holds():
    small = CacheSettings(max_cache_size=3)
    assert CacheSettings.given(None) == CacheSettings()
    assert CacheSettings.given(None, small) is small
    assert CacheSettings.given(small) is small
    assert PrefetchingSettings.given(None) == PrefetchingSettings()
