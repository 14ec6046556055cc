"""The cache in Redis as a stage: what it passes on is what its model counts as misses."""

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.bench.stage import Requests
from perflab.errors import BadInputError
from perflab.modelling.latency import QUANTILES
from perflab.patterns.redis_cache.model.predict import RedisCacheModel
from perflab.patterns.redis_cache.settings import MAXMEMORY_POLICIES, RedisCacheSettings
from perflab.patterns.redis_cache.stage import RedisCacheStage
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

COSTS = {
    **load_bench("redis_cache").calibration.shipped_costs,
    "server_bytes": 1e6,
    "bytes_per_entry": 300.0,
}
DRAW = np.random.default_rng(4)
KEYS = (DRAW.zipf(1.2, 6000) % 2000).astype(np.int64) * 3
TIMES = np.cumsum(DRAW.exponential(0.5, 6000))
SIZES = DRAW.integers(1, 400, 2000)[KEYS // 3]


@pytest.mark.parametrize("ttl", [None, 200.0])
@pytest.mark.parametrize("sizes", [None, SIZES], ids=["no sizes", "sizes"])
@pytest.mark.parametrize("policy", MAXMEMORY_POLICIES)
def test_as_many_are_passed_on_as_are_predicted_to_miss(policy, sizes, ttl):
    settings = RedisCacheSettings(
        maxmemory=2**20, maxmemory_policy=policy, ttl_seconds=ttl, ttl_jitter=0.3
    )
    model = RedisCacheModel.of(Trace.from_keys(KEYS, TIMES, sizes), COSTS)
    for seed in (0, 7):
        predicted = model.predict(settings, LoadSettings(seed=seed)).metrics
        stage = RedisCacheStage(seed)
        passed = stage.forward(Requests(TIMES, KEYS, sizes), settings, COSTS)
        assert len(passed.requests) == predicted["misses"]
        assert passed.entries[-1] == predicted["entries"]
        assert passed.requests.times.tolist() == TIMES[passed.origins].tolist()


def test_the_seed_draws_the_jitter():
    settings = RedisCacheSettings(maxmemory=None, ttl_seconds=50.0, ttl_jitter=0.9)
    found = [
        RedisCacheStage(seed).forward(Requests(TIMES, KEYS), settings, COSTS).origins.tolist()
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]


def test_a_server_that_holds_all_keys_passes_each_on_once():
    settings = RedisCacheSettings(maxmemory=None, ttl_seconds=None)
    passed = RedisCacheStage().forward(Requests(TIMES, KEYS), settings, COSTS)
    first = np.sort(np.unique(KEYS, return_index=True)[1])
    assert passed.origins.tolist() == first.tolist()


def test_keys_whose_write_is_refused_are_passed_on_again():
    settings = RedisCacheSettings(maxmemory=2**20, maxmemory_policy="noeviction", ttl_seconds=None)
    passed = RedisCacheStage().forward(Requests(TIMES, KEYS), settings, COSTS)
    again = np.unique(passed.requests.keys, return_counts=True)[1]
    assert again.max() > 1
    assert passed.entries.max() == passed.entries[-1] < len(np.unique(KEYS))


def test_a_miss_takes_two_round_trips_and_a_hit_one():
    costs = {**COSTS, "hit": {"mean": 1e-4, "quantiles": [1e-4] * len(QUANTILES)}}
    passed = RedisCacheStage().forward(Requests(TIMES, KEYS), RedisCacheSettings(), costs)
    trips = np.ones(len(KEYS))
    trips[passed.origins] = 2
    assert passed.waits == pytest.approx(trips * 1e-4)


@pytest.mark.parametrize("sizes", [None, SIZES], ids=["no sizes", "sizes"])
def test_memory_is_that_which_is_predicted(sizes):
    model = RedisCacheModel.of(Trace.from_keys(KEYS, TIMES, sizes), COSTS)
    settings = RedisCacheSettings(maxmemory=2**20)
    predicted = model.predict(settings, LoadSettings()).metrics["memory_bytes"]
    passed = RedisCacheStage().forward(Requests(TIMES, KEYS, sizes), settings, COSTS)
    assert passed.memory_bytes == predicted


def test_nothing_comes_and_nothing_goes():
    none = Requests(np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))
    passed = RedisCacheStage().forward(none, RedisCacheSettings(), COSTS)
    assert len(passed.requests) == len(passed.waits) == 0


def test_a_single_request_is_passed_on():
    one = Requests(np.array([5.0]), np.array([9]))
    passed = RedisCacheStage().forward(one, RedisCacheSettings(), COSTS)
    assert passed.requests.keys.tolist() == [9]
    assert passed.entries.tolist() == [1]


def test_times_that_go_backwards_are_refused():
    back = Requests(np.array([2.0, 1.0]), np.zeros(2, np.int64))
    with pytest.raises(BadInputError, match="times"):
        RedisCacheStage().forward(back, RedisCacheSettings(), COSTS)


def test_writes_renewals_and_removals_go_on_and_change_what_hits():
    operations = DRAW.choice(5, 6000, p=[0.7, 0.1, 0.05, 0.1, 0.05]).astype(np.uint8)
    settings = RedisCacheSettings(maxmemory=1_200_000, maxmemory_policy="allkeys-lru")
    trace = Trace.from_keys(KEYS, TIMES, SIZES, None, operations)
    model = load_bench("redis_cache").model(trace, COSTS)
    predicted = model.predict(settings, LoadSettings()).metrics
    coming = Requests(TIMES, KEYS, SIZES, operations=operations)
    passed = RedisCacheStage().forward(coming, settings, COSTS)
    missed = passed.requests.operations == 0
    assert missed.sum() == predicted["misses"]
    assert (~missed).sum() == np.count_nonzero(operations)
