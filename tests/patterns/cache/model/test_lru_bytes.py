"""LRU over bytes from one pass, against the simulation of each capacity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.bench import load_bench
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

LOAD = LoadSettings()


def both(trace, **values):
    """Return what one pass and what the simulation of this capacity say."""
    prepared, fresh = CacheCounter(trace), CacheCounter(trace)
    prepared.prepare()
    settings = CacheSettings(**values)
    return prepared.counts(settings, LOAD), fresh.counts(settings, LOAD)


@given(
    keys=st.lists(st.integers(0, 9), min_size=1, max_size=100),
    size_of=st.lists(st.integers(0, 9), min_size=10, max_size=10),
    max_bytes=st.one_of(st.none(), st.integers(1, 70)),
    max_cache_size=st.integers(1, 12),
)
def test_one_pass_counts_all_that_a_simulation_counts(keys, size_of, max_bytes, max_cache_size):
    trace = Trace.from_keys(keys, sizes=[size_of[key] for key in keys])
    one_pass, simulated = both(trace, max_bytes=max_bytes, max_cache_size=max_cache_size)
    assert one_pass == simulated


@given(
    keys=st.lists(st.integers(0, 5), min_size=1, max_size=60),
    data=st.data(),
    max_bytes=st.integers(1, 40),
)
def test_sizes_that_change_are_simulated(keys, data, max_bytes):
    sizes = data.draw(st.lists(st.integers(0, 9), min_size=len(keys), max_size=len(keys)))
    one_pass, simulated = both(Trace.from_keys(keys, sizes=sizes), max_bytes=max_bytes)
    assert one_pass == simulated


@pytest.fixture
def sized():
    draw = np.random.default_rng(4)
    keys = draw.zipf(1.2, 20_000) % 2_000
    size_of = draw.integers(100, 5_000, 2_000)
    return Trace.from_keys(keys, sizes=size_of[keys])


def test_every_capacity_is_ready_after_the_first(sized):
    model = CacheCounter(sized)
    model.prepare()
    first = CacheSettings(max_cache_size=10_000, max_bytes=100_000)
    assert not model.ready(first, LOAD)
    model.counts(first, LOAD)
    for max_bytes in (5_000, 70_000, 2**30):
        assert model.ready(first.change(max_bytes=max_bytes), LOAD)
        assert not model.ready(first.change(max_bytes=max_bytes, policy="sieve"), LOAD)


def test_both_hit_rates_rise_with_bytes_and_end_at_first_misses(sized):
    costs = load_bench("cache").calibration.shipped_costs
    model = CacheModel.of(sized, costs)
    model.prepare()
    points = [
        model.predict(CacheSettings(max_cache_size=10_000, max_bytes=most), LOAD).metrics
        for most in np.geomspace(5_000, 2_000 * 5_000, 12).astype(int).tolist()
    ]
    for metric in ("hit_rate", "byte_hit_rate", "memory_bytes"):
        values = [point[metric] for point in points]
        assert values == sorted(values)
    assert points[-1]["misses"] == sized.n_keys
    assert points[0]["memory_bytes"] <= 5_000 + points[0]["entries"] * costs["bytes_per_entry"]
