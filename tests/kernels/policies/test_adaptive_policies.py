"""ARC, 2Q and W-TinyLFU at one size, request for request, against plain Python caches."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab import kernels

KEYS = 12


class PlainArc:
    """The pseudo-code of the paper, figure 4, with real numbers for the target."""

    def __init__(self, capacity):
        self.capacity, self.target = capacity, 0.0
        self.t1, self.t2, self.b1, self.b2 = (OrderedDict() for _ in range(4))

    def request(self, key):
        for lst in (self.t1, self.t2):
            if key in lst:
                del lst[key]
                self.t2[key] = None
                return True
        if key in self.b1:
            self.target += max(len(self.b2) / len(self.b1), 1)
            self.target = min(self.capacity, self.target)
            self.replace(in_b2=False)
            del self.b1[key]
            self.t2[key] = None
        elif key in self.b2:
            self.target = max(0, self.target - max(len(self.b1) / len(self.b2), 1))
            self.replace(in_b2=True)
            del self.b2[key]
            self.t2[key] = None
        else:
            self.miss()
            self.t1[key] = None
        return False

    def miss(self):
        held = sum(map(len, (self.t1, self.t2, self.b1, self.b2)))
        if len(self.t1) + len(self.b1) == self.capacity:
            if len(self.t1) == self.capacity:
                self.t1.popitem(last=False)
            else:
                self.b1.popitem(last=False)
                self.replace(in_b2=False)
        elif held >= self.capacity:
            if held == 2 * self.capacity:
                self.b2.popitem(last=False)
            self.replace(in_b2=False)

    def replace(self, *, in_b2):
        once = len(self.t1)
        if once and (once > self.target or (in_b2 and once == self.target)):
            self.b1[self.t1.popitem(last=False)[0]] = None
        else:
            self.b2[self.t2.popitem(last=False)[0]] = None


class PlainTwoQ:
    """The full version of 2Q, section 3, with the sizes of libCacheSim."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.a1in, self.a1out, self.am = OrderedDict(), OrderedDict(), OrderedDict()

    def request(self, key):
        if key in self.am:
            self.am.move_to_end(key)
            return True
        if key in self.a1in:
            return True
        remembered = key in self.a1out
        self.a1out.pop(key, None)
        if len(self.a1in) + len(self.am) == self.capacity:
            if len(self.a1in) > self.capacity // 4:
                gone, _ = self.a1in.popitem(last=False)
                if self.capacity // 2 > 0:
                    if len(self.a1out) == self.capacity // 2:
                        self.a1out.popitem(last=False)
                    self.a1out[gone] = None
            else:
                self.am.popitem(last=False)
        (self.am if remembered else self.a1in)[key] = None
        return False


class PlainSketch:
    """Caffeine's FrequencySketch: rows of 4-bit counters within a block of eight words."""

    def __init__(self, capacity):
        self.words = max(8, 1 << (capacity - 1).bit_length())
        self.counters = np.zeros((self.words, 16), np.int64)
        self.most, self.added = 10 * capacity, 0

    def places(self, key):
        x = key
        x ^= x >> 17
        x = x * 0xED5AD4BB % 2**32
        x ^= x >> 11
        x = x * 0xAC4C1B51 % 2**32
        x ^= x >> 15
        block = x % (self.words // 8) * 8
        x = x * 0x31848BAB % 2**32
        x ^= x >> 14
        rows = [x >> 8 * row & 0xFF for row in range(4)]
        return [(block + 2 * row + (h & 1), h >> 1 & 15) for row, h in enumerate(rows)]

    def add(self, key):
        grown = False
        for place in self.places(key):
            if self.counters[place] < 15:
                self.counters[place] += 1
                grown = True
        self.added += grown
        if grown and self.added == self.most:
            odd = int((self.counters & 1).sum())
            self.counters >>= 1
            self.added = (self.added - odd // 4) // 2

    def estimate(self, key):
        return min(self.counters[place] for place in self.places(key))


class PlainWTinyLfu:
    """Caffeine's WindowTinyLfuPolicy."""

    def __init__(self, capacity):
        self.capacity = capacity
        main = int(capacity * 0.99)
        self.window_room, self.protected_room = capacity - main, int(main * 0.8)
        self.window, self.probation, self.protected = OrderedDict(), OrderedDict(), OrderedDict()
        self.sketch = PlainSketch(capacity)

    def request(self, key):
        self.sketch.add(key)
        for lst in (self.window, self.protected):
            if key in lst:
                lst.move_to_end(key)
                return True
        if key in self.probation:
            del self.probation[key]
            self.protected[key] = None
            if len(self.protected) > self.protected_room:
                self.probation[self.protected.popitem(last=False)[0]] = None
            return True
        self.window[key] = None
        if len(self.window) > self.window_room:
            candidate, _ = self.window.popitem(last=False)
            self.probation[candidate] = None
            if len(self.window) + len(self.probation) + len(self.protected) > self.capacity:
                victim = next(iter(self.probation))
                admitted = self.sketch.estimate(candidate) > self.sketch.estimate(victim)
                del self.probation[victim if admitted else candidate]
        return False


PLAIN = {"arc": PlainArc, "twoq": PlainTwoQ, "wtinylfu": PlainWTinyLfu}


def flags(policy, ids, capacity, n_keys=KEYS):
    ids = np.array(ids, np.int32)
    requests = kernels.Requests(ids, n_keys, *kernels.previous_and_next(ids, n_keys))
    return kernels.policy_hits(policy, requests, capacity, 1).tolist()


def plain_flags(policy, ids, capacity):
    cache = PLAIN[policy](capacity)
    return [int(cache.request(key)) for key in ids]


@pytest.mark.parametrize("policy", PLAIN)
@given(ids=st.lists(st.integers(0, KEYS - 1), max_size=150), capacity=st.integers(1, KEYS + 2))
def test_each_request_hits_as_in_a_plain_cache(policy, ids, capacity):
    assert flags(policy, ids, capacity) == plain_flags(policy, ids, min(capacity, KEYS))


@pytest.mark.parametrize("policy", PLAIN)
@pytest.mark.parametrize("capacity", [2, 9, 100, 333, 1_500])
@pytest.mark.parametrize("shape", ["skewed", "shifting", "looping"])
def test_long_traces_agree_with_a_plain_cache(policy, capacity, shape):
    rng = np.random.default_rng(capacity)
    length, n_keys = 12_000, 3_000
    ids = np.minimum(rng.zipf(1.15, length) - 1, n_keys - 1)
    if shape == "shifting":
        ids = (ids + np.arange(length) // 1_500 * 200) % n_keys
    if shape == "looping":
        ids[length // 3 : 2 * length // 3] = np.arange(length // 3) % 450
    assert flags(policy, ids, capacity, n_keys) == plain_flags(policy, ids.tolist(), capacity)


@pytest.mark.parametrize("policy", PLAIN)
def test_what_comes_twice_outlives_a_scan(policy):
    hot = np.tile(np.arange(20), 10)
    scan = np.arange(100, 2_100)
    kept = flags(policy, [*hot, *scan, *hot], 100, n_keys=2_100)[-200:]
    lru = flags("lru", [*hot, *scan, *hot], 100, n_keys=2_100)[-200:]
    assert sum(lru) == 180
    assert sum(kept) >= sum(lru)
    assert policy == "twoq" or sum(kept) >= 199
