from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.patterns.cache.policies import TITLES
from perflab.settings import LoadSettings
from perflab.tuning.objective import knee
from perflab.tuning.recommend import tune
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.sweep import predict, predictions
from perflab.tuning.whatif import WhatIf
from perflab.workloads.kinds.trace import Trace

TRACE = Trace.from_keys(np.random.default_rng(2).zipf(1.3, 60_000) % 2_000, name="sample")


def test_the_smallest_size_within_tolerance_is_recommended():
    found = tune("cache", TRACE)
    size, policy = found.settings["max_cache_size"], found.settings["policy"]
    best = max(point["metrics"]["hit_rate"] for point in found.points)
    assert found.metrics["hit_rate"] >= best - 0.01
    smaller = [p for p in found.points if 1.02 * p["settings"]["max_cache_size"] < size]
    assert smaller
    assert all(point["metrics"]["hit_rate"] < best - 0.01 for point in smaller)
    assert f"{size:,}" in found.reason
    assert f"with policy {TITLES[policy]} is" in found.reason


def test_a_limit_is_kept_and_an_impossible_one_says_what_there_is():
    found = tune("cache", TRACE, limits=["memory_bytes<=100KiB"])
    assert found.metrics["memory_bytes"] <= 100 * 1024
    with pytest.raises(BadInputError, match="no setting satisfies"):
        tune("cache", TRACE, limits="memory_bytes<=1")
    with pytest.raises(BadInputError, match="hit_rate"):
        tune("cache", TRACE, limits="hit_rat>=1")


def test_latency_can_be_the_objective():
    found = tune("cache", TRACE, "min:latency_seconds_mean", settings={"backend_seconds": 0.01})
    best = min(point["metrics"]["latency_seconds_mean"] for point in found.points)
    assert found.metrics["latency_seconds_mean"] <= best * 1.01
    with pytest.raises(BadInputError, match="max:METRIC"):
        tune("cache", TRACE, "fastest")


def test_reason_says_when_it_is_what_there_is_today():
    first = tune("cache", TRACE)
    assert "Today's max_cache_size 1,000 with policy LRU gives" in first.reason
    kept = {key: first.settings[key] for key in ("max_cache_size", "policy")}
    again = tune("cache", TRACE, settings=kept)
    assert "That is what you have today." in again.reason
    assert "Today's" not in again.reason


def test_reason_names_metrics_as_a_sentence_does():
    found = tune("cache", TRACE, "min:latency_seconds_mean", settings={"backend_seconds": 0.01})
    said = " ".join([found.reason, *(other["reason"] for other in found.alternatives)])
    assert "of the best mean latency: " in said
    assert "Diminishing returns past max_cache_size " in said
    assert "latency, mean" not in said


def test_the_alternatives_name_the_knee_and_the_best():
    names = [alternative["name"] for alternative in tune("cache", TRACE).alternatives]
    assert names == ["knee", "best"]


def test_a_recommendation_comes_back_from_its_file(tmp_path):
    found = tune("cache", TRACE)
    assert Recommendation.load(found.to_json(tmp_path / "r.json")).to_dict() == found.to_dict()


def test_recommended_settings_can_be_checked_live(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    few = Trace.from_keys(np.random.default_rng(2).zipf(1.3, 2_000) % 300, name="few")
    found = tune("cache", few, live=True, budget=0.1)
    assert found.measured["hit_rate"] == found.metrics["hit_rate"]


def test_the_knee_of_a_bent_line_is_its_bend():
    xs = [1, 2, 3, 4, 5, 6]
    assert knee(xs, [0, 4, 8, 8.1, 8.2, 8.3], log=False) == 2
    assert knee(xs, [1, 1, 1, 1, 1, 1], log=False) is None
    assert knee([1, 2], [0, 1], log=True) is None


def test_a_sweep_is_a_cross_product_and_a_row_a_point():
    sweep = {"max_cache_size": ["10", "1k"], "policy": ["lru", "sieve", "opt"]}
    frame = predict("cache", TRACE, {"backend": "delay"}, sweep)
    assert len(frame) == 6
    assert set(frame["max_cache_size"]) == {10, 1000}
    assert frame.loc[frame["policy"] == "opt", "hit_rate"].max() >= frame["hit_rate"].max()
    assert (frame["sampled"] == 1).all()
    assert (frame["error"] == 0).all()


def test_other_processes_answer_the_same():
    sweep = {"max_cache_size": [10, 100]}
    with ProcessPoolExecutor(1) as processes:
        there = predict("cache", TRACE, sweep=sweep, executor=processes)
    assert there["hits"].tolist() == predict("cache", TRACE, sweep=sweep)["hits"].tolist()


def test_a_shipped_calibration_is_said():
    assert any("perflab calibrate" in remark for remark in predictions("cache", TRACE).remarks)


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ({"max_cach": [1]}, "max_cache_size"),
        ({"max_cache_size": []}, "no values"),
        ({"max_cache_size": [0]}, "out of bounds"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(sweep, message):
    with pytest.raises(BadInputError, match=message):
        predict("cache", TRACE, sweep=sweep)


def test_what_if_knows_little_at_first_and_all_in_the_end():
    bench = load_bench("cache")
    what_if = WhatIf(bench, TRACE, bench.calibration.shipped_costs)
    settings = bench.identity.settings_class(max_cache_size=123, policy="sieve")
    assert what_if.at(settings, LoadSettings()) is None
    seen = []
    assert what_if.refine(settings, LoadSettings(), lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 20
    lines = what_if.curves(settings, LoadSettings())[0]
    assert set(lines) == {*bench.display.what_if_charts[0].compared, "sieve"}
    assert all(len(xs) > 10 and list(ys) == sorted(ys) for xs, ys in lines.values())
    assert what_if.at(settings, LoadSettings()).error == 0
    near = what_if.at(settings.change(max_cache_size=130), LoadSettings())
    assert near.error > 0


def test_what_if_stops_when_it_is_cancelled():
    bench = load_bench("cache")
    what_if = WhatIf(bench, TRACE, bench.calibration.shipped_costs)
    settings = bench.identity.settings_class(policy="fifo")
    assert not what_if.refine(settings, LoadSettings(), lambda *_: None, lambda: True)
