import re

import numpy as np
import pytest

from perflab.cli.tune import write_recommendation
from perflab.errors import BrokenLimitError
from perflab.reports.report import report
from perflab.tuning.reach import GUARDED, harms, least_harmful, worsened
from perflab.tuning.recommend import tune
from perflab.workloads.kinds.trace import Trace

OVERLOADED = [
    ("connection_pool", "poisson:rate=3000,requests=20k", {"query": "aggregate"}),
    ("connection_pool", "steady:rate=9000,requests=20k", {"query": "point", "timeout": 0.2}),
    ("connection_pool", "bursty:rate=2500,requests=20k", {"query": "aggregate", "timeout": 1}),
]


@pytest.mark.parametrize(("pattern", "workload", "settings"), OVERLOADED)
def test_a_target_out_of_reach_is_said_first_and_harms_nothing(pattern, workload, settings):
    found = tune(pattern, workload, settings=settings)
    assert found.unreached == "No pool size reaches 5 ms"
    assert found.reason.startswith("No pool size reaches 5 ms: the best p95 wait is ")
    assert not harms(found.before_metrics, found.metrics)
    assert not found.alternatives


def test_a_target_within_reach_is_recommended_as_before():
    found = tune("connection_pool", "poisson:rate=50,requests=5k", settings={"query": "point"})
    assert found.unreached == ""
    assert found.metrics["wait_seconds_p95"] <= 0.005
    assert "smallest setting" in found.reason


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("cache", np.arange(5_000)),
        ("cache", np.arange(40_000) * 7),
        ("redis_cache", np.arange(3_000)),
    ],
)
def test_where_nothing_is_ever_hit_no_size_is_recommended(pattern, keys):
    found = tune(pattern, Trace.from_keys(keys, name="once"))
    assert "brings a hit rate above 0" in found.unreached
    assert found.settings == found.before
    assert "Keep" in found.reason


def test_limits_that_nothing_keeps_are_a_broken_limit():
    trace = Trace.from_keys(np.arange(5_000) % 50, name="few")
    for limits in ("memory_bytes<=1", "hit_rate>=0.999", ["hit_rate>=0.5", "misses<=3"]):
        with pytest.raises(BrokenLimitError, match="no setting satisfies"):
            tune("cache", trace, limits=limits)


def test_least_harm_looks_at_timeouts_then_errors_then_throughput():
    def point(timeouts, errors, throughput):
        values = dict(zip(GUARDED, (timeouts, errors, throughput), strict=True))
        return {"settings": {}, "metrics": values}

    few, more = point(100, 5, 50.0), point(200, 0, 500.0)
    assert least_harmful([few, more]) == [few]
    alike, faster = point(100, 5, 50.0), point(100.5, 5, 80.0)
    assert least_harmful([alike, faster]) == [faster]
    assert least_harmful([point(0, 0, 1.0), point(1, 0, 9.0)])[0]["metrics"]["timeouts"] == 0
    assert harms({"timeouts": 0}, {"timeouts": 1})
    assert not harms({"timeouts": 0}, {"hit_rate": 0.1})


def test_report_and_shell_say_first_what_no_setting_reaches(tmp_path):
    pattern, workload, settings = OVERLOADED[0]
    found = tune(pattern, workload, settings=settings)
    text = report([found], tmp_path / "r.md").read_text()
    assert "No pool size reaches 5 ms" in text[:400]
    assert "Ship" not in text[:2_000]
    said = write_recommendation(found).splitlines()
    assert said[2].startswith("No pool size reaches 5 ms")


