"""The cache's shadow against a cache in plain lists, through random changes of settings."""

from __future__ import annotations

import numpy as np
import pytest
from plain_replay import PlainReplay, random_trace
from recorded_times import timed_trace

from perflab.bench import load_bench
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.patterns.cache.shadow import MOST_ENTRIES, CacheShadow
from perflab.settings import LoadSettings
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.trace import Trace

COUNTED = ("hits", "misses", "evictions", "expirations")
COSTS = load_bench("cache").calibration.shipped_costs


def some_settings(draw, *, sized):
    return CacheSettings(
        policy=str(draw.choice(LIVE_POLICIES)),
        max_cache_size=int(draw.integers(1, 40)),
        max_bytes=int(draw.integers(5, 120)) if sized and draw.random() < 0.5 else None,
        ttl_seconds=None if draw.random() < 0.3 else float(draw.integers(2, 80)),
        expiry=str(draw.choice(["lazy", "eager"])),
    )


def some_load(draw):
    writes = str(draw.choice(["recorded", "through", "invalidate"]))
    return LoadSettings(writes=writes, ttl_from=str(draw.choice(["recorded", "setting"])))


def both(trace, draw, passes=1):
    """Return what shadow and plain cache counted between changes at random requests."""
    settings, load = some_settings(draw, sized=trace.sizes is not None), some_load(draw)
    shadow, plain = CacheShadow(trace, settings, load), PlainReplay(settings, load)
    last = passes * len(trace)
    later = 0.0 if trace.times is None else pass_seconds(trace.times)
    cuts = sorted(draw.choice(np.arange(1, last), 4, replace=False))
    found, before = [], dict.fromkeys(COUNTED, 0)
    hit_bytes = asked_bytes = 0
    for first, end in zip([0, *cuts], [*cuts, last], strict=True):
        for step in np.array_split(np.arange(first, end), 3):
            shadow.advance(len(step))
        for request in range(first, end):
            row, done = request % len(trace), request // len(trace)
            now = 0.0 if trace.times is None else float(trace.times[row]) + done * later
            plain.row(trace, row, now)
        plain.cache.sweep()
        counts, metrics = plain.counts(), shadow.metrics(COSTS)
        found.append(
            (
                {name: metrics[name] for name in (*COUNTED, "entries", "requests")},
                {name: counts[name] - before[name] for name in COUNTED}
                | {
                    "entries": counts["entries"],
                    "requests": counts["hits"]
                    + counts["misses"]
                    - sum(map(before.get, COUNTED[:2])),
                },
            )
        )
        asked = plain.asked_bytes - asked_bytes
        if trace.sizes is not None and asked:
            assert metrics["byte_hit_rate"] == (plain.hit_bytes - hit_bytes) / asked
        settings, load = some_settings(draw, sized=trace.sizes is not None), some_load(draw)
        shadow.change(settings, load)
        plain.change(settings, load)
        before = {name: plain.counts()[name] for name in COUNTED}
        hit_bytes, asked_bytes = plain.hit_bytes, plain.asked_bytes
    return found


@pytest.mark.parametrize("seed", range(12))
def test_reads_between_random_changes_equal_a_plain_cache(seed):
    draw = np.random.default_rng(seed)
    trace = random_trace(100 + seed, requests=700).reads_only()
    for counted, expected in both(trace, draw, passes=2):
        assert counted == expected


@pytest.mark.parametrize("seed", range(12))
def test_operations_between_random_changes_equal_a_plain_cache(seed):
    draw = np.random.default_rng(50 + seed)
    for counted, expected in both(random_trace(seed), draw, passes=2):
        assert counted == expected


@pytest.mark.parametrize("seed", range(4))
def test_requests_without_sizes_and_times_equal_a_plain_cache(seed):
    draw = np.random.default_rng(90 + seed)
    ids = random_trace(seed, requests=900).ids
    for counted, expected in both(Trace("plain", ids, 40), draw):
        assert counted == expected


