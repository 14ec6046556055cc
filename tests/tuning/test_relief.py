"""What would reach a target: true as told, and not much less would do."""

import pytest

from perflab.tuning import relief
from perflab.tuning.recommend import tune
from perflab.tuning.sweep import predict

SETTINGS = {"query": "aggregate"}
WORKLOAD = "poisson:rate=2600,requests=4k,seed=6"


def waits(load, sizes):
    sweep = {"max_connections": sizes}
    frame = predict("connection_pool", WORKLOAD, {**SETTINGS, "speedup": load}, sweep)
    return frame["wait_seconds_p95"]


def test_so_much_less_load_reaches_the_target_and_a_tenth_more_does_not():
    found = tune("connection_pool", WORKLOAD, settings=SETTINGS)
    less = next(one for one in found.reliefs if one["name"] == "load")
    load, size = less["settings"]["speedup"], less["settings"]["max_connections"]
    assert waits(load, [size])[0] == less["metrics"]["wait_seconds_p95"] <= 0.005
    assert waits(1.1 * load, list(range(1, 129))).min() > 0.005
    assert f"{round(100 * (1 - load))} % less load" in found.reason


def test_a_batch_size_that_reaches_the_target_is_named():
    settings = {"backend_seconds": 0.01, "batch_size": 1, "buffer_size": 5}
    settings["consume_seconds"] = 2e-5
    found = tune("prefetching", "items:count=20k", settings=settings)
    other = next(one for one in found.reliefs if one["name"] == "batch_size")
    assert other["settings"]["batch_size"] > 1
    keys = ("batch_size", "buffer_size", "workers")
    there = {**settings, **{key: other["settings"][key] for key in keys}}
    assert predict("prefetching", "items:count=20k", there)["stall_fraction"][0] <= 0.05
    assert f"batch_size {other['settings']['batch_size']}" in found.reason


def test_a_limit_that_stands_in_the_way_is_named_with_what_it_would_take():
    workload = "loop:keys=4k,requests=16k"
    found = tune("cache", workload, limits="memory_bytes<=40KiB", settings={"policy": "fifo"})
    (other,) = [one for one in found.reliefs if one["name"] == "limit"]
    keys = ("max_cache_size", "policy")
    there = predict("cache", workload, {key: other["settings"][key] for key in keys})
    assert there["hit_rate"][0] > 0.01
    assert there["memory_bytes"][0] > 40 * 1024


@pytest.mark.parametrize("least", [1, 2, 37, 94, 95, 96])
def test_the_least_that_does_is_found(least):
    tried = []

    def attempt(share):
        tried.append(share)
        return {"settings": {}, "metrics": {}} if share >= least else None

    found = relief._least(95, attempt)
    assert (found is None) == (least > 95)
    assert found is None or found[0] == least
    assert len(tried) <= 8


@pytest.mark.parametrize("good", [range(3, 9), range(40, 60), range(1, 2), range(95, 96)])
def test_the_nearest_is_found_where_more_is_too_much(good):
    found = relief._nearest(95, lambda place: {"settings": {}} if place in good else None)
    coarse = [round(1 + step * 94 / 5) for step in range(6)]
    assert (found is not None) == any(place in good for place in coarse)
    assert found is None or found[0] == good[0]


def test_without_patience_one_that_does_is_told(monkeypatch):
    monkeypatch.setattr(relief, "_PATIENCE_SECONDS", -1.0)
    assert relief._least(95, lambda share: {"settings": {}} if share > 3 else None)[0] == 95


def test_points_without_a_metric_that_is_limited_do_not_stop_the_search():
    limits = ["erlang_wait_seconds_mean<=1s", "connections<=10"]
    found = tune(
        "connection_pool", "poisson:rate=1200,requests=4k", limits=limits, settings=SETTINGS
    )
    assert found.unreached.startswith("No pool size that keeps erlang_wait_seconds_mean<=1 s")
    # Under overload Erlang's formula has no mean wait.
    assert not all("erlang_wait_seconds_mean" in point["metrics"] for point in found.points)
    (other,) = [one for one in found.reliefs if one["name"] == "limit"]
    assert other["metrics"]["connections"] > 10
    assert other["metrics"]["erlang_wait_seconds_mean"] <= 1
