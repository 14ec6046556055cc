"""The streaming bench on real files: calibration, live runs, changes, faults, recommendation."""

import json
import os
import time

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab.calibration import keep_calibration
from perflab.lab.verbs import calibrate, run, start_live
from perflab.patterns.streaming.settings import BLOCK_ENGINES
from perflab.tuning.recommend import tune
from perflab.tuning.sweep import predict

ROWS = 4000


def until(condition, patience=60.0):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "orders.csv"
    path.write_text("n,word\n" + "".join(f"{n},word {n}\n" for n in range(ROWS)))
    return path


@pytest.fixture(scope="module")
def calibration(source):
    return calibrate("streaming", str(source), seconds=0.15)


def test_a_calibration_of_the_users_file_knows_every_engine(calibration, source):
    engines = calibration.costs["engines"]
    assert set(engines) == {*BLOCK_ENGINES, "polars_sink"}
    for name in BLOCK_ENGINES:
        assert len(engines[name]["rows"]) >= 2
        assert engines[name]["chunk_seconds"] + engines[name]["row_seconds"] > 0
        assert engines[name]["base_bytes"] + engines[name]["bytes_per_row"] > 0
    assert calibration.backend.startswith("orders.csv (")
    assert calibration.backend.endswith("to jsonl")


@pytest.mark.parametrize("engine", [*BLOCK_ENGINES, "polars_sink"])
def test_a_run_goes_through_a_file_once_and_writes_it(engine, calibration, source, tmp_path):
    output = tmp_path / "out.jsonl"
    values = {"engine": engine, "chunk_size": 1000, "output_file": str(output)}
    done = run("streaming", str(source), values, 60, progress=False)
    assert done.ended == "workload through"
    whole = engine == "polars_sink"
    assert done.metrics["requests"] == (1 if whole else 4)
    assert done.metrics["rows_in"] == done.metrics["rows_out"] == ROWS
    assert done.metrics["rows_rejected"] == 0
    assert done.metrics["peak_memory_bytes"] > 2**20
    assert done.predicted["throughput_per_second"] > 0
    assert len(output.read_text().splitlines()) == ROWS


def test_the_file_may_be_named_as_workload_or_as_setting(calibration, source):
    bench = load_bench("streaming")
    named, _ = bench.read({"input_file": str(source)})
    plain, _ = bench.read({})
    one, other = bench.workload_for(named, None), bench.workload_for(plain, str(source))
    assert (one.fingerprint, one.source, one.path) == (other.fingerprint, other.source, other.path)
    assert bench.workload_for(named, str(source)).fingerprint == one.fingerprint
    assert bench.workload_for(named, one) is one
    with pytest.raises(BadInputError, match="input_file: names another file than the workload"):
        bench.workload_for(named, "another.csv")
    with pytest.raises(BadInputError, match="format: a table is read as it is"):
        bench.workload_for(plain, str(source), "csv")
    with pytest.raises(BadInputError, match="is neither a workload nor a file; did you mean"):
        bench.workload_for(plain, "flightz")
    done = run("streaming", None, {"input_file": str(source), "loop": False}, 60, progress=False)
    assert done.workload["source"] == str(source)
    assert done.metrics["rows_in"] == ROWS


def test_rows_of_a_chunk_are_those_since_the_change(calibration, source):
    values = {"chunk_size": 1000, "engine": "python", "loop": True}
    live = start_live("streaming", str(source), values, None)
    try:
        until(lambda: live.rows and live.rows[-1]["rows_in"] > 20 * ROWS)
        live.apply({"chunk_size": 10, "request_rate": 50})
        until(lambda: live.rows[-1]["version"] == 1 and live.rows[-1]["requests_since_change"] > 20)
        # Chunks are counted, as rows are: of both there is the difference.
        assert live.stop().costs["own_rows"] == pytest.approx(10, rel=0.2)
    finally:
        live.close()


def test_chunk_size_and_engine_change_while_it_runs(calibration, source):
    values = {"chunk_size": 500, "engine": "polars", "loop": True}
    live = start_live("streaming", str(source), values, 120)
    version = 0
    try:
        for change in ({"chunk_size": 50}, {"engine": "arrow"}, {"engine": "polars_sink"}):
            until(lambda: live.rows and live.rows[-1]["rows_in_since_change"] > ROWS)
            live.apply(change)
            version += 1
            until(lambda: live.rows[-1]["version"] == version)  # noqa: B023  (asked at once)
        until(lambda: live.rows[-1]["rows_in_since_change"] > ROWS)
        done = live.stop()
    finally:
        live.close()
    assert done.metrics["rows_in"] == done.metrics["rows_out"]
    assert done.metrics["rows_rejected"] == 0


def test_a_killed_run_leaves_the_old_output_and_nothing_else(calibration, source, tmp_path):
    output = tmp_path / "out.jsonl"
    output.write_text("old")
    values = {"chunk_size": 1, "engine": "python", "request_rate": 50, "output_file": str(output)}
    live = start_live("streaming", str(source), values, 120, force=True)
    folder = live._kept.folder
    try:
        until(lambda: live.rows and live.rows[-1]["rows_in"] > 5)
        os.kill(live.pid, 9)
        with pytest.raises(RuntimeError, match="the child process of the run died"):
            live.wait()
    finally:
        live.close()
    assert output.read_text() == "old"
    assert not folder.exists()


def test_too_many_bad_rows_end_a_run_with_the_first_of_them(calibration, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("n\n" + "1\n" * 2000 + "none\n" * 500)
    bench = load_bench("streaming")
    settings, load = bench.read({})
    keep_calibration(bench, settings, load, calibration.costs, bench.workload_for(settings, bad))
    with pytest.raises(BadInputError, match=r"bad\.csv:2002: .* 'none' is not a whole number"):
        run("streaming", str(bad), {"chunk_size": 100}, 60, progress=False)
    values = {"chunk_size": 100, "max_rejected_share": 1.0}
    done = run("streaming", str(bad), values, 60, progress=False)
    assert (done.metrics["rows_out"], done.metrics["rows_rejected"]) == (2000, 500)
    assert done.metrics["blocks_refused"] == 5


def test_the_smallest_chunk_within_five_percent_of_the_best_is_recommended(calibration, source):
    found = tune("streaming", str(source), settings={"chunk_size": 100, "engine": "python"})
    best = max(point["metrics"]["throughput_per_second"] for point in found.points)
    chosen = found.settings["chunk_size"]
    assert found.metrics["throughput_per_second"] >= 0.95 * best
    for point in found.points:
        if 1.02 * point["settings"]["chunk_size"] < chosen:
            assert point["metrics"]["throughput_per_second"] < 0.95 * best
    assert {point["settings"]["engine"] for point in found.points} == set(BLOCK_ENGINES)
    assert max(point["settings"]["chunk_size"] for point in found.points) <= ROWS
    sink = tune("streaming", str(source), settings={"engine": "polars_sink"})
    assert {point["settings"]["engine"] for point in sink.points} == {"polars_sink"}


def test_predictions_are_made_without_a_run_from_shipped_costs(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    table = predict("streaming", str(other), None, {"engine": list(BLOCK_ENGINES)})
    assert (table["throughput_per_second"] > 0).all()
    assert "costs shipped with perflab" in json.dumps(table.attrs["remarks"])
