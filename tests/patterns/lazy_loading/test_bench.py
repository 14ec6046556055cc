"""The lazy loading bench: workload by store, calibration, live runs, exactness, and tuning."""

from __future__ import annotations

import sqlite3
import time

import numpy as np
import pytest

import perflab
from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab.calibration import calibration_for, keep_calibration
from perflab.patterns.lazy_loading.calibration import lazy_calibration
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.primitives.clock import VirtualClock

BENCH = load_bench("lazy_loading")
WORKLOAD = "hotspot:run=5,requests=20k,seed=3"


@pytest.fixture(scope="module")
def array(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "numbers.npy"
    np.save(path, np.arange(50_000, dtype=np.int64))
    return str(path)


@pytest.fixture(scope="module")
def calibrated(array):
    """Calibrate once on a small array, for all runs on it."""
    return perflab.calibrate("lazy_loading", None, {"data_source": array}, seconds=0.2)


def as_shipped(values):
    """Spare a run its first calibration: shipped costs stand as those of this store."""
    keep_calibration(BENCH, *BENCH.read(values), {})


def wait_until(live, condition):
    while live.state in ("starting", "running") and not condition():
        time.sleep(0.01)


def test_the_number_of_rows_is_that_of_the_store(array):
    settings = LazyLoadingSettings(data_source=array)
    assert BENCH.workload_for(settings, "sequential").n_rows == 50_000
    assert BENCH.workload_for(BENCH.identity.settings_class(), "sequential").n_rows == 334_264
    with pytest.raises(BadInputError, match="60,000 are more than the 50,000 rows"):
        BENCH.workload_for(settings, "random:rows=60k")
    missing = LazyLoadingSettings(data_source="nowhere.parquet")
    with pytest.raises(BadInputError, match=r"nowhere\.parquet: cannot be opened"):
        BENCH.workload_for(missing, None)


def test_a_calibration_knows_loads_by_size_hits_memory_and_belongs_to_its_store(array, calibrated):
    costs = calibrated.costs
    sizes = sorted(float(size) for size in costs["load"])
    assert sizes[0] == pytest.approx(10)
    assert sizes[-1] == pytest.approx(50_000)
    assert costs["load"]["10"]["bytes"] == pytest.approx(80)
    assert costs["stored_row_bytes"] == costs["sized_row_bytes"] == pytest.approx(8)
    assert 0 < costs["hit"]["mean"] < costs["load"]["50000"]["mean"]
    assert 0 <= costs["contention"] <= 1
    settings, load = BENCH.read({"data_source": array})
    assert calibration_for(BENCH, settings, load).source == "measured"
    assert "numbers.npy" in calibrated.backend
    assert calibration_for(BENCH, *BENCH.read({})).source == "shipped"


@pytest.mark.parametrize(
    "values",
    [
        {"chunk_size": 100, "max_chunks": 20},
        {"chunk_size": 1000, "max_chunks": 1},
        {"chunk_size": 300, "max_chunks": 10, "read_ahead": 2},
        {"chunk_size": 500, "max_bytes": 20_000},
    ],
    ids=str,
)
def test_predicted_hits_are_measured_hits_to_the_last_one(array, calibrated, values):
    measured = perflab.run(
        "lazy_loading", WORKLOAD, {"data_source": array, **values}, seconds=30, progress=False
    )
    assert measured.ended == "workload through"
    for name in ("requests", "hits", "misses", "hit_rate", "evictions", "chunks"):
        assert measured.predicted[name] == measured.metrics[name]
    if "read_ahead" not in values:
        for name in ("loads", "bytes_read", "read_amplification"):
            assert measured.predicted[name] == pytest.approx(measured.metrics[name])


def test_threads_that_share_loads_are_predicted_from_what_they_took():
    values = {"chunk_size": 500, "max_chunks": 20, "concurrency": 4}
    as_shipped(values)
    live = perflab.start("lazy_loading", WORKLOAD, values, seconds=60, loop=False)
    ended = live.wait()
    measured, fitted = ended.metrics, ended.fitted
    assert measured["waits"] > 0.1 * measured["misses"]
    # Who comes just as a load ends finds its chunk, and neither loads nor waits.
    loads = measured["misses"] - measured["waits"]
    assert measured["loads"] == pytest.approx(loads, rel=0.01)
    # Who gets the processor first is chance, and known of each request once the run is over.
    assert fitted["hit_rate"] == pytest.approx(measured["hit_rate"], abs=0.01)
    assert fitted["loads"] == pytest.approx(measured["loads"], rel=0.01)
    for name in ("latency_seconds_mean", "throughput_per_second"):
        assert fitted[name] == pytest.approx(measured[name], rel=0.2)


def test_asks_of_a_run_are_noted_until_its_settings_change(array):
    settings, load = BENCH.read({"data_source": array, "concurrency": 2, "chunk_size": 10})
    workload = BENCH.workload_for(settings, "sequential:requests=100")
    session = BENCH.session(settings, load, workload, VirtualClock(), "")
    try:
        assert session.records() == {}
        for index in (0, 1, 10):
            session.request(index, 0.0)
        found = session.records()
        assert found["asked_accesses"].tolist() == [0, 1, 10]
        assert np.isnan(found["asked_load_seconds"]).tolist() == [False, True, False]
        assert found["asked_seconds"][0] == 0.0
        assert (np.diff(found["asked_seconds"]) > 0).all()
        assert len(session.records()["asked_seconds"]) == 3
        session.apply(settings, load)
        assert session.records() == {}
    finally:
        session.close()


def test_asks_of_one_thread_are_not_noted(array):
    settings, load = BENCH.read({"data_source": array})
    workload = BENCH.workload_for(settings, "sequential:requests=100")
    session = BENCH.session(settings, load, workload, VirtualClock(), "")
    try:
        session.request(0, 0.0)
        assert session.records() == {}
    finally:
        session.close()


def test_the_flights_run_live_with_a_change_of_size_in_the_middle():
    values = {"data_source": "flights:npy", "request_rate": 10_000}
    as_shipped(values)
    live = perflab.start("lazy_loading", WORKLOAD, values, seconds=30)
    wait_until(live, lambda: len(live.rows) >= 3)
    live.apply({"chunk_size": 50, "max_chunks": 300})
    ended = live.wait()
    assert ended.metrics["errors"] == 0
    assert ended.settings["chunk_size"] == 50
    assert ended.metrics["requests"] == 20_000
    assert 300 >= ended.since_change["chunks"] > 100
    assert ended.since_change["read_amplification"] < 20
    assert [change["settings"]["chunk_size"] for change in ended.changes] == ["50"]
    assert "334,264 rows" in ended.environment["servers"]["store"]


def test_a_source_that_fails_in_a_run_is_told(tmp_path):
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (n INTEGER)")
    connection.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(5000)])
    connection.commit()
    values = {"data_source": str(path), "chunk_size": 10}
    as_shipped(values)
    live = perflab.start("lazy_loading", "random:requests=1M", values, seconds=None)
    wait_until(live, lambda: len(live.rows) >= 2)
    connection.execute("ALTER TABLE t ADD COLUMN more")
    connection.commit()
    wait_until(live, lambda: live.rows[-1]["errors"] > 0)
    ended = live.stop()
    assert ended.metrics["errors"] > 0
    assert any("had the columns n and has n, more now" in note for note in ended.notes)
    connection.close()


