"""What a live run leaves of a calibration: costs as the run has shown them to be."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import numpy as np
import pytest

import perflab
from perflab.bench.registry import bench_names, load_bench
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.lab import measuring, verbs
from perflab.lab.ageing import renew_calibration
from perflab.lab.alerts import AlertWatch
from perflab.lab.calibrated_costs import wrong_cost
from perflab.lab.calibration import calibration_for, keep_calibration
from perflab.lab.rows import Rows
from perflab.lab.snapshot import Snapshot
from perflab.modelling.ageing import factor, scaled, scaled_parts
from perflab.settings.folders import cache_folder
from perflab.workloads.kinds.arrivals import Arrivals

SMALL = "zipf:skew=0.8,keys=2k,requests=40k,seed=1"


def kept(values=None, **costs):
    """Keep costs for the cache as if they had been measured, and return their calibration."""
    bench = load_bench("cache")
    shipped = bench.calibration.shipped_costs
    return keep_calibration(bench, *bench.read(values), {**shipped, **costs})


def found(values=None):
    bench = load_bench("cache")
    return calibration_for(bench, *bench.read(values))


def slow(cost, by=50.0):
    return scaled(cost, by)


@pytest.fixture
def shipped():
    return load_bench("cache").calibration.shipped_costs


def test_second_run_is_predicted_from_the_first(shipped):
    kept(hit=slow(shipped["hit"], 1000), miss=slow(shipped["miss"], 1000))
    first = perflab.run("cache", SMALL, {"loop": "on"}, seconds=1.5, progress=False)
    now = found()
    assert now.renewed
    assert "by a live run" in now.describe()
    assert any("this run has measured" in note for note in first.notes)
    before, after = first.predicted["latency_seconds_mean"], first.fitted["latency_seconds_mean"]
    assert before > 5 * after

    second = perflab.predict("cache", SMALL, {})
    miss = now.costs["miss"]["mean"]
    assert miss == pytest.approx(first.costs["miss"]["mean"])
    assert second["latency_seconds_mean"].max() < before / 5


@pytest.mark.parametrize("case", ["too short", "errors", "an action", "never measured"])
def test_run_that_tells_nothing_of_the_next_one_leaves_the_costs(case, shipped, monkeypatch):
    before = kept(hit=slow(shipped["hit"]))
    live = verbs.start_live("cache", SMALL, {"loop": "on"}, 1.5 if case != "too short" else 0.3)
    try:
        if case == "an action":
            live._rows.acted("kill", 0.1)
        if case == "never measured":
            live.calibration = dataclasses.replace(live.calibration, source="shipped")
        if case == "errors":
            known = live._rows.measured
            live._rows.measured = lambda since: {**known(since), "errors": 1e4}
        result = live.wait()
    finally:
        live.close()
    assert live.renewed is None
    assert found() == before
    assert not any("this run has measured" in note for note in result.notes)


def test_run_at_a_pace_renews_the_costs_of_runs_at_a_pace_alone():
    before = kept()
    paced = {"request_rate": 2000, "loop": "on"}
    assert found(paced).costs == before.costs
    assert "without pauses" in found(paced).describe()
    perflab.run("cache", SMALL, paced, seconds=1.5, progress=False)
    assert found() == before
    assert found(paced).renewed
    assert "without pauses" not in found(paced).describe()
    assert found(paced).costs["hit"] != before.costs["hit"]


def test_run_of_several_threads_renews_the_costs_of_as_many_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    bench, shared = load_bench("cache"), {"concurrency": 6}
    before = kept()
    assert "with one thread" in found(shared).describe()
    costs = {**before.costs, "hit": slow(before.costs["hit"])}
    keep_calibration(bench, *bench.read(shared), costs, of_run=True)
    assert found() == before
    assert found(shared).costs["hit"] == costs["hit"]
    assert found(shared).note == ""
    paced = found({**shared, "request_rate": 300})
    assert paced.costs == before.costs
    assert "without pauses" in paced.describe()


@pytest.mark.parametrize(("days", "used"), [(-1, "the run's"), (1, "the calibration's")])
def test_calibration_after_a_run_is_used_before_that_runs_costs(days, used, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    bench, paced = load_bench("cache"), {"request_rate": 300}
    left = {**bench.calibration.shipped_costs, "overhead_seconds": 7e-6}
    keep_calibration(bench, *bench.read(paced), left, of_run=True)
    made = kept()
    date = (datetime.fromisoformat(made.date) + timedelta(days=days)).isoformat()
    (path,) = (cache_folder() / "calibrations").glob("cache-sqlite-????????.json")
    dataclasses.replace(made, date=date).to_json(path, force=True)
    overhead = found(paced).costs["overhead_seconds"]
    assert (overhead == 7e-6) == (used == "the run's")


def ran(outcomes):
    """Return the rows of a run of the cache with so many requests of each outcome, and seconds."""
    bench = load_bench("cache")
    settings, load = bench.read({})
    rows = Rows(
        *(bench, bench.workload_for(settings, SMALL), settings, load),
        *(bench.calibration.shipped_costs, AlertWatch(())),
    )
    histograms = {name: LatencyHistogram() for name in outcomes}
    for name, (count, seconds) in outcomes.items():
        for _ in range(count):
            histograms[name].record(seconds)
    counts = {"hits": float(outcomes["hit"][0]), "misses": float(outcomes["miss"][0])}
    requests = sum(count for count, _ in outcomes.values())
    rows.add(Snapshot(2.0, requests, 2.0, counts, histograms, mark="end"), 0)
    return rows


@pytest.mark.parametrize(("rare", "often"), [("miss", "hit"), ("hit", "miss")])
def test_outcome_that_came_a_few_times_keeps_its_calibrated_cost(rare, often):
    before = kept()
    renewed = renew_calibration(ran({often: (700, 4e-6), rare: (3, 0.8)}), before, 0.1)
    assert renewed.costs[rare] == before.costs[rare]
    assert renewed.costs[often]["mean"] == pytest.approx(4e-6, rel=0.05)


def test_outcome_that_came_often_is_renewed():
    renewed = renew_calibration(ran({"hit": (700, 4e-6), "miss": (40, 6e-5)}), kept(), 0.1)
    assert renewed.costs["miss"]["mean"] == pytest.approx(6e-5, rel=0.05)


@pytest.mark.parametrize("pattern", bench_names())
def test_run_that_took_what_was_predicted_changes_little_and_never_the_shape(pattern):
    bench = load_bench(pattern)
    settings, _ = bench.read({})
    costs = dict(bench.calibration.shipped_costs)
    for own in ({}, {"overhead_seconds": 1e-6}):
        renewed = bench.calibration.renewed(costs, own, settings, {})
        assert wrong_cost(costs, renewed) is None
        assert renewed.keys() >= costs.keys()


OWN = {
    "lazy_loading": {"load": {"1000": {"mean": 4.2e-3, "quantiles": [4e-3] * 103, "bytes": 4e4}}},
    "prefetching": {
        "run_fetch": {"mean": 1.7e-3, "quantiles": [1e-3] * 103, "items": 100.0, "at_work": 1.0}
    },
    "connection_pool": {"service": {"2": {"mean": 7.5e-3, "quantiles": [7e-3] * 103}}},
    "streaming": {
        "own_rows": 10_000.0,
        "own_seconds": 0.23,
        "own_peak_bytes": 1e8,
        "plain_and_clean": True,
    },
    "async_io": {
        "run": {
            "latency": {"mean": 0.0545, "quantiles": [0.05] * 103},
            "throughput": 100.0,
            "error_share": 0.0,
        }
    },
}
PREDICTED = {
    "connection_pool": {"service_seconds_mean": 1.5e-3, "throughput_per_second": 0.0},
    "async_io": {"latency_seconds_mean": 0.0209},
}
TIMES = {
    "lazy_loading": lambda costs: costs["load"]["100"]["mean"],
    "prefetching": lambda costs: costs["fetch"]["fixed_seconds"],
    "connection_pool": lambda costs: 1 / costs["usl"]["rate"],
    "streaming": lambda costs: costs["engines"]["polars"]["row_seconds"],
    "async_io": lambda costs: costs["delay_seconds"],
}


@pytest.mark.parametrize("pattern", sorted(OWN))
def test_what_is_beside_what_was_measured_is_as_much_slower(pattern):
    bench = load_bench(pattern)
    settings, _ = bench.read({"latency_seconds": 0.02} if pattern == "async_io" else {})
    costs = dict(bench.calibration.shipped_costs)
    renewed = bench.calibration.renewed(costs, OWN[pattern], settings, PREDICTED.get(pattern, {}))
    assert wrong_cost(costs, renewed) is None
    by = TIMES[pattern](renewed) / TIMES[pattern](costs)
    assert 2 < by < 60
    # What has become as slow is taken as it is from then on.
    predicted = {name: value * by for name, value in PREDICTED.get(pattern, {}).items()}
    if pattern == "async_io":
        predicted = {"latency_seconds_mean": OWN[pattern]["run"]["latency"]["mean"]}
    again = bench.calibration.renewed(renewed, OWN[pattern], settings, predicted)
    assert TIMES[pattern](again) == pytest.approx(TIMES[pattern](renewed), rel=0.01)


@pytest.mark.parametrize("speed", [0.3, 0.5, 0.8, 1.3, 2.0])
@pytest.mark.parametrize("rate", [20.0, 200.0, 400.0])
def test_a_pool_is_predicted_as_it_was_measured_from_the_next_run_on(speed, rate):
    # Services that slow each other down: half as long ones are fewer at a time, and shorter still.
    bench = load_bench("connection_pool")
    settings, load = bench.read({"max_connections": 5})
    gaps = np.random.default_rng(3).exponential(1 / rate, 20_000)
    workload = Arrivals("poisson", np.cumsum(gaps))
    shipped = bench.calibration.shipped_costs
    ((_, shape),) = list(shipped["service"].items())[:1]

    def curve(*means):
        numbers = ("1", "2", "4", "8")
        shapes = (scaled(shape, 1e-3 * mean / shape["mean"]) for mean in means)
        return dict(zip(numbers, shapes, strict=True))

    costs = {**shipped, "service": curve(1, 3, 6.6, 6.9), "service_half": curve(1.3, 2.6, 8, 9)}
    usl = {**shipped["usl"], "rate": shipped["usl"]["rate"] / speed}
    truth = {**scaled_parts(costs, ("service", "service_half"), speed), "usl": usl}

    def predicted(known):
        return bench.model(workload, known).predict(settings, load).metrics

    measured = predicted(truth)["service_seconds_mean"]
    own = {"service": {"2": scaled(shape, measured / shape["mean"])}}
    for _ in range(2):
        renewed = bench.calibration.renewed(costs, own, settings, predicted(costs))
        costs = bench.calibration.refined(renewed, own, predicted)
        assert wrong_cost(shipped, costs) is None
        assert predicted(costs)["service_seconds_mean"] == pytest.approx(measured, rel=0.03)


@pytest.mark.parametrize("pattern", sorted(OWN))
def test_what_was_measured_itself_is_kept_beside_what_is_scaled(pattern):
    bench = load_bench(pattern)
    settings, _ = bench.read({"latency_seconds": 0.02} if pattern == "async_io" else {})
    costs, predicted = dict(bench.calibration.shipped_costs), PREDICTED.get(pattern, {})
    costs = {**costs, **({"lend": OWN[pattern]["service"]["2"]} if "service" in costs else {})}

    def renewed(own):
        return bench.calibration.renewed(costs, own, settings, predicted)

    for name in costs.keys() - OWN[pattern].keys():
        own = {name: scaled(costs[name], 7.0)}
        if renewed(own)[name] == own[name]:
            assert renewed({**OWN[pattern], **own})[name] == own[name]


@pytest.mark.parametrize(
    ("now", "before", "by"),
    [
        (2.0, 1.0, 2.0),
        (1.0, 4.0, 0.25),
        (0.0, 1.0, 1.0),
        (1.0, 0.0, 1.0),
        (1e9, 1.0, 1.0),
        (float("inf"), 1.0, 1.0),
        (float("nan"), 1.0, 1.0),
        (-1.0, 1.0, 1.0),
    ],
)
def test_factor_that_cannot_be_right_is_one(now, before, by):
    assert factor(now, before) == by


def test_scaled_keeps_the_shape():
    cost = {"mean": 2.0, "quantiles": [1.0, 2.0], "of": {"1": (3.0,)}, "name": "x", "on": True}
    assert scaled(cost, 3) == {
        "mean": 6.0,
        "quantiles": [3.0, 6.0],
        "of": {"1": (9.0,)},
        "name": "x",
        "on": True,
    }


def test_costs_of_a_busy_machine_are_measured_again_once_it_is_quiet(monkeypatch):
    bench = load_bench("cache")
    settings, load = bench.read({})
    costs = dict(bench.calibration.shipped_costs)
    busy = keep_calibration(bench, settings, load, costs, load_average=3.0)
    assert busy.busy
    asked = []

    def measured(*arguments, **_options):
        asked.append(arguments)
        return busy, 0

    monkeypatch.setattr(measuring, "measure", measured)
    for load_average, times in ((2.9, 0), (1.6, 0), (1.4, 1), (None, 1)):
        monkeypatch.setattr(measuring, "machine_load", lambda now=load_average: now)
        verbs.start_live("cache", SMALL, {}, 0.2).close()
        assert len(asked) == times
