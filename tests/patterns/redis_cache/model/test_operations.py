"""Redis with writes, renewals and removals: laws, and the server's counts with room for all."""

import numpy as np
import pytest

from perflab import kernels
from perflab.bench import load_bench
from perflab.modelling.operations import replayed
from perflab.operations import Operation
from perflab.patterns.redis_cache.model.costs import RedisCosts
from perflab.patterns.redis_cache.model.counter import RedisCounter, RedisQuery
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.settings import LoadSettings
from perflab.tuning.sweep import predictions
from perflab.workloads.kinds.trace import Trace

COSTS = load_bench("redis_cache").calibration.shipped_costs
GET, SET, TOUCH, DELETE, WRITE = Operation


def trace_of(seed=1, length=4_000, keys=300):
    draw = np.random.default_rng(seed)
    return Trace.from_keys(
        draw.integers(0, keys, length),
        times=np.cumsum(draw.integers(0, 3, length)),
        ttls=np.where(draw.random(length) < 0.8, np.nan, 400.0),
        operations=[0, *draw.choice(5, length - 1, p=[0.6, 0.15, 0.1, 0.1, 0.05])],
    )


def hits_with_room(trace, writes, ttl):
    """Return the hits of a cache that holds all, row by row."""
    ends, life, hits = {}, {}, 0
    rows = zip(trace.ids, trace.operations, trace.times, trace.ttls, strict=True)
    for key, code, now, own in rows:
        operation = Operation(code)
        if operation == WRITE:
            operation = SET if writes == "through" else DELETE
        if operation in (SET, TOUCH):
            life[key] = own
        lasts = life.get(key, own)
        lasts = ttl if np.isnan(lasts) else lasts
        live = ends.get(key, 0) > now
        hits += operation == GET and live
        if operation == DELETE:
            ends.pop(key, None)
        elif live if operation == TOUCH else operation == SET or not live:
            ends[key] = now + lasts
    return hits


@pytest.mark.parametrize("writes", ["recorded", "through"])
def test_with_room_for_all_its_hits_are_those_of_the_rows(writes):
    trace = trace_of()
    settings = RedisCacheSettings(maxmemory=None, ttl_seconds=250, ttl_jitter=0)
    load = LoadSettings(writes=writes)
    asked = replayed(trace, load)
    counter = RedisCounter(asked)
    query = RedisQuery(settings, load, RedisCosts.of(COSTS), 0, len(trace))
    counts = counter.answer(query).counts
    assert counts.hits == hits_with_room(trace, writes, 250)
    assert counts.hits + counts.misses == trace.reads
    hit = counter.outcomes(query).hit
    assert int(hit.sum()) == counts.hits
    assert not hit[asked.operations != kernels.policies.operations.GET].any()


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-random", "volatile-ttl"])
def test_slices_and_loops_count_reads(policy):
    trace = trace_of()
    settings = RedisCacheSettings(maxmemory=1_120_000, maxmemory_policy=policy, ttl_seconds=900)
    model = load_bench("redis_cache").model(trace, COSTS)
    whole = model.predict(settings, LoadSettings()).metrics
    parts = [
        model.predict(settings, LoadSettings(), part).metrics
        for part in (slice(0, 1_500), slice(1_500, 4_000))
    ]
    for name in ("requests", "hits", "misses"):
        assert sum(part[name] for part in parts) == whole[name]
    assert whole["requests"] == trace.reads
    looped = model.predict(settings, LoadSettings(), slice(0, 40_000)).metrics
    assert looped["hits"] + looped["misses"] == looped["requests"] == 10 * trace.reads


def test_no_room_is_said_only_where_something_had_to_leave():
    trace = Trace.from_keys([1, 2, 1], operations=[GET, GET, DELETE])
    said = predictions("redis_cache", trace, {"maxmemory": "64MiB"}).remarks
    assert not any("leaves room" in each for each in said)
