"""Traces with writes, renewals and removals: predicted as a small cache of its own does them."""

import dataclasses
import math
from collections import OrderedDict

import numpy as np
import pytest

import perflab
from perflab import kernels
from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.modelling.operations import replayed
from perflab.operations import Operation
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.policies import FUTURE_POLICIES, POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.tuning.sweep import predictions
from perflab.workloads.kinds.trace import Trace

BENCH = load_bench("cache")
COSTS = BENCH.calibration.shipped_costs
GET, SET, TOUCH, DELETE, WRITE = Operation
WAYS = [
    LoadSettings(writes=writes, ttl_from=ttl_from)
    for writes in ("recorded", "through", "invalidate", "ignore")
    for ttl_from in ("recorded", "setting")
]


class PlainCache:
    """LRU or FIFO as the semantics say it, row by row; nothing of the project's."""

    def __init__(self, policy, entries, max_bytes, ttl, load):
        self.policy, self.entries, self.max_bytes, self.ttl = policy, entries, max_bytes, ttl
        self.writes, self.own_ttls = load.writes, load.ttl_from == "recorded"
        self.held = OrderedDict()
        self.size, self.life, self.loaded = {}, {}, {}
        self.hits = self.misses = self.evictions = self.hit_bytes = 0

    def row(self, key, operation, now, size, ttl):
        if self.writes == "ignore" and operation != GET:
            return
        if key in self.held and self.held[key][1] <= now:
            del self.held[key]
        if operation == GET:
            self.get(key, now, self.size.get(key, size), self.life.get(key, ttl))
            return
        self.write(key, self.meant(key, operation), now, size, ttl)
        if operation == SET or (operation == WRITE and self.writes == "through"):
            self.size[key] = size
            self.life[key] = ttl
        if operation == TOUCH:
            self.life[key] = ttl
        self.loaded[key] = False

    def meant(self, key, operation):
        if operation == WRITE:
            return SET if self.writes == "through" else DELETE
        if operation == SET and self.writes == "invalidate" and not self.loaded.get(key):
            return DELETE
        return operation

    def write(self, key, operation, now, size, ttl):
        filled = self.loaded.get(key)
        if operation == DELETE:
            self.held.pop(key, None)
        elif operation == TOUCH:
            if key in self.held:
                self.held[key] = self.held[key][0], now + self.lasts(ttl)
        elif size > self.max_bytes:
            self.held.pop(key, None)
        else:
            if key in self.held:
                if not filled:
                    self.use(key)
                self.held[key] = size, now + self.lasts(ttl)
                while self.bytes() > self.max_bytes:
                    self.evict(now)
            if key not in self.held and not (filled and self.writes == "invalidate"):
                self.insert(key, now, size, ttl)

    def get(self, key, now, size, ttl):
        hit = key in self.held
        self.hits += hit
        self.misses += not hit
        self.loaded[key] = not hit
        if not hit:
            self.insert(key, now, size, ttl)
            return
        self.hit_bytes += size
        self.use(key)

    def insert(self, key, now, size, ttl):
        if size > self.max_bytes:
            return
        while len(self.held) >= self.entries or self.bytes() + size > self.max_bytes:
            self.evict(now)
        self.held[key] = size, now + self.lasts(ttl)

    def use(self, key):
        if self.policy == "lru":
            self.held.move_to_end(key)

    def evict(self, now):
        _, (_, ends) = self.held.popitem(last=False)
        self.evictions += ends > now

    def bytes(self):
        return sum(size for size, _ in self.held.values())

    def lasts(self, ttl):
        return self.ttl if math.isnan(ttl) or not self.own_ttls else ttl


def random_trace(seed, length=60, keys=7, *, sized=True, timed=True):
    draw = np.random.default_rng(seed)
    ttls = np.where(draw.random(length) < 0.5, np.nan, draw.integers(1, 9, length))
    return Trace.from_keys(
        [0, *draw.integers(0, keys, length - 1)],
        times=np.cumsum(draw.integers(0, 3, length)) if timed else None,
        sizes=draw.integers(1, 9, length) if sized else None,
        ttls=ttls if timed else None,
        operations=[0, *draw.choice(5, length - 1, p=[0.5, 0.2, 0.1, 0.1, 0.1])],
    )


