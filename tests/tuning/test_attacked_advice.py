"""Advice in situations that a careless user or an attacker brings about."""

import re

import pytest

from perflab.errors import BadInputError, BrokenLimitError
from perflab.tuning.recommend import tune
from perflab.tuning.sweep import predict
from perflab.workloads.kinds.trace import Trace

SKEWED = "zipf:skew=0.9,keys=2k,requests=20k,seed=1"
QUEUE = "poisson:rate=200,requests=5k,seed=1"


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("memory_bytes<=-5MiB", "never negative"),
        ("hit_rate>=-1", "never negative"),
        ("hit_rate<=90", "between 0 and 1"),
        ("memory_bytes<=" + "1" * 400, "too long"),
        ("memory_bytes<=nan", "not a quantity"),
        ([5], "not a condition"),
        (5, "not a condition"),
    ],
)
def test_limits_that_mean_nothing_are_refused(limits, said):
    with pytest.raises(BadInputError, match=said) as error:
        tune("cache", SKEWED, limits=limits)
    assert not isinstance(error.value, BrokenLimitError)
    assert len(str(error.value)) < 300


def test_a_share_above_one_is_explained():
    with pytest.raises(BrokenLimitError, match="between 0 and 1"):
        tune("cache", SKEWED, limits="hit_rate>=90")


@pytest.mark.parametrize(
    ("objective", "right"),
    [
        ("min:hit_rate", "max:hit_rate"),
        ("max:latency_seconds_mean", "min:latency_seconds_mean"),
        ("max:evictions", "min:evictions"),
    ],
)
def test_the_worst_is_not_looked_for(objective, right):
    with pytest.raises(BadInputError, match=f"worst.*{right}"):
        tune("cache", SKEWED, objective)


def test_an_objective_that_is_no_text_is_refused():
    with pytest.raises(BadInputError, match="max:METRIC"):
        tune("cache", SKEWED, 5)


def test_a_limit_that_holds_back_is_not_the_target():
    found = tune("cache", SKEWED, limits="hit_rate<=20%")
    assert 0 < found.metrics["hit_rate"] <= 0.2
    assert not found.unreached
    assert "of at least 20 %" not in found.reason
    queue = tune("connection_pool", QUEUE, limits="wait_seconds_p95>=1ms")
    assert 0.001 <= queue.metrics["wait_seconds_p95"] <= 0.005
    assert not queue.unreached


@pytest.mark.parametrize(
    ("pattern", "workload", "limit"),
    [
        ("cache", SKEWED, "hit_rate>=80%"),
        ("connection_pool", QUEUE, "wait_seconds_p95<=0"),
        ("async_io", "poisson:rate=500,requests=1k,seed=1", "throughput_per_second>=200"),
    ],
)
def test_a_target_is_said_once_and_not_of_what_misses_it(pattern, workload, limit):
    found = tune(pattern, workload, limits=limit)
    assert "keeps" not in found.reason
    assert "looked at is good enough" not in found.reason
    assert "at all looked at" not in found.reason


def test_the_same_limit_twice_counts_once():
    found = tune("cache", SKEWED, limits=["memory_bytes<=1MiB", "memory_bytes <= 1024KiB"])
    assert found.reason.count("memory_bytes") == 1
    assert len(found.limits) == 1


def test_a_short_wait_of_those_who_give_up_is_not_good_enough():
    given_up = {"timeout": "1ms", "max_connections": 1}
    found = tune("connection_pool", QUEUE, settings=given_up)
    assert found.before_metrics["timeouts"] > 500
    assert found.metrics["timeouts"] < 50
    assert "timeouts" in found.reason


def test_refused_callers_count_as_harm():
    found = tune("connection_pool", QUEUE, settings={"max_waiting": 0})
    assert found.metrics["callers_refused"] <= 1.01 * found.before_metrics["callers_refused"]


def test_an_unreached_wait_says_how_many_give_up():
    rush = "poisson:rate=20000,requests=10k,seed=1"
    found = tune("connection_pool", rush, settings={"timeout": "10ms"})
    assert re.search(r"where [1-9]\d(\.\d)? % of the requests time out", found.reason)


