"""What OpenTelemetry collects of patterns, read by its own reader."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from perflab.instrumentation.opentelemetry import OpenTelemetryExport
from perflab.patterns.cache import Cache


@pytest.fixture
def reader():
    return InMemoryMetricReader()


@pytest.fixture
def export(reader):
    provider = MeterProvider(metric_readers=[reader])
    yield OpenTelemetryExport(provider.get_meter("perflab"))
    provider.shutdown()


def labels(kind):
    return (("kind", kind), ("name", "prices"))


def collected(reader):
    """Return the data points by the metric's name and the attributes."""
    return {
        (metric.name, *sorted(point.attributes.items())): point
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    }


def test_statistics_are_those_of_the_moment_of_a_collection(reader, export):
    caches = {name: Cache(max_cache_size=10) for name in ("prices", "names")}
    for name, cache in caches.items():
        export.watch(name, cache.stats)
    for expected in (1, 2):
        caches["prices"].get_or_load(expected, lambda _: 7)
        found = collected(reader)
        for name, cache in caches.items():
            for key, value in cache.stats().items():
                point = found[("perflab.stats", ("name", name), ("stat", key))]
                assert point.value == value
        assert caches["prices"].stats()["misses"] == expected


def test_events_are_counted_and_their_seconds_recorded(reader, export):
    cache = Cache(max_cache_size=10, hook=export.hook("prices"))
    for key in (1, 1, 2):
        cache.get_or_load(key, lambda _: 7)
    found = collected(reader)

    assert found[("perflab.events", *labels("hit"))].value == 1
    duration = found[("perflab.event.duration", *labels("load_finished"))]
    assert duration.count == 2
    assert 0 < duration.sum < 60
    assert ("perflab.event.duration", *labels("hit")) not in found