def played(trace, settings, load, passes=1):
    most, ttl = settings.max_bytes, settings.ttl_seconds
    most = math.inf if most is None or trace.sizes is None else most
    ttl = math.inf if ttl is None or trace.times is None else ttl
    cache = PlainCache(settings.policy, settings.max_cache_size, most, ttl, load)
    n = len(trace)
    spent = float(trace.times[-1]) if trace.times is not None else 0.0
    for at in range(n * passes):
        row = at % n
        now = 0.0 if trace.times is None else float(trace.times[row]) + (at // n) * spent
        size = 1 if trace.sizes is None else int(trace.sizes[row])
        own = math.nan if trace.ttls is None else float(trace.ttls[row])
        cache.row(int(trace.ids[row]), Operation(trace.operations[row]), now, size, own)
    return cache


@pytest.mark.parametrize("load", WAYS, ids=lambda load: f"{load.writes}-{load.ttl_from}")
@pytest.mark.parametrize("policy", ["lru", "fifo"])
def test_counts_are_those_of_a_small_plain_cache(policy, load):
    for seed in range(60):
        trace = random_trace(seed, sized=seed % 3 > 0, timed=seed % 4 > 0)
        settings = CacheSettings(
            policy=policy,
            max_cache_size=1 + seed % 8,
            max_bytes=None if seed % 2 else 20,
            ttl_seconds=(None, 2.0, 7.0)[seed % 3],
        )
        expected = played(trace, settings, load)
        counts = CacheCounter(replayed(trace, load)).counts(settings, load)
        assert (counts.hits, counts.misses) == (expected.hits, expected.misses), seed
        assert counts.requests == trace.reads == counts.hits + counts.misses
        assert counts.evictions == expected.evictions, seed
        if trace.sizes is not None:
            assert counts.hit_bytes == expected.hit_bytes, seed


@pytest.mark.parametrize("load", WAYS[:6], ids=lambda load: f"{load.writes}-{load.ttl_from}")
def test_a_second_pass_loads_what_the_first_has_written(load):
    for seed in range(30):
        trace = random_trace(seed, timed=False)
        settings = CacheSettings(max_cache_size=4, max_bytes=20)
        whole = played(trace, settings, load, passes=2)
        first = played(trace, settings, load)
        counts = CacheCounter(replayed(trace, load)).counts(
            settings, load, slice(len(trace), 2 * len(trace))
        )
        assert counts.hits == whole.hits - first.hits
        assert counts.hit_bytes == whole.hit_bytes - first.hit_bytes
        assert counts.requests == trace.reads


def test_lru_is_known_at_all_sizes_at_once_where_one_pass_tells():
    known = 0
    for seed in range(40):
        trace = random_trace(seed, sized=False, timed=False)
        for load in (LoadSettings(), LoadSettings(writes="through")):
            prepared, fresh = (CacheCounter(replayed(trace, load)) for _ in range(2))
            prepared.prepare()
            for size in (1, 2, 4, 9, 100):
                settings = CacheSettings(max_cache_size=size)
                known += prepared.ready(settings, load)
                assert prepared.counts(settings, load) == fresh.counts(settings, load), (seed, size)
    assert known > 5


@pytest.mark.parametrize("policy", POLICIES)
def test_all_gets_are_answered_as_a_trace_without_operations(policy):
    trace = random_trace(3, length=400, keys=40)
    trace = Trace.from_keys(trace.ids, sizes=trace.sizes)
    gets = dataclasses.replace(trace, operations=np.zeros(len(trace), np.uint8))
    for plain, told in ((trace, gets),):
        settings = {"policy": policy, "max_cache_size": 11}
        one, two = (predictions("cache", each, settings).points[0] for each in (plain, told))
        assert one["metrics"] == two["metrics"]


def test_removing_absent_keys_changes_nothing():
    trace = random_trace(5, sized=False, timed=False)
    absent = np.full(len(trace), trace.n_keys)
    ids = np.column_stack([trace.ids, absent]).ravel()
    codes = np.column_stack([trace.operations, np.full(len(trace), DELETE)]).ravel()
    more = Trace.from_keys(ids, operations=codes)
    for policy in POLICIES:
        settings = {"policy": policy, "max_cache_size": 3}
        one, two = (predictions("cache", each, settings).points[0] for each in (trace, more))
        assert one["metrics"]["hits"] == two["metrics"]["hits"], policy
        assert one["metrics"]["requests"] == two["metrics"]["requests"]


def test_no_cache_that_is_told_has_more_hits_than_the_optimum():
    for seed in range(10):
        trace = random_trace(seed, length=300, keys=20, sized=False, timed=False)
        hits = {
            policy: predictions("cache", trace, {"policy": policy, "max_cache_size": 5}).points[0][
                "metrics"
            ]["hits"]
            for policy in POLICIES
        }
        assert max(hits.values()) == hits[FUTURE_POLICIES[0]]


def test_the_optimum_is_refused_where_what_is_removed_hangs_on_the_cache():
    trace = Trace.from_keys([1, 2, 1, 1, 1], operations=[GET, GET, GET, SET, GET])
    told = predictions("cache", trace, {"policy": "opt", "writes": "recorded"})
    assert any("the most that they can be" in each for each in told.remarks)
    with pytest.raises(BadInputError, match="OPT is not answered where writes remove a key"):
        predictions("cache", trace, {"policy": "opt", "writes": "invalidate"})


def test_a_trace_of_writes_alone_says_so():
    trace = Trace.from_keys([1, 2], operations=[SET, DELETE])
    for pattern in ("cache", "redis_cache"):
        for writes in ("recorded", "ignore"):
            with pytest.raises(BadInputError, match="holds no reads"):
                predictions(pattern, trace, {"writes": writes})


@pytest.mark.parametrize("pattern", ["cache", "redis_cache"])
def test_every_answer_names_how_it_was_replayed(pattern):
    trace = random_trace(1)
    for load in WAYS:
        values = {"writes": load.writes, "ttl_from": load.ttl_from}
        said = predictions(pattern, trace, values).remarks
        assert any(each.startswith(f"writes {load.writes}: ") for each in said)
        assert any(each.startswith(f"ttl_from {load.ttl_from}: ") for each in said)
    plain = predictions(pattern, Trace.from_keys([1, 2, 1]), {"request_rate": 1}).remarks
    assert not any(each.startswith(("writes ", "ttl_from ")) for each in plain)


def test_the_setting_is_the_ttl_of_all_where_it_is_asked_for():
    trace = Trace.from_keys([1, 1, 1, 1], times=[0, 10, 20, 30], ttls=[100, 100, 100, 100])
    rates = {
        ttl_from: perflab.predict("cache", trace, {"ttl_seconds": 5, "ttl_from": ttl_from})
        for ttl_from in ("recorded", "setting")
    }
    assert rates["recorded"]["hit_rate"][0] == 0.75
    assert rates["setting"]["hit_rate"][0] == 0.0


def test_a_sample_of_the_keys_tells_of_all_operations():
    draw = np.random.default_rng(2)
    ids = draw.zipf(1.1, 400_000) % 60_000
    codes = draw.choice(5, len(ids), p=[0.7, 0.1, 0.05, 0.1, 0.05])
    trace = Trace.from_keys(ids, operations=codes, sizes=draw.integers(10, 90, len(ids)))
    for writes in ("recorded", "ignore"):
        settings = {"max_cache_size": 6_000, "policy": "sieve", "writes": writes}
        exact = predictions("cache", trace, settings).points[0]
        found = predictions("cache", trace, settings, sample=0.3).points[0]
        off = abs(found["metrics"]["hit_rate"] - exact["metrics"]["hit_rate"])
        assert off < max(found["error"], 0.01)
        for name in ("evictions", "entries", "byte_hit_rate", "requests"):
            assert found["metrics"][name] == pytest.approx(exact["metrics"][name], rel=0.05), name


def test_live_keys_end_where_they_are_removed():
    trace = Trace.from_keys(
        [1, 2, 3, 1, 2], times=[0, 1, 2, 3, 9], operations=[GET, GET, GET, DELETE, GET]
    )
    histories = BENCH.over_time.histories(trace)
    removed = histories.settle(None, LoadSettings())
    kept = histories.settle(None, LoadSettings(writes="ignore"))
    assert (removed.curves["live_keys"][-1], kept.curves["live_keys"][-1]) == (2, 3)
    assert removed.metrics["hit_rate"] == kept.metrics["hit_rate"] == 0.25


def test_codes_are_made_once_and_kept_with_the_trace():
    trace, load = random_trace(1), LoadSettings()
    asked = replayed(trace, load)
    assert replayed(trace, load) is asked
    assert replayed(asked, load) is asked
    assert asked.operations.max() <= kernels.policies.operations.UNLESS_FILL


@pytest.mark.parametrize("writes", ["recorded", "invalidate"])
def test_a_second_pass_is_asked_for_the_sizes_that_the_first_has_written(writes):
    trace = Trace.from_keys([*"aabbc"], None, [10, 1000, 5, 500, 1], None, [0, 1, 0, 1, 0])
    settings, load = CacheSettings(max_bytes=10**6), LoadSettings(writes=writes, loop=True)
    found = BENCH.model(trace, COSTS).predict(settings, load, slice(0, 10)).metrics
    assert found["byte_hit_rate"] == pytest.approx(1501 / 1517)


@pytest.mark.parametrize(
    ("ttls", "operations", "said"),
    [
        (
            [5, 6, math.nan],
            "get touch delete",
            "every entry has a TTL of its own; ttl_seconds has no",
        ),
        (
            [5, 6, math.nan],
            "get touch write",
            "every entry has a TTL of its own; ttl_seconds has no",
        ),
        ([5, math.nan, 6], "get touch delete", "1 row has a TTL of its own; ttl_seconds for the r"),
        (
            [6, 5, math.nan],
            "get set get",
            "every entry has a TTL of its own; ttl_seconds has no effect",
        ),
        (
            [6, math.nan, 5],
            "get set get",
            "2 rows have TTLs of their own; ttl_seconds for the rest",
        ),
    ],
)
def test_whether_the_slider_of_the_ttl_moves_anything_is_told(ttls, operations, said):
    trace = Trace.from_keys([*"aaa"], [0, 1, 2], None, ttls, operations.split())
    remarks = BENCH.model(trace, COSTS).predict(CacheSettings(), LoadSettings()).remarks
    assert [remark for remark in remarks if remark.startswith(f"ttl_from recorded: {said}")]


def test_a_sweep_names_each_way_of_replay_with_its_points():
    trace = Trace.from_keys([*"aaa"], [0, 1, 2], None, [5, 6, 7], ["get", "set", "get"])
    sweep = {"writes": ["recorded", "through", "ignore"], "max_cache_size": [1, 2]}
    said = [each for each in predictions("cache", trace, sweep=sweep).remarks if "writes" in each]
    starts = [f"at 2 of 6 points, writes {way}: " for way in ("recorded", "through", "ignore")]
    assert [text[: len(start)] for text, start in zip(said, starts, strict=True)] == starts


@pytest.mark.parametrize("writes", ["through", "invalidate"])
def test_writes_without_a_write_have_no_effect_and_say_so(writes):
    found = BENCH.model(Trace.from_keys([*"ab"]), COSTS).predict(
        CacheSettings(), LoadSettings(writes=writes)
    )
    assert "writes has no effect: the workload holds reads alone" in found.remarks
