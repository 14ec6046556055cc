"""The cache as a stage: what it passes on is what its model counts as misses."""

from collections import OrderedDict

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.bench.stage import Requests
from perflab.errors import BadInputError
from perflab.modelling.latency import QUANTILES
from perflab.modelling.spread import PERIOD
from perflab.patterns.cache.model.predict import CacheModel
from perflab.patterns.cache.policies import FUTURE_POLICIES, POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.patterns.cache.stage import CacheStage
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

COSTS = load_bench("cache").calibration.shipped_costs
STAGE = CacheStage()
DRAW = np.random.default_rng(3)
KEYS = (DRAW.zipf(1.2, 4000) % 500).astype(np.int64) * 7
TIMES = np.cumsum(DRAW.integers(0, 3, 4000)).astype(np.float64)
SIZES = DRAW.integers(1, 100, 500)[KEYS // 7]
BOUNDS = [
    {},
    {"max_bytes": 3000},
    {"ttl_seconds": 300},
    {"ttl_seconds": 300, "expiry": "eager"},
    {"ttl_seconds": 300, "max_bytes": 3000, "expiry": "eager"},
]


def constant(seconds):
    return {"mean": seconds, "quantiles": [seconds] * len(QUANTILES)}


def misses_of(model, settings):
    return model.predict(settings, LoadSettings()).metrics["misses"]


@pytest.mark.parametrize("sizes", [None, SIZES], ids=["no sizes", "sizes"])
@pytest.mark.parametrize("policy", POLICIES)
def test_as_many_are_passed_on_as_are_predicted_to_miss(policy, sizes):
    model = CacheModel.of(Trace.from_keys(KEYS, TIMES, sizes), COSTS)
    for bounds in BOUNDS if policy not in FUTURE_POLICIES else BOUNDS[:1]:
        settings = CacheSettings(policy=policy, max_cache_size=60, **bounds)
        passed = STAGE.forward(Requests(TIMES, KEYS, sizes), settings, COSTS)
        predicted = model.predict(settings, LoadSettings()).metrics
        assert len(passed.requests) == predicted["misses"], bounds
        assert passed.entries[-1] == predicted["entries"], bounds
        assert passed.entries.max() <= 60


def test_misses_are_those_of_a_dict_of_writes_in_order():
    held, missed, entries = OrderedDict(), [], []
    for place, (key, now) in enumerate(zip(KEYS.tolist(), TIMES.tolist(), strict=True)):
        if key in held and now < held[key] + 300:
            held.move_to_end(key)
        else:
            missed.append(place)
            held.pop(key, None)
            if len(held) >= 60:
                held.popitem(last=False)
            held[key] = now
        entries.append(len(held))
    settings = CacheSettings(max_cache_size=60, ttl_seconds=300)
    passed = STAGE.forward(Requests(TIMES, KEYS, SIZES), settings, COSTS)
    assert passed.origins.tolist() == missed
    assert passed.entries.tolist() == entries
    assert passed.requests.times.tolist() == TIMES[missed].tolist()
    assert passed.requests.keys.tolist() == KEYS[missed].tolist()
    assert passed.requests.sizes.tolist() == SIZES[missed].tolist()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_cache_that_holds_all_keys_passes_each_on_once(policy):
    settings = CacheSettings(policy=policy, max_cache_size=10_000)
    passed = STAGE.forward(Requests(TIMES, KEYS), settings, COSTS)
    first = np.sort(np.unique(KEYS, return_index=True)[1])
    assert passed.origins.tolist() == first.tolist()
    assert passed.entries[-1] == len(first)


def test_two_caches_in_a_row_are_the_second_on_what_the_first_missed():
    small = CacheSettings(max_cache_size=30, ttl_seconds=60)
    large = CacheSettings(policy="s3fifo", max_cache_size=100, ttl_seconds=400)
    between = STAGE.forward(Requests(TIMES, KEYS, SIZES), small, COSTS)
    end = STAGE.forward(between.requests, large, COSTS)
    kept = between.origins
    missed = CacheModel.of(Trace.from_keys(KEYS[kept], TIMES[kept], SIZES[kept]), COSTS)
    assert len(end.requests) == misses_of(missed, large)
    assert KEYS[kept[end.origins]].tolist() == end.requests.keys.tolist()


def test_hits_and_misses_wait_for_one_lookup_and_misses_for_the_load():
    costs = {**COSTS, "hit": constant(3e-6), "miss": constant(5e-5)}
    passed = STAGE.forward(Requests(TIMES, KEYS), CacheSettings(), costs)
    assert passed.waits == pytest.approx([3e-6] * len(KEYS))
    assert passed.loads == pytest.approx([4.7e-5] * len(passed.requests))


def test_lookups_are_spread_as_they_were_measured():
    many = np.arange(PERIOD)
    waits = STAGE.forward(Requests(many * 1.0, many), CacheSettings(), COSTS).waits
    assert waits.mean() == pytest.approx(COSTS["hit"]["mean"])
    assert np.median(waits) == COSTS["hit"]["quantiles"][50]


@pytest.mark.parametrize("sizes", [None, SIZES], ids=["no sizes", "sizes"])
@pytest.mark.parametrize("bounds", BOUNDS)
def test_memory_is_that_which_is_predicted(bounds, sizes):
    settings = CacheSettings(max_cache_size=60, **bounds)
    model = CacheModel.of(Trace.from_keys(KEYS, TIMES, sizes), COSTS)
    predicted = model.predict(settings, LoadSettings()).metrics["memory_bytes"]
    passed = STAGE.forward(Requests(TIMES, KEYS, sizes), settings, COSTS)
    assert passed.memory_bytes == pytest.approx(predicted)


def test_nothing_comes_and_nothing_goes():
    none = Requests(np.zeros(0), np.zeros(0, np.int64))
    passed = STAGE.forward(none, CacheSettings(ttl_seconds=1), COSTS)
    assert len(passed.requests) == len(passed.waits) == 0


def test_a_single_request_is_passed_on():
    one = Requests(np.array([5.0]), np.array([2**40]))
    passed = STAGE.forward(one, CacheSettings(ttl_seconds=1), COSTS)
    assert passed.requests.keys.tolist() == [2**40]
    assert passed.entries.tolist() == [1]


def test_times_that_go_backwards_are_refused():
    with pytest.raises(BadInputError, match="times"):
        STAGE.forward(Requests(np.array([2.0, 1.0]), np.zeros(2, np.int64)), CacheSettings(), COSTS)


def test_a_policy_that_knows_the_future_refuses_a_ttl():
    settings = CacheSettings(policy="opt", ttl_seconds=5)
    with pytest.raises(BadInputError, match="policy"):
        STAGE.forward(Requests(TIMES, KEYS), settings, COSTS)


OPERATIONS = DRAW.choice(5, 4000, p=[0.7, 0.1, 0.05, 0.1, 0.05]).astype(np.uint8)
LIVES = DRAW.choice([np.nan, np.inf, 50.0], 4000)


def test_writes_renewals_and_removals_go_on_and_change_what_hits():
    settings = CacheSettings(max_cache_size=60, max_bytes=3000)
    coming = Requests(TIMES, KEYS, SIZES, LIVES, OPERATIONS)
    trace = Trace.from_keys(KEYS, TIMES, SIZES, LIVES, OPERATIONS)
    predicted = load_bench("cache").model(trace, COSTS).predict(settings, LoadSettings()).metrics
    passed = STAGE.forward(coming, settings, COSTS)
    missed = passed.requests.operations == 0
    assert missed.sum() == predicted["misses"]
    assert (~missed).sum() == np.count_nonzero(OPERATIONS)
    assert np.array_equal(passed.requests.operations, OPERATIONS[passed.origins])
    assert np.array_equal(passed.requests.ttls, LIVES[passed.origins], equal_nan=True)


def test_a_cache_of_which_nothing_is_read_passes_all_on():
    kinds = OPERATIONS[OPERATIONS > 0]
    some = len(kinds)
    passed = STAGE.forward(
        Requests(TIMES[:some], KEYS[:some], operations=kinds), CacheSettings(), COSTS
    )
    assert np.array_equal(passed.origins, np.arange(some))
    assert passed.entries[-1] > 0
