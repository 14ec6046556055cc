"""The live policies, request for request: published hit counts, and the compiled kernels."""

from __future__ import annotations

import lzma
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.kernels import policy_counts
from perflab.patterns.cache import Cache, CacheSettings
from perflab.patterns.cache._policies import new_queue
from perflab.patterns.cache.policies import LIVE_POLICIES, WHAT_IF_POLICIES
from perflab.primitives import VirtualClock

COUNTED = {
    ("web07", "lru", 200): 29_679,
    ("web07", "lru", 5_000): 47_702,
    ("web07", "fifo", 200): 27_532,
    ("web07", "fifo", 5_000): 46_083,
    ("web07", "sieve", 50): 23_359,
    ("web07", "sieve", 200): 31_986,
    ("web07", "sieve", 1_000): 40_536,
    ("web07", "sieve", 5_000): 48_719,
    ("web12", "lru", 1_000): 61_882,
    ("web12", "fifo", 1_000): 58_152,
    ("web12", "sieve", 50): 25_816,
    ("web12", "sieve", 1_000): 65_237,
    ("web07", "clock", 200): 30_183,
    ("web07", "lfu", 200): 23_270,
    ("web07", "lfu", 5_000): 48_131,
    ("web07", "s3fifo", 50): 24_090,
    ("web07", "s3fifo", 5_000): 48_521,
    ("web12", "clock", 1_000): 62_564,
    ("web12", "lfu", 1_000): 52_460,
    ("web12", "s3fifo", 200): 44_990,
    ("web12", "s3fifo", 1_000): 65_971,
}


@pytest.fixture(scope="module")
def keys():
    folder = os.environ.get("PERFLAB_TRACES")
    if not folder:
        pytest.skip("PERFLAB_TRACES does not name the folder of the cache2k traces")
    read = {}
    for name in ("web07", "web12"):
        packed = Path(folder, f"cache2k_{name}.trace.xz").read_bytes()
        read[name] = np.frombuffer(lzma.decompress(packed), ">i4").tolist()
    return read


@pytest.mark.parametrize(("trace", "policy", "size"), COUNTED)
def test_hits_on_real_traces_are_those_of_libcachesim(keys, trace, policy, size):
    memoized = Cache(max_cache_size=size, policy=policy)(lambda key: key)
    for key in keys[trace]:
        memoized(key)
    assert memoized.cache_info().hits == COUNTED[trace, policy, size]


def test_every_live_policy_has_a_queue_of_its_own_and_no_other_has_one():
    kinds = {type(new_queue(CacheSettings(policy=policy))) for policy in LIVE_POLICIES}
    assert len(kinds) == len(LIVE_POLICIES)
    for policy in WHAT_IF_POLICIES:
        with pytest.raises(BadInputError, match="what-if only"):
            new_queue(CacheSettings(policy=policy))


@pytest.mark.parametrize("policy", LIVE_POLICIES)
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    entries=st.integers(1, 40),
    max_bytes=st.sampled_from([0, 5, 60]),
    ttl=st.sampled_from([math.inf, 3.3, 40.0]),
    own_lives=st.booleans(),
    expiry=st.sampled_from(["lazy", "eager"]),
)
def test_events_are_those_of_the_compiled_kernel(
    policy, seed, entries, max_bytes, ttl, own_lives, expiry
):
    random = np.random.default_rng(seed)
    requests, n_keys = 600, 60
    ids = random.zipf(1.3, requests) % n_keys
    times = np.cumsum(random.exponential(1.0, requests).round(1))
    sizes = random.integers(1, 9, requests)
    ttls = np.where(random.random(requests) < 0.3, random.integers(1, 9, requests), np.nan)
    expected = policy_counts(
        policy,
        ids,
        n_keys,
        entries,
        sizes=sizes,
        max_bytes=max_bytes,
        times=times,
        ttl=ttl,
        ttls=ttls if own_lives else None,
        eager=expiry == "eager",
    )
    clock = VirtualClock()
    cache = Cache(
        max_cache_size=entries,
        max_bytes=max_bytes or None,
        ttl_seconds=None if math.isinf(ttl) else ttl,
        policy=policy,
        expiry=expiry,
        clock=clock,
        sizeof=lambda key, size: size,
    )
    for key, now, size, life in zip(ids.tolist(), times, sizes.tolist(), ttls, strict=True):
        clock.set(float(now))
        own = float(life) if own_lives and not math.isnan(life) else None
        cache.get_or_load(key, lambda _, size=size: size, ttl=own)
    stats = cache.stats()
    for name in ("hits", "misses", "evictions", "expirations", "entries", "bytes"):
        assert stats[name] == getattr(expected, name), name
