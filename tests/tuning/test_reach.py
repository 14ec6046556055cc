import numpy as np
import pytest

from perflab.cli.tune import write_recommendation
from perflab.reports.report import report
from perflab.settings import BrokenLimitError
from perflab.tuning.reach import GUARDED, harms, least_harmful
from perflab.tuning.recommend import tune
from perflab.workloads.trace import Trace

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
        with pytest.raises(BrokenLimitError, match="no setting keeps"):
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
