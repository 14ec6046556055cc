"""LRU with lazy expiry from what does not depend on the TTL, against the bounded simulation."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perflab import kernels

MANY = 12 if numba.config.DISABLE_JIT else 300

gaps = st.floats(0, 3, allow_nan=False).map(lambda gap: round(gap, 1))
lives = st.one_of(st.just(math.nan), st.just(math.inf), st.floats(0, 9).map(lambda s: round(s, 1)))
requests = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 12), gaps, lives), max_size=200)


def dated(ids, n_keys, times, sizes=(), ttls=()):
    """Return the requests key by key, and what departures follow from."""
    previous, following = kernels.previous_and_next(ids, n_keys)
    _, distances = kernels.lru_curve_and_distances(previous)
    order = kernels.by_key(ids, n_keys)
    columns = (np.asarray(column)[order] if len(column) else [] for column in (sizes, ttls))
    found = kernels.DatedRequests(n_keys, order, distances[order], times[order], times, *columns)
    return found, previous, following


@settings(max_examples=MANY)
@given(
    requests=requests,
    ttl=st.sampled_from([math.inf, 0.0, 0.5, 3.0, 10.0]),
    sized=st.booleans(),
    varied=st.booleans(),
)
def test_counts_are_those_of_the_simulation_at_every_size(requests, ttl, sized, varied):
    ids, unique = kernels.dense_ids(np.array([key for key, *_ in requests], np.int64))
    times = np.cumsum([gap for _, _, gap, _ in requests], dtype=np.float64)
    sizes = [size for _, size, *_ in requests] if sized else []
    ttls = [life for *_, life in requests] if varied else []
    found, previous, following = dated(ids, len(unique), times, sizes, ttls)
    for size in range(1, len(unique) + 2):
        departures = kernels.lru_departures(previous, following, size)
        assert kernels.lru_with_ttl(found, departures, size, ttl) == kernels.policy_counts(
            "lru", ids, len(unique), size, sizes=sizes, times=times, ttl=ttl, ttls=ttls
        )


@pytest.mark.compiled
@pytest.mark.parametrize("varied", [False, True])
@pytest.mark.parametrize("pace", ["even", "bursts"])
def test_a_long_trace_is_counted_alike_at_lives_about_as_long_as_entries_stay(pace, varied):
    draw = np.random.default_rng(11)
    length = 120_000
    ids, unique = kernels.dense_ids(draw.zipf(1.2, length) % 20_000)
    times = np.arange(length) / 10.0
    if pace == "bursts":
        times = np.cumsum(draw.exponential(1.0, length) * (draw.random(length) < 0.05))
    sizes = draw.integers(0, 1_000, length)
    ttls = np.where(draw.random(length) < 0.3, draw.exponential(500.0, length), np.nan)
    ttls = ttls if varied else []
    found, previous, following = dated(ids, len(unique), times, sizes, ttls)
    for size in (1, 20, 400, 3_000, len(unique)):
        departures = kernels.lru_departures(previous, following, size)
        for ttl in (0.05, 7.0, 90.0, 1_100.0, 9_000.0, math.inf):
            counts = kernels.lru_with_ttl(found, departures, size, ttl)
            assert counts == kernels.policy_counts(
                "lru", ids, len(unique), size, sizes=sizes, times=times, ttl=ttl, ttls=ttls
            )


@pytest.mark.compiled
@pytest.mark.parametrize("slow", [0, 1, 63, 64, 65, 127, 128, 190])
@pytest.mark.parametrize("size", [1, 5])
def test_one_entry_that_stays_longer_than_others_is_told_from_them(slow, size):
    ids = np.arange(200)
    gaps = np.where(ids == slow + 1, 100.0, 1.0)
    found, previous, following = dated(ids, 200, np.cumsum(gaps))
    departures = kernels.lru_departures(previous, following, size)
    counts = kernels.lru_with_ttl(found, departures, size, 50.0)
    assert counts == kernels.policy_counts("lru", ids, 200, size, times=np.cumsum(gaps), ttl=50.0)
    assert counts.expirations == min(size, slow + 1)


@given(ids=st.lists(st.integers(0, 20), max_size=300))
def test_requests_key_by_key_are_a_stable_sort(ids):
    assert kernels.by_key(ids, 21).tolist() == np.argsort(ids, kind="stable").tolist()


@settings(max_examples=MANY // 6)
@given(ids=st.lists(st.integers(0, 40), max_size=400), capacity=st.integers(1, 45))
def test_departures_are_those_of_a_plain_cache(ids, capacity):
    previous, following = kernels.previous_and_next(ids, 41)
    found = kernels.lru_departures(previous, following, capacity)
    held: dict[int, int] = {}
    left, pushed = [], []
    for now, key in enumerate(ids):
        if key not in held and len(held) == capacity:
            oldest = next(iter(held))
            left.append(held.pop(oldest))
            pushed.append(now)
        held.pop(key, None)
        held[key] = now
    assert bits(found.left) == left
    assert bits(found.pushed) == pushed
    assert found.requests.tolist() == pushed[::16]
    assert found.entries.tolist() == left[::64] + left[-1:]
    assert found.before.tolist() == [
        sum(place < 64 * word for place in left) for word in range(len(found.left))
    ]


def bits(words):
    """Return the places of all set bits."""
    return np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little")).tolist()


def test_a_cache_of_nothing_has_no_departures():
    with pytest.raises(ValueError, match="at least 1 entry, got 0"):
        kernels.lru_departures([-1], [1], 0)
