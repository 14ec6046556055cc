"""Hits beside libCacheSim itself, on traces of several shapes and sizes."""

from __future__ import annotations

import numpy as np
import pytest

from perflab import kernels

pytestmark = pytest.mark.compiled

libcachesim = pytest.importorskip("libcachesim")

PEERS = {
    "lru": libcachesim.LRU,
    "fifo": libcachesim.FIFO,
    "sieve": libcachesim.Sieve,
    "clock": libcachesim.Clock,
    "lfu": libcachesim.LFU,
    "s3fifo": libcachesim.S3FIFO,
    "arc": libcachesim.ARC,
    "twoq": libcachesim.TwoQ,
    "opt": libcachesim.Belady,
}
RECORD = np.dtype([("time", "<u4"), ("id", "<u8"), ("size", "<u4"), ("next_use", "<i8")])
N_KEYS = 2_000


def shaped(shape):
    """Return ids of 60,000 requests."""
    rng = np.random.default_rng(11)
    ids = np.minimum(rng.zipf(1.15, 60_000) - 1, N_KEYS - 1)
    if shape == "shifting":
        ids = (ids + np.arange(len(ids)) // 10_000 * 300) % N_KEYS
    elif shape == "scanned":
        ids[::7] = np.arange(len(ids[::7])) % N_KEYS
    elif shape == "uniform":
        ids = rng.integers(0, N_KEYS, len(ids))
    return ids.astype(np.int32)


@pytest.fixture(scope="module", params=["skewed", "shifting", "scanned", "uniform"])
def trace(request, tmp_path_factory):
    ids = shaped(request.param)
    requests = kernels.Requests(ids, N_KEYS, *kernels.previous_and_next(ids, N_KEYS))
    records = np.zeros(len(ids), RECORD)
    records["id"] = ids.astype(np.int64) + 1
    records["size"] = 1
    following = requests.next_use.astype(np.int64)
    records["next_use"] = np.where(following == len(ids), -1, following + 1)
    path = tmp_path_factory.mktemp("traces") / f"{request.param}.oracleGeneral"
    records.tofile(path)
    return requests, path


def peer_hits(peer, path, requests, capacity):
    reader = libcachesim.TraceReader(str(path), libcachesim.TraceType.ORACLE_GENERAL_TRACE)
    miss_ratio, _ = peer(cache_size=capacity, hashpower=12).process_trace(reader)
    return round(len(requests.ids) * (1 - miss_ratio))


@pytest.mark.parametrize("policy", PEERS)
@pytest.mark.parametrize("capacity", [20, 150, 999])
def test_hits_are_the_same(trace, policy, capacity):
    requests, path = trace
    hits = int(kernels.policy_hits(policy, requests, capacity).sum())
    assert hits == peer_hits(PEERS[policy], path, requests, capacity)


@pytest.mark.parametrize("capacity", [200, 999])
def test_random_eviction_and_another_sketch_are_near(trace, capacity):
    requests, path = trace
    for policy, peer in (("random", libcachesim.Random), ("wtinylfu", libcachesim.WTinyLFU)):
        ours = int(kernels.policy_hits(policy, requests, capacity).sum())
        theirs = peer_hits(peer, path, requests, capacity)
        assert abs(ours - theirs) / len(requests.ids) < 0.05, policy