def test_a_changed_rate_dates_the_requests_after_it():
    trace = Trace.from_keys([0, 1, 0, 1] * 5)
    settings = CacheSettings(ttl_seconds=0.01)
    shadow = CacheShadow(trace, settings, LoadSettings(request_rate=1000))
    shadow.advance(4)
    # Written at 0 and 1 ms, they live for 10 ms; from here on requests are 4 ms apart.
    shadow.change(settings, LoadSettings(request_rate=250))
    shadow.advance(8)
    # At 4, 8, 12 ... 32 ms: key 0 is loaded again at 12 and 28 ms, key 1 at 16 and 32 ms.
    metrics = shadow.metrics(COSTS)
    assert (metrics["hits"], metrics["misses"]) == (4, 4)


def test_bytes_are_no_bound_where_requests_have_no_sizes():
    trace = Trace.from_keys(list(range(50)) * 2)
    shadow = CacheShadow(trace, CacheSettings(max_bytes=1000), LoadSettings())
    shadow.advance(100)
    assert shadow.metrics(COSTS)["hits"] == 50


def test_a_cache_of_very_many_entries_is_not_followed():
    plan = load_bench("cache").shadow
    few = Trace.from_keys([1, 2, 3])
    assert plan.refusal(few, CacheSettings(max_cache_size=10**8), LoadSettings()) is None
    many = Trace("many", np.zeros(1, np.int32), MOST_ENTRIES + 1)
    assert plan.refusal(many, CacheSettings(max_cache_size=1000), LoadSettings()) is None
    said = plan.refusal(many, CacheSettings(max_cache_size=10**8), LoadSettings())
    assert said == "the cache may hold 500,001 entries, more than the 500,000 kept"


@pytest.mark.parametrize("policy", LIVE_POLICIES)
@pytest.mark.parametrize(("first", "last"), [(300, 800), (700, 1_700)])
def test_a_change_to_the_same_settings_tells_what_the_model_does(policy, first, last):
    draw = np.random.default_rng(first)
    trace = timed_trace(3, sizes=draw.integers(1, 50, 900))
    bench = load_bench("cache")
    settings = CacheSettings(max_cache_size=15, policy=policy, ttl_seconds=20)
    load = LoadSettings(backend_seconds=0.002, backend_scale=3)
    shadow = bench.shadow.make(trace, settings, load)
    shadow.advance(first)
    shadow.change(settings, load)
    shadow.advance(last - first)
    found = bench.model(trace, COSTS).predict(settings, load, slice(first, last)).metrics
    metrics = shadow.metrics(COSTS)
    assert metrics.keys() == found.keys()
    assert metrics["backend_seconds_saved_share"] > 0
    for name, value in found.items():
        # Where a slice reaches into a second pass, percentiles are of rougher classes of times.
        off = 1e-3 if "_p" in name else 1e-12
        assert metrics[name] == pytest.approx(value, rel=off), name


@pytest.mark.parametrize("timed", [False, True], ids=["rate", "backend-times"])
def test_reads_that_wait_for_another_threads_load_are_misses_as_in_predictions(timed):
    draw = np.random.default_rng(8)
    own = draw.exponential(0.02, 4_000) if timed else None
    trace = Trace.from_keys(draw.zipf(1.2, 4_000) % 300, backend_seconds=own)
    settings = CacheSettings(max_cache_size=60)
    load = LoadSettings(request_rate=1500, concurrency=16, backend_seconds=0.02)
    shadow = CacheShadow(trace, settings, load)
    shadow.change(settings, load)
    shadow.advance(len(trace))
    found = shadow.metrics(COSTS)
    predicted = load_bench("cache").model(trace, COSTS).predict(settings, load).metrics
    alone = shadow_of(trace, settings, load.change(concurrency=1))
    assert found["misses"] > alone["misses"] + 100
    assert found == pytest.approx({name: predicted[name] for name in found}, rel=1e-6)


def shadow_of(trace, settings, load):
    shadow = CacheShadow(trace, settings, load)
    shadow.advance(len(trace))
    return shadow.metrics(COSTS)
