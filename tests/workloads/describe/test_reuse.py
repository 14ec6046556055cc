from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.workloads import Loop, Trace, Zipf, kind_of
from perflab.workloads.describe.rates import longest_gap_share, rate_facts
from perflab.workloads.describe.reuse import NAMES, QUANTILES, reuse_quantiles
from perflab.workloads.describe.traces import key_counts
from perflab.workloads.registry.kinds import describe


def smallest_with(values, share):
    """Return the smallest value that at least such a share of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def reuses_by_hand(keys):
    """Return the distinct keys since a key came last, itself included, of each that came again."""
    for now, key in enumerate(keys):
        before = [then for then in range(now) if keys[then] == key]
        if before:
            yield len(set(keys[before[-1] : now])), now - before[-1]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60))
def test_quantiles_are_those_of_every_reuse(keys):
    trace = Trace.from_keys(keys, times=2 * np.arange(len(keys)))
    found = reuse_quantiles(trace)
    reuses = list(reuses_by_hand(keys))
    for name, share in zip(NAMES, QUANTILES, strict=True):
        distance = found[f"reuse_distance_{name}"]
        seconds = found[f"reuse_interval_seconds_{name}"]
        if not reuses:
            assert (distance, seconds) == (None, None)
            continue
        assert distance == smallest_with([keys for keys, _ in reuses], share)
        assert seconds == 2 * smallest_with([gap for _, gap in reuses], share)


def test_a_loop_comes_again_after_all_its_keys():
    found = reuse_quantiles(Loop(keys=50, requests=500).make())
    assert [found[f"reuse_distance_{name}"] for name in NAMES] == [50] * 3
    assert found["reuse_interval_seconds_p50"] is None
    assert found["reuse_sampled"] == 1


@pytest.mark.parametrize("skew", [0.6, 1.0])
def test_a_long_trace_is_judged_by_a_sample_of_its_keys(skew, monkeypatch):
    made = Zipf(skew=skew, keys=30_000, requests=400_000).make()
    trace = Trace("t", made.ids, made.n_keys, times=np.arange(400_000.0), keys=made.keys)
    exact = reuse_quantiles(trace)
    monkeypatch.setattr("perflab.workloads.describe.reuse.MOST_EXACT", 80_000)
    sampled = reuse_quantiles(trace)
    assert sampled["reuse_sampled"] == pytest.approx(0.2, abs=0.01)
    for name in NAMES:
        for what in ("reuse_distance", "reuse_interval_seconds"):
            near = pytest.approx(exact[f"{what}_{name}"], rel=0.25)
            assert sampled[f"{what}_{name}"] == near


def test_rates_are_those_of_equal_stretches_and_count_every_request():
    times = np.sort(np.random.default_rng(0).uniform(0, 240, 5_000))
    found = rate_facts(times)
    rates = found["requests_per_second_over_time"]
    assert len(rates) == 24
    assert sum(rates) * (times[-1] - times[0]) / 24 == pytest.approx(5_000)
    assert found["interarrival_seconds_p50"] == pytest.approx(np.median(np.diff(times)), rel=0.01)
    even = rate_facts(np.arange(0, 48.0))
    assert max(even["requests_per_second_over_time"]) < 1.6
    assert even["interarrival_seconds_p99"] == 1


def test_gaps_of_a_long_trace_are_sampled_and_the_longest_is_found_in_any_block(monkeypatch):
    gaps = np.random.default_rng(0).exponential(1, 50_000)
    gaps[33_333] = 70_000
    times = np.cumsum(gaps)
    exact = rate_facts(times)
    monkeypatch.setattr("perflab.workloads.describe.rates.MOST_GAPS", 5_000)
    monkeypatch.setattr("perflab.workloads.describe.rates.BLOCK", 100)
    sampled = rate_facts(times)
    for name in NAMES:
        what = f"interarrival_seconds_{name}"
        assert sampled[what] == pytest.approx(exact[what], rel=0.15)
    assert longest_gap_share(times) == pytest.approx(70_000 / (times[-1] - times[0]))


def test_keys_of_a_long_trace_are_counted_alike(monkeypatch):
    trace = Zipf(keys=500, requests=20_000).make()
    counts = key_counts(trace)
    monkeypatch.setattr("perflab.workloads.describe.traces.NUMBA_PAYS_FROM", 0)
    assert key_counts(trace).tolist() == counts.tolist()
    assert key_counts(trace).dtype == np.int64


@pytest.mark.parametrize("times", [None, np.array([5.0]), np.array([5.0, 5.0])])
def test_times_that_do_not_pass_have_no_rate(times):
    assert set(rate_facts(times).values()) == {None}
    assert longest_gap_share(times) == 0


@pytest.mark.parametrize(("keys", "distance"), [(1, 1), (3, 3), (50, 50)])
def test_a_long_trace_of_few_keys_is_described(keys, distance, monkeypatch):
    monkeypatch.setattr("perflab.workloads.describe.reuse.MOST_EXACT", 1000)
    trace = Trace.from_keys(np.arange(20_000) % keys, times=np.arange(20_000.0))
    found = reuse_quantiles(trace)
    assert found["reuse_distance_p50"] == distance
    assert found["reuse_interval_seconds_p50"] == keys
    assert describe(trace)["distinct_keys"] == keys
    assert kind_of(trace).facts(trace)
