"""What Prometheus scrapes of patterns, read out of the text that it gets."""

from __future__ import annotations

import sqlite3

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from perflab.instrumentation.prometheus import PrometheusExport
from perflab.patterns.cache import Cache
from perflab.patterns.connection_pool import ConnectionPool


@pytest.fixture
def registry():
    return CollectorRegistry()


def labels(kind):
    return (("kind", kind), ("name", "prices"))


def scraped(registry):
    """Return the samples of an exposition by name and labels."""
    text = generate_latest(registry).decode()
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_statistics_are_those_of_the_moment_of_a_scrape(registry):
    cache = Cache(max_cache_size=10)
    PrometheusExport(registry).watch("prices", cache.stats)
    for expected in (1.0, 2.0):
        cache.get_or_load(f"{expected}", lambda _: 7)
        found = scraped(registry)
        for key, value in cache.stats().items():
            assert found[(f"perflab_{key}", ("name", "prices"))] == value
        assert found[("perflab_misses", ("name", "prices"))] == expected


def test_two_patterns_of_two_kinds_stand_side_by_side(registry):
    export = PrometheusExport(registry)
    caches = {name: Cache(max_cache_size=10) for name in ("prices", "names")}
    for name, cache in caches.items():
        export.watch(name, cache.stats)
    caches["names"].get_or_load(1, lambda _: 7)
    with ConnectionPool(lambda: sqlite3.connect(":memory:", check_same_thread=False)) as pool:
        export.watch("shop", pool.stats)
        with pool.connection():
            found = scraped(registry)
    assert found[("perflab_misses", ("name", "prices"))] == 0
    assert found[("perflab_misses", ("name", "names"))] == 1
    assert found[("perflab_connections_in_use", ("name", "shop"))] == 1


def test_events_are_counted_and_their_seconds_fall_into_buckets(registry):
    export = PrometheusExport(registry, buckets=(0.001, 60.0))
    cache = Cache(max_cache_size=10, hook=export.hook("prices"))
    for key in (1, 1, 2):
        cache.get_or_load(key, lambda _: 7)
    found = scraped(registry)

    assert found[("perflab_events_total", *labels("hit"))] == 1
    assert found[("perflab_events_total", *labels("load_finished"))] == 2
    assert found[("perflab_event_seconds_count", *labels("load_finished"))] == 2
    bucket = (("kind", "load_finished"), ("le", "60.0"), ("name", "prices"))
    assert found[("perflab_event_seconds_bucket", *bucket)] == 2
    assert ("perflab_event_seconds_count", *labels("hit")) not in found
