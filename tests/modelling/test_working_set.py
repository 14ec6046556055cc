"""Working sets of a trace at several TTLs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.modelling.working_set import working_sets
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

TTLS = (1.0, 10.0, 60.0, math.inf)


@pytest.fixture
def trace():
    draw = np.random.default_rng(6)
    keys = draw.zipf(1.3, 5_000) % 400
    times = np.cumsum(draw.exponential(0.1, 5_000))
    return Trace.from_keys(keys, times=times, sizes=draw.integers(1, 100, 400)[keys])


def test_longer_lives_hold_more_and_hit_more(trace):
    found = working_sets(trace, TTLS, moments=50)
    assert found.keys.shape == found.bytes.shape == (4, 50)
    for per_ttl in (found.keys.mean(axis=1), found.peak_keys, found.peak_bytes, found.hit_rates):
        assert list(per_ttl) == sorted(per_ttl)
    assert (found.keys <= found.peak_keys[:, np.newaxis]).all()
    assert found.keys[-1, -1] == found.peak_keys[-1] == trace.n_keys


def test_a_cache_of_the_peak_loses_nothing_early(trace):
    found = working_sets(trace, TTLS[:3])
    for ttl, peak, rate in zip(TTLS, found.peak_keys, found.hit_rates, strict=False):
        settings = CacheSettings(max_cache_size=int(peak), ttl_seconds=ttl, expiry="eager")
        counts = CacheCounter(trace).counts(settings, LoadSettings())
        assert counts.evictions == 0
        assert counts.hits / len(trace) == rate


def test_a_rate_dates_what_has_no_times_and_sizes_are_not_needed():
    trace = Trace.from_keys([1, 2, 1, 3])
    found = working_sets(trace, [1.5], rate=1.0, moments=4)
    assert found.seconds.tolist() == [0, 1, 2, 3]
    assert found.keys.tolist() == [[1, 2, 2, 2]]
    assert found.bytes is None
    assert found.peak_bytes is None


def test_what_dates_nothing_or_lives_for_no_time_is_refused():
    trace = Trace.from_keys([1, 2])
    with pytest.raises(BadInputError, match="request_rate: the trace has no times"):
        working_sets(trace, [1.0])
    for wrong in (0.0, -1.0, math.nan):
        with pytest.raises(BadInputError, match=r"ttl_seconds: .* above 0"):
            working_sets(trace, [wrong], rate=1.0)