def test_the_least_memory_that_is_fast_enough_is_recommended_under_a_budget(array, calibrated):
    del calibrated
    values = {"data_source": array}
    free = perflab.tune("lazy_loading", WORKLOAD, settings=values)
    needed = [point["metrics"]["memory_bytes"] for point in free.points]
    budget = round((min(needed) + free.metrics["memory_bytes"]) / 2)
    bound = perflab.tune(
        "lazy_loading", WORKLOAD, settings=values, limits=[f"memory_bytes<={budget}"]
    )
    assert bound.metrics["memory_bytes"] <= budget
    for advice in (free, bound):
        kept = [
            point
            for point in advice.points
            if advice is free or point["metrics"]["memory_bytes"] <= budget
        ]
        name = "latency_seconds_mean"
        best = min(point["metrics"][name] for point in kept)
        enough = [point for point in kept if point["metrics"][name] <= 1.1 * best]
        least = min(point["metrics"]["memory_bytes"] for point in enough)
        # Sizes within two per cent of each other count as one.
        assert least <= advice.metrics["memory_bytes"] <= 1.02 * least
        assert "smallest setting by memory" in advice.reason
    with pytest.raises(BadInputError, match="no setting satisfies memory_bytes"):
        perflab.tune("lazy_loading", WORKLOAD, settings=values, limits=["memory_bytes<=1"])


def test_a_sweep_and_a_sample_are_frames(array, calibrated):
    del calibrated
    values, sweep = {"data_source": array}, {"chunk_size": [10, 100], "max_chunks": [1, 10]}
    table = perflab.predict("lazy_loading", WORKLOAD, values, sweep)
    assert len(table) == 4
    assert (table["error"] == 0).all()
    sampled = perflab.predict("lazy_loading", WORKLOAD, values, sweep, sample=0.5)
    assert (sampled["sampled"] < 1).all()


def test_a_workload_made_for_another_store_is_told_in_a_run(array, calibrated):
    del calibrated
    made = BENCH.workload_for(BENCH.identity.settings_class(), "sequential:requests=1k")
    ended = perflab.run("lazy_loading", made, {"data_source": array}, seconds=10, progress=False)
    assert ended.metrics["requests"] == 1000


def test_charts_and_axes_name_what_there_is():
    workload = BENCH.workload_for(BENCH.identity.settings_class(), "sequential:requests=1k")
    metrics = (
        BENCH.model(workload, BENCH.calibration.shipped_costs).predict(*BENCH.read({})).metrics
    )
    for chart in (*BENCH.display.what_if_charts, *BENCH.display.heat_maps):
        assert chart.metric in metrics
    assert BENCH.axis("chunk_size", workload)[-1] == 100_000
    assert BENCH.axis("max_chunks", workload)[0] == 1
    assert set(BENCH.display.sliders) <= {
        *BENCH.identity.settings_class.model_fields,
        "concurrency",
    }


def test_runs_without_loads_or_rows_leave_shipped_costs_alone():
    assert lazy_calibration([({"chunk_size": 10}, {}), ({"chunk_size": 20}, {})]) == {}