@pytest.mark.parametrize(
    "objective",
    [
        "min:latency_seconds_p95",
        "min:latency_seconds_mean",
        "max:throughput_per_second",
        "min:timeouts",
        "max:utilisation",
    ],
)
@pytest.mark.parametrize("today", [10, 64])
def test_overload_is_said_first_whatever_is_looked_for(objective, today):
    pattern, workload, settings = OVERLOADED[0]
    settings = {**settings, "max_connections": today}
    found = tune(pattern, workload, objective, settings=settings)
    share = r"[1-9]\d(?:\.\d)? % of the requests"
    said = rf"No pool size keeps up \({share} or more time out\): the best "
    assert re.match(said, found.reason)
    assert not harms(found.before_metrics, found.metrics)
    assert not found.alternatives


@pytest.mark.parametrize(
    "objective",
    ["min:latency_seconds_p95", "min:latency_seconds_mean", "min:errors", "min:timeouts"],
)
@pytest.mark.parametrize("today", [5, 20, 50])
def test_what_is_as_good_today_costs_no_throughput(objective, today):
    found = tune("async_io", objective=objective, settings={"max_concurrent": today})
    assert not harms(found.before_metrics, found.metrics, for_gain=True)
    assert "At the cost of" not in found.reason
    assert not found.worse


@pytest.mark.parametrize("metric", ["latency_seconds_p95", "latency_seconds_mean"])
def test_what_a_better_objective_costs_is_said(metric):
    line = [p["metrics"] for p in tune("async_io", objective=f"min:{metric}").points]
    best = min(point[metric] for point in line)
    dear = [p for p in line if p[metric] > 1.05 * best]
    fast = max(dear, key=lambda point: point["throughput_per_second"])
    today = tune("async_io").points[line.index(fast)]["settings"]["max_concurrent"]
    found = tune("async_io", objective=f"min:{metric}", settings={"max_concurrent": today})
    assert found.metrics[metric] <= 1.05 * best
    lost = found.metrics["throughput_per_second"] < 0.9 * fast["throughput_per_second"]
    assert found.reason.startswith("At the cost of throughput ") == lost
    assert found.worse.startswith("throughput ") == lost
    enough = [point for point in line if point[metric] <= 1.05 * best]
    most = max(point["throughput_per_second"] for point in enough)
    assert found.metrics["throughput_per_second"] >= 0.9 * most


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ((0, 0, 100.0), (0, 0, 80.0), "throughput 80/s instead of 100/s"),
        ((0, 0, 100.0), (0, 0, 95.0), ""),
        ((5, 0, 100.0), (9, 0, 100.0), "timeouts 9 instead of 5"),
        ((5, 1, 9.0), (5, 2, 1.0), "errors 2 instead of 1 and throughput 1/s"),
    ],
)
def test_a_cost_is_written_by_name_with_both_values(before, after, text):
    said = worsened(*(dict(zip(GUARDED, values, strict=True)) for values in (before, after)))
    assert said.startswith(text)
    assert bool(said) == bool(text)


@pytest.mark.parametrize(
    ("workload", "limit"),
    [
        ("loop:keys=100k,requests=200k", "memory_bytes<=1MiB"),
        ("loop:keys=50k,requests=150k", "memory_bytes<=256KiB"),
        ("uniform:keys=10M,requests=50k", "memory_bytes<=64MiB"),
    ],
)
def test_a_hit_rate_within_the_tolerance_of_none_is_none(workload, limit):
    found = tune("cache", workload, limits=limit, settings={"max_cache_size": 100})
    assert found.unreached.startswith("No cache size that keeps memory_bytes<=")
    assert found.settings == found.before
    assert found.reason.count("hit rate") == 1


def test_where_today_breaks_a_limit_what_keeps_it_is_recommended():
    pattern, workload, settings = OVERLOADED[0]
    found = tune(pattern, workload, limits="connections<=5", settings=settings)
    assert found.metrics["connections"] <= 5
    assert f"at the cost of {found.worse}." in found.reason
    assert found.worse.startswith("timeouts ")


@pytest.mark.parametrize("objective", ["min:errors", "min:timeouts"])
def test_settings_that_are_all_alike_are_said_to_be(objective):
    found = tune("async_io", objective=objective)
    assert found.reason.startswith("The concurrency limit hardly matters to the ")
