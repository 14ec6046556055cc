from __future__ import annotations

import importlib
import os
import pkgutil
from contextlib import nullcontext

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from perflab import kernels
from perflab.kernels import warm

pytestmark = pytest.mark.compiled


WITHIN_OTHERS = (
    *("_replace_entry", "_replace_first", "_push", "_pop", "_pack", "_used"),
    *("_after_blanks", "_after_word", "_find_moment", "_is_digit", "_moment_end"),
    *("_moment", "_digits", "_month", "_days", "_character", "_begin", "_place", "_remove"),
    *("_hold", "_reserve", "_load_next"),
)


_PARTS = ("draws", "entries", "events", "lines", "lists", "radix", "scanning", "sketch")
"""Modules whose functions are called from within others alone."""


def compiled_functions():
    """Return every compiled function of the kernels by its name, but those within others."""
    found = {}
    for info in pkgutil.walk_packages(kernels.__path__, f"{kernels.__name__}."):
        if info.name.rpartition(".")[2] in _PARTS:
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if not isinstance(value, Dispatcher) or name in WITHIN_OTHERS:
                continue
            if value.py_func.__module__ == module.__name__:
                found[f"{info.name}.{name}"] = value
    return found


def test_progress_counts_up_to_all_kernels():
    calls = []
    kernels.compile_all(lambda done, total, name: calls.append((done, total, name)))
    total = len(kernels.KERNELS)
    assert calls == [(i, total, name) for i, name in enumerate((*kernels.KERNELS, ""))]


def test_a_second_process_begins_at_the_other_end_once_something_compiles(monkeypatch):
    fresh = numba.njit(lambda value: value)
    asked = []
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setitem(warm._EVERY, "by_count", lambda: fresh(1))
    monkeypatch.setattr(warm, "_compile_apart", lambda names: nullcontext(asked.append(names)))
    kept = ("key_counts", "requests_of")
    kernels.compile_all(names=(*kept, "fifo_hits", "lru_hits"))
    assert asked == []
    kernels.compile_all(names=(kept[0], "by_count", "fifo_hits", "lru_hits", kept[1]))
    assert asked == [(kept[1], "lru_hits", "fifo_hits")]


def test_what_a_second_process_compiles_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    with warm._compile_apart(("key_counts", "by_count")) as process:
        assert process.wait() == 0
    kept = sorted(path.name.split("-")[0] for path in tmp_path.rglob("*.nbi"))
    assert kept == ["keys._by_low_count", "keys._key_counts"]


def test_every_public_kernel_is_compiled_ahead():
    types = {
        "Begun",
        "Counts",
        "DatedRequests",
        "Departures",
        "GrowingIds",
        "InFlight",
        "Joiners",
        "LruOperations",
        "Misses",
        "Outcomes",
        "PooledQueues",
        "Prefetch",
        "Queue",
        "ReadAheadCounts",
        "RedisCounts",
        "SharedLoads",
        "WorkingSet",
    }
    tables = {"KERNELS", "OF_SERVICES", "OF_TEXTS", "WITH_OPERATIONS", "POLICIES", "Requests"}
    tables |= {"compile_all", "policy_counts", "policy_hits"}
    arrays = {"new_history"}
    assert set(kernels.__all__) - types - tables - arrays <= set(kernels.KERNELS)
    kernels.compile_all(names=kernels.WITH_OPERATIONS + kernels.OF_TEXTS + kernels.OF_SERVICES)
    assert all(function.signatures for function in compiled_functions().values())


def test_production_arguments_compile_nothing_more():
    warm.compile_all(
        names=kernels.KERNELS + kernels.WITH_OPERATIONS + kernels.OF_TEXTS + kernels.OF_SERVICES
    )
    before = {name: list(function.signatures) for name, function in compiled_functions().items()}
    ids = np.array([0, 1, 0], np.int64)
    previous, next_use = kernels.previous_and_next(ids, 2)
    kernels.dense_ids(ids)
    kernels.dense_ids(ids.astype(np.int32)[1:])
    kernels.order_of(ids)
    kernels.values_at([0.5], [0, 1], [1, 2])
    kernels.misses_of(ids > 0, [1], [2], 2, [0, 1, 2])
    kernels.policy_flags("lru", kernels.Requests(ids, 2, ids, ids), 1)
    kernels.GrowingIds().add(np.arange(40_000))
    requests = kernels.Requests(ids, 2, previous, next_use)
    columns = {"sizes": ids, "max_bytes": 10, "times": ids * 1.0, "ttl": 5, "ttls": ids * 1.0}
    for policy, loops in kernels.POLICIES.items():
        kernels.policy_hits(policy, requests, np.int64(1), block=2)
        if loops.bounded:
            kernels.policy_counts(policy, ids, 2, 1, **columns, start=np.int32(1), eager=True)
            kernels.policy_counts(policy, ids, 2, 1, **columns, operations=[0, 4, 1])
    kernels.resolved(ids, 2, [0, 1, 2], ids, ids)
    kernels.policy_hits("opt", requests._replace(operations=np.zeros(3)), 1, block=2)
    kernels.next_gets(ids, 2, [0, 0, 4])
    kernels.lru_curve_with(ids, 2, [0, 3, 1])
    kernels.lru_references(ids, 2, [0, 0, 1])
    kernels.lru_curve(previous, start=1)
    kernels.lru_curve(previous, weights=ids)
    _, distances = kernels.lru_curve_and_distances(previous)
    kernels.lru_curve_up_to(previous, np.int32(1), start=1)
    order = kernels.by_key(ids, np.int64(2))
    dated = kernels.DatedRequests(2, order, distances, ids * 1.0, ids * 1.0, ids, ids * 1.0)
    kernels.lru_with_ttl(
        dated, kernels.lru_departures(previous, next_use, np.int32(1)), np.int64(1), np.float32(5)
    )
    kernels.lru_byte_distances(previous, ids)
    kernels.working_set(ids, 2, ids * 1.0, np.float32(1), ids, ids)
    kernels.working_set(ids, 2, ids * 1.0, 1, ids, ids, operations=[0, 1, 4])
    kernels.prefetch(ids + 1, ids, ids * 1.0, np.int64(2), 9, [1, 1, 2], 1, 0.5, 2)
    kernels.queue_waits(ids * 1.0, ids, 2, 5, [1, 1, 2], 1, 1, 9)
    kernels.in_flight(ids, ids, np.int32(2), capacity=2, queue=1, error_rate=1, retries=2)
    kernels.chunk_reuse(ids.astype(np.int32), np.int64(2), 2)
    kernels.chunk_reuse(ids, 2, 2)
    kernels.lru_read_ahead(ids, 2, np.int32(3), 1, start=2)
    kernels.joiners(next_use, np.int32(2), np.int64(1), ids)
    kernels.shared_loads(ids, 2, np.int32(1), 3, [1, 2], ids, ahead=1, wake_seconds=[1], stop=5)
    kernels.redis_eviction(ids, 2, "ttl", 5, ids, times=ids, ttl=3, ttls=ids, seed=np.int32(4))
    kernels.redis_eviction(ids, 2, "ttl", 5, ids, times=ids, operations=[0, 1, 2])
    kernels.by_count(kernels.key_counts(ids, np.int64(2)))
    kernels.requests_of(ids, [1, 3])
    kernels.quantiles_of(np.ones(4), [0.5, 1])
    after = {name: list(function.signatures) for name, function in compiled_functions().items()}
    assert after == before
