"""LRU with lazy expiry in a prepared model, against the simulation of each size and TTL."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab import kernels
from perflab.patterns.cache.model import counter as cache
from perflab.patterns.cache.model import lru_lifetimes
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.model.lru_lifetimes import LruLifetimes
from perflab.patterns.cache.model.scaled_down import ScaledDown
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

RATE = LoadSettings(request_rate=2.0)


@pytest.fixture
def asked(monkeypatch):
    """Note each question that is answered without a simulation."""
    questions = []
    counts = LruLifetimes.counts

    def noted(self, *arguments):
        questions.append(arguments)
        return counts(self, *arguments)

    monkeypatch.setattr(LruLifetimes, "counts", noted)
    return questions


def trace_of(length=4_000, **columns):
    draw = np.random.default_rng(6)
    made = {
        "times": np.cumsum(draw.exponential(0.5, length)),
        "sizes": draw.integers(0, 500, length),
        "ttls": np.where(draw.random(length) < 0.5, draw.exponential(200, length), np.nan),
    }
    keys = draw.zipf(1.2, length) % 900
    return Trace.from_keys(keys, **{name: made[name] for name in made if name in columns})


@given(
    keys=st.lists(st.integers(0, 9), min_size=1, max_size=80),
    size=st.integers(1, 12),
    ttls=st.lists(st.floats(0.5, 30), min_size=1, max_size=3),
)
def test_a_prepared_model_counts_what_a_simulation_counts(keys, size, ttls):
    prepared, fresh = CacheCounter(Trace.from_keys(keys)), CacheCounter(Trace.from_keys(keys))
    prepared.prepare()
    for ttl in ttls:
        settings = CacheSettings(max_cache_size=size, ttl_seconds=ttl)
        assert prepared.counts(settings, RATE) == fresh.counts(settings, RATE)


@pytest.mark.parametrize(
    "columns", [(), ("times",), ("times", "sizes"), ("times", "ttls"), ("sizes", "ttls")]
)
def test_sizes_and_lifetimes_of_requests_are_looked_at(asked, columns):
    trace = trace_of(**dict.fromkeys(columns))
    prepared, fresh = CacheCounter(trace), CacheCounter(trace)
    prepared.prepare()
    for size in (1, 30, 400, 10_000):
        for load in (RATE, LoadSettings(request_rate=40.0)):
            for ttl in (5.0, 60.0, 900.0):
                settings = CacheSettings(max_cache_size=size, ttl_seconds=ttl)
                assert prepared.counts(settings, load) == fresh.counts(settings, load)
    assert len(asked) >= 12


@pytest.mark.parametrize(
    "values",
    [{"expiry": "eager"}, {"max_bytes": 20_000}, {"policy": "fifo"}],
    ids=["eager", "bytes", "fifo"],
)
def test_what_depends_on_the_ttl_is_simulated(asked, values):
    trace = trace_of(times=True, sizes=True)
    prepared, fresh = CacheCounter(trace), CacheCounter(trace)
    prepared.prepare()
    settings = CacheSettings(max_cache_size=200, ttl_seconds=60, **values)
    assert prepared.counts(settings, RATE) == fresh.counts(settings, RATE)
    assert not asked


def test_some_of_the_requests_are_simulated(asked):
    trace = trace_of(times=True)
    prepared, fresh = CacheCounter(trace), CacheCounter(trace)
    prepared.prepare()
    settings = CacheSettings(max_cache_size=100, ttl_seconds=60)
    for part in (slice(1_000, 3_000), slice(0, 2_000), slice(2_000, 9_000)):
        assert prepared.counts(settings, RATE, part) == fresh.counts(settings, RATE, part)
    assert not asked


def test_a_long_trace_keeps_no_distances(asked, monkeypatch):
    monkeypatch.setattr(cache, "MOST_REQUESTS", 3_999)
    model = CacheCounter(trace_of(times=True))
    model.prepare()
    settings = CacheSettings(max_cache_size=100, ttl_seconds=60)
    assert model.counts(settings, RATE).hits > 0
    assert not asked


def test_departures_are_found_again_where_there_is_no_room_for_all(monkeypatch):
    monkeypatch.setattr(lru_lifetimes, "_MOST_BYTES", 5_000)
    found = []
    plain = kernels.lru_departures
    monkeypatch.setattr(
        kernels, "lru_departures", lambda *given: found.append(given[2]) or plain(*given)
    )
    trace = trace_of(times=True)
    prepared, fresh = CacheCounter(trace), CacheCounter(trace)
    prepared.prepare()
    for ttl, size in enumerate((10, 10, 200, 10, 300, 10), 50):
        settings = CacheSettings(max_cache_size=size, ttl_seconds=ttl)
        assert prepared.counts(settings, RATE) == fresh.counts(settings, RATE)
    assert found == [10, 200, 300, 10]


@pytest.mark.parametrize("columns", [(), ("times",), ("ttls",)])
def test_a_prepared_sample_says_what_one_says_that_is_not(asked, columns):
    trace = trace_of(60_000, **dict.fromkeys(columns))
    trace = Trace.from_keys(
        np.random.default_rng(1).integers(0, 40_000, len(trace)) % 30_000,
        times=trace.times,
        ttls=trace.ttls,
    )
    prepared, fresh = (
        ScaledDown(trace, 0.5),
        ScaledDown(trace, 0.5),
    )
    prepared.prepare()
    for size in (60, 3_000, 20_000):
        settings = CacheSettings(max_cache_size=size, ttl_seconds=700)
        answers = []
        for model in (prepared, fresh):
            model.draw(settings, RATE, 0)
            answers.append(model.answers(model.line(settings, RATE)))
        assert answers[0] == answers[1]
    assert len(asked) == 3