@pytest.mark.parametrize("objective", ["min:timeouts", "max:throughput_per_second"])
def test_what_does_not_matter_is_no_reason_to_change_for_worse(objective):
    found = tune("connection_pool", QUEUE, objective)
    assert "hardly matters" in found.reason
    assert not found.worse
    before, after = found.before_metrics, found.metrics
    assert after["latency_seconds_p95"] <= 1.1 * before["latency_seconds_p95"]


def test_less_throughput_is_not_called_the_same():
    found = tune("streaming", "flights", limits="throughput_per_second>=1")
    lost = (
        1 - found.metrics["throughput_per_second"] / found.before_metrics["throughput_per_second"]
    )
    assert lost <= 0.01 or "less throughput than today" not in found.reason


def test_what_the_pattern_is_for_is_named_when_it_suffers():
    found = tune("cache", SKEWED, "min:memory_bytes")
    assert found.metrics["hit_rate"] < found.before_metrics["hit_rate"]
    assert found.worse.startswith("hit rate")


def test_a_limit_below_the_sweep_is_kept_where_a_setting_can():
    found = tune("redis_cache", SKEWED, limits="memory_bytes<=1.3MiB")
    assert found.metrics["memory_bytes"] <= 1.3 * 2**20
    assert found.metrics["hit_rate"] > 0.3


def test_a_neighbour_is_named_only_where_it_differs():
    found = tune("connection_pool", QUEUE, limits="utilisation<=10%")
    assert "the wait's p95 is 0 ns" not in found.reason
    busier = found.sensitivity[1]["reason"]
    assert "it breaks utilisation<=10 %" in busier
    assert "no longer good enough" not in busier


def test_one_request_does_not_overload_a_pool():
    frame = predict("connection_pool", "poisson:rate=1000,requests=1", {"max_connections": 1})
    assert not any("cannot keep up" in remark for remark in frame.attrs["remarks"])


def test_where_all_time_out_it_says_all():
    found = tune("async_io", settings={"timeout": "1ms"})
    assert found.reason.startswith("No concurrency limit keeps up (all requests time out): ")
    assert found.reason.count("time out") == 1


@pytest.mark.parametrize("pattern", ["connection_pool", "lazy_loading", "streaming", "async_io"])
@pytest.mark.parametrize("key", ["backend_seconds", "backend_scale"])
def test_the_wait_of_no_backend_is_refused(pattern, key):
    with pytest.raises(BadInputError, match="has no backend"):
        predict(pattern, settings={key: 0.5})


def test_an_arrival_rate_without_effect_is_named():
    closed = predict("async_io", settings={"request_rate": 50})
    assert any("request_rate has no effect" in remark for remark in closed.attrs["remarks"])
    both = predict("async_io", settings={"request_rate": 50, "load_model": "open"})
    assert not any("no effect" in remark for remark in both.attrs["remarks"])


def test_one_key_needs_one_entry():
    found = tune("cache", Trace.from_keys(["a"] * 1_000))
    assert found.settings["max_cache_size"] == 1
    assert found.reason.count("99.9 %") == 3


def test_a_sweep_says_each_point_once():
    frame = predict("cache", SKEWED, sweep={"max_cache_size": [10, 20, 10, 20, 20]})
    assert list(frame["max_cache_size"]) == [10, 20]


@pytest.mark.parametrize("limits", [(), "latency_seconds_p95<=1s", "errors<=0"])
@pytest.mark.parametrize("objective", [None, "min:errors"])
def test_where_all_requests_fail_nothing_is_promised(objective, limits):
    settings = {"error_rate": 1}
    if limits:
        with pytest.raises(BadInputError, match=r"no setting satisfies|not predicted"):
            tune("async_io", None, objective, limits, settings=settings)
        return
    found = tune("async_io", None, objective, limits, settings=settings)
    assert found.reason.startswith("No concurrency limit keeps up (all requests fail)")
    assert found.settings["max_concurrent"] == found.before["max_concurrent"]


def test_memory_is_recommended_in_units_that_people_write():
    found = tune("redis_cache", "loop:keys=5k,requests=20k")
    assert re.search(r"^maxmemory [\d.]{1,7} ?[KM]iB ", found.reason)
    assert found.settings["maxmemory"] % 1024 == 0
    tight = tune("redis_cache", "loop:keys=5k,requests=20k", limits="memory_bytes<=2MiB")
    assert re.search(r"maxmemory [\d.]{1,7} ?[KM]iB ", tight.reason)
