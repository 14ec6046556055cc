"""What lives at once under a lifetime, against a dictionary of entries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab import kernels

KEYS = 6
requests = st.lists(
    st.tuples(
        st.integers(0, KEYS - 1),
        st.floats(0, 3).map(lambda gap: round(gap, 1)),
        st.integers(0, 9),
    ),
    max_size=60,
)


def plain(ids, times, sizes, ttl, moments):
    """Return live keys and bytes at each moment, both peaks, and the hits."""
    entries, live, peaks, hits = {}, [], (0, 0), 0

    def held(now):
        alive = [size for written, size in entries.values() if now < written + ttl]
        return len(alive), sum(alive)

    position = 0
    for moment in [*moments, math.inf]:
        while position < len(ids) and times[position] <= moment:
            key, now = ids[position], times[position]
            if key in entries and now < entries[key][0] + ttl:
                hits += 1
            else:
                entries[key] = now, sizes[position]
                peaks = tuple(map(max, peaks, held(now)))
            position += 1
        live.append(held(moment))
    return live[:-1], peaks, hits


@given(
    requests=requests,
    ttl=st.sampled_from([0.1, 0.5, 2.0, 7.0, 1e9, math.inf]),
    moments=st.lists(st.floats(-2, 100).map(lambda s: round(s, 1)), max_size=12).map(sorted),
)
def test_live_keys_and_bytes_are_those_of_a_dictionary(requests, ttl, moments):
    ids = [key for key, *_ in requests]
    times = np.cumsum([gap for _, gap, _ in requests]).tolist()
    sizes = [size for *_, size in requests]
    found = kernels.working_set(ids, KEYS, times, ttl, moments, sizes)
    live, peaks, hits = plain(ids, times, sizes, ttl, moments)
    assert list(zip(found.keys.tolist(), found.bytes.tolist(), strict=True)) == live
    assert (found.peak_keys, found.peak_bytes) == peaks
    assert found.hits == hits


@given(requests=requests, ttl=st.sampled_from([0.5, 3.0, math.inf]))
def test_hits_are_those_of_a_cache_with_room_for_all_keys(requests, ttl):
    ids = [key for key, *_ in requests]
    times = np.cumsum([gap for _, gap, _ in requests])
    found = kernels.working_set(ids, KEYS, times, ttl, times)
    assert found.hits == kernels.policy_counts("lru", ids, KEYS, KEYS, times=times, ttl=ttl).hits
    assert found.keys.tolist() == found.bytes.tolist()


def test_another_number_of_times_or_sizes_is_refused():
    with pytest.raises(ValueError, match="1 times for 2 requests"):
        kernels.working_set([0, 0], 1, [1.0], 1.0, [])
    with pytest.raises(ValueError, match="3 sizes for 2 requests"):
        kernels.working_set([0, 0], 1, [1.0, 2.0], 1.0, [], [1, 1, 1])


def with_operations(ids, codes, times, sizes, ttl, moments):
    """As `plain`, with writes, renewals and removals."""
    entries, loaded, live, peaks, hits = {}, set(), [], (0, 0), 0
    rows = list(zip(ids, codes, times, sizes, strict=True))
    for moment in [*moments, math.inf]:
        while rows and rows[0][2] <= moment:
            key, code, now, size = rows.pop(0)
            entries = {k: entry for k, entry in entries.items() if now < entry[0] + ttl}
            fill = key in loaded and code in (1, 4)
            loaded.discard(key)
            if code == 0 and key in entries:
                hits += 1
            elif code in (0, 1) or (fill and key in entries):
                entries[key] = now, size
                if code == 0:
                    loaded.add(key)
            elif code == 2 and key in entries:
                entries[key] = now, entries[key][1]
            elif code > 2:
                entries.pop(key, None)
            held = len(entries), sum(size for _, size in entries.values())
            peaks = tuple(map(max, peaks, held))
        alive = [size for began, size in entries.values() if moment < began + ttl]
        live.append((len(alive), sum(alive)))
    return live[:-1], peaks, hits


@pytest.mark.parametrize("seed", range(60))
def test_writes_begin_lifetimes_anew_and_removals_end_them(seed):
    rng = np.random.default_rng(seed)
    length = int(rng.integers(1, 80))
    ids, codes = rng.integers(0, KEYS, length).tolist(), rng.choice(5, length).tolist()
    times = np.cumsum(rng.integers(0, 20, length) / 10).tolist()
    sizes, ttl = rng.integers(0, 9, length).tolist(), float(rng.choice([0.5, 2.0, math.inf]))
    moments = sorted((rng.integers(-20, 800, 9) / 10).tolist())
    found = kernels.working_set(ids, KEYS, times, ttl, moments, sizes, operations=codes)
    live, peaks, hits = with_operations(ids, codes, times, sizes, ttl, moments)
    assert list(zip(found.keys, found.bytes, strict=True)) == live
    assert (found.peak_keys, found.peak_bytes, found.hits) == (*peaks, hits)


def test_all_gets_are_the_working_set_without_operations():
    ids, times = np.random.default_rng(1).integers(0, 30, 500), np.arange(500.0)
    given = (ids, 30, times, 20.0, np.arange(0, 600, 7.0), ids + 1)
    gets = kernels.working_set(*given, operations=np.zeros(500, np.uint8))
    for one, other in zip(gets, kernels.working_set(*given), strict=True):
        assert np.array_equal(one, other)
