from __future__ import annotations

import sys

import numpy as np

from perflab import kernels
from perflab.kernels import warm

COMPILED = {
    "dense": "_dense_ids",
    "reuse": "_previous_and_next",
    "lru": "_lru_hits",
    "fifo": "_fifo_hits",
    "sieve": "_sieve_hits",
    "opt": "_opt_hits",
    "lru_curve": "_lru_curve",
    "queue_bounded": "_queue_bounded",
    "sieve_bounded": "_sieve_bounded",
    "queue": "_queue_waits",
    "chunk_reuse": "_chunk_reuse",
    "read_ahead": "_lru_read_ahead",
    "redis_eviction": "_redis_eviction",
    "quantiles": "_quantiles_of",
}


def test_progress_counts_up_to_all_kernels():
    calls = []
    kernels.compile_all(lambda done, total, name: calls.append((done, total, name)))
    total = len(kernels.KERNELS)
    assert calls == [(i, total, name) for i, name in enumerate((*kernels.KERNELS, ""))]


def test_every_public_kernel_is_compiled_ahead():
    types = {"Counts", "Queue", "ReadAheadCounts", "RedisCounts"}
    public = set(kernels.__all__) - types - {"KERNELS", "compile_all"}
    assert public == set(kernels.KERNELS)


def test_production_arguments_compile_nothing_more():
    warm.compile_all()
    ids = np.array([0, 1, 0], np.int64)
    previous, next_use = kernels.previous_and_next(ids, 2)
    kernels.dense_ids(ids)
    kernels.lru_hits(previous, next_use, np.int64(1), block=2)
    kernels.fifo_hits(ids, 2, np.int32(1), block=1)
    kernels.sieve_hits(ids, 2, 1)
    kernels.opt_hits(next_use, 1)
    kernels.lru_curve(previous, start=1)
    for run in (kernels.lru_bounded, kernels.fifo_bounded, kernels.sieve_bounded):
        run(ids, 2, 1, ids, 10, ids * 1.0, 5, ids * 1.0, np.int32(1))
    kernels.queue_waits(ids * 1.0, ids, 2, 5, [1, 1, 2], 1, 1, 9)
    kernels.chunk_reuse(ids.astype(np.int32), np.int64(2), 2)
    kernels.lru_read_ahead(ids, 2, np.int32(3), 1, start=2)
    kernels.redis_eviction(ids, 2, "ttl", 5, ids, times=ids, ttl=3, ttls=ids, seed=np.int32(4))
    kernels.by_count(kernels.key_counts(ids, np.int64(2)))
    kernels.requests_of(ids, [1, 3])
    kernels.quantiles_of(np.ones(4), [0.5, 1])
    for module, name in COMPILED.items():
        compiled = getattr(sys.modules[f"perflab.kernels.{module}"], name)
        assert len(compiled.signatures) == 1, name
