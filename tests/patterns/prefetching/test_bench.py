"""The prefetching bench on real sources: SQLite, PostgreSQL, files, HTTP and own functions."""

from __future__ import annotations

import dataclasses
import time

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab.verbs import calibrate, run, start_live
from perflab.tuning.recommend import tune
from perflab.tuning.sweep import predict

BACKENDS = ("sqlite", "postgres", "files", "http", "delay")


def until(condition, patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.02)


@pytest.fixture(scope="module", autouse=True)
def calibrations():
    """Calibrate in a short time, so that no run does it; a database takes long to start."""
    sources = [name for name in BACKENDS if name != "postgres"]
    return {name: calibrate("prefetching", None, {"backend": name}, 0.1) for name in sources}


def keep_as(monkeypatch, backend):
    bench = load_bench("prefetching")
    plan = dataclasses.replace(bench.calibration, kept_for=lambda *_: backend)
    monkeypatch.setattr(type(bench), "calibration", plan)


@pytest.fixture
def calibrated(monkeypatch):
    """Let functions and files take the costs of another source: nothing here looks at them."""
    keep_as(monkeypatch, "delay")


def test_a_calibration_knows_fetches_of_any_size_and_the_consumers_work(calibrations):
    for name, calibration in calibrations.items():
        costs = calibration.costs
        assert costs["fetch"]["fixed_seconds"] > 0, name
        assert costs["fetch"]["item_seconds"] >= 0, name
        assert len(costs["fetch"]["quantiles"]) == 103, name
        assert min(costs["usl"].values()) >= 0, name
        assert costs["consume"]["mean"] > 0, name
        assert costs["handover_seconds"] > 0, name
    assert calibrations["files"].costs["item_bytes"] > 5000


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_goes_through_all_items_once(backend, monkeypatch):
    if backend == "postgres":
        keep_as(monkeypatch, "sqlite")
    values = {"backend": backend, "batch_size": 70, "workers": 3, "process_count": 1000}
    done = run("prefetching", "items:count=100k", values, 120, progress=False)
    assert done.ended == "workload through"
    assert done.metrics["requests"] == 1000
    assert done.metrics["batches"] == 15
    assert done.metrics["errors"] == done.metrics["retries"] == 0
    assert 0 <= done.metrics["stall_fraction"] <= 1
    assert done.metrics["first_item_seconds"] > 0
    assert 0 < done.metrics["buffer_items"] <= 1000
    # Both are means over the run, as they are predicted, and not what is there at its end.
    size = done.fitted["buffer_bytes"] / done.fitted["buffer_items"]
    held = done.metrics["buffer_bytes"] / done.metrics["buffer_items"]
    assert held == pytest.approx(size, rel=0.5)
    assert done.predicted["requests"] == done.fitted["requests"] == 1000
    assert ("servers" in done.environment) is (backend not in ("files", "delay"))


def test_a_count_ends_a_run_of_the_benchs_own_items_too():
    values = {"backend": "delay", "process_count": 1500}
    done = run("prefetching", None, values, 60, progress=False)
    assert done.ended == "workload through"
    assert done.metrics["requests"] == 1500


@pytest.mark.usefixtures("calibrated")
def test_a_folders_files_are_the_items(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02}.bin").write_bytes(bytes(number))
    values = {"backend": "files", "batch_size": 4}
    done = run("prefetching", str(folder), values, 60, progress=False)
    assert done.ended == "workload through"
    assert done.metrics["requests"] == 30
    assert done.workload["name"] == "images"
    with pytest.raises(BadInputError, match="images are files, which sqlite does not read"):
        run("prefetching", str(folder), {"batch_size": 4}, 60, progress=False)


@pytest.mark.usefixtures("calibrated")
def test_a_function_of_a_notebook_is_the_source_and_its_end_is_the_runs():
    def fetch(start, stop):
        return [{"row": row} for row in range(start, min(stop, 250))]

    done = run("prefetching", "items:count=10k", {"backend": fetch}, 60, progress=False)
    assert done.ended == "workload through"
    assert done.metrics["requests"] == 250


@pytest.mark.usefixtures("calibrated")
def test_a_source_that_fails_now_and_then_is_tried_again():
    def fetch(start, stop):
        import random

        if random.random() < 0.3:
            raise OSError("flaky")
        return list(range(start, stop))

    values = {"backend": fetch, "retries": 50, "batch_size": 10, "backoff_seconds": 0.001}
    done = run("prefetching", "items:count=500", values, 60, progress=False)
    assert done.metrics["requests"] == 500
    assert done.metrics["retries"] > 0
    assert done.metrics["errors"] == 0


@pytest.mark.usefixtures("calibrated")
def test_a_source_that_fails_for_good_ends_the_run_after_the_items_before_it():
    def fetch(start, stop):
        if start >= 100:
            raise LookupError("row is gone")
        return list(range(start, stop))

    values = {"backend": fetch, "retries": 0, "batch_size": 10}
    done = run("prefetching", "items:count=500", values, 60, progress=False)
    assert done.metrics["requests"] == 100
    assert done.metrics["errors"] == 1
    (note,) = [note for note in done.notes if "row is gone" in note]
    assert "LookupError: row is gone; while items 100 to 110 were fetched, tried once" in note


@pytest.mark.usefixtures("calibrated")
def test_a_source_that_only_fails_is_one_clear_error():
    def fetch(start, stop):
        raise LookupError("no such table")

    with pytest.raises(BadInputError, match="raised LookupError: no such table"):
        run("prefetching", "items:count=500", {"backend": fetch, "retries": 0}, 60, progress=False)


@pytest.mark.usefixtures("calibrated")
def test_a_fetch_that_hangs_is_a_timeout_and_tried_again():
    def fetch(start, stop):
        import time

        if start == 50 and not hasattr(fetch, "hung"):
            fetch.hung = True
            time.sleep(60)
        return list(range(start, stop))

    values = {"backend": fetch, "timeout": 0.2, "batch_size": 10}
    done = run("prefetching", "items:count=200", values, 60, progress=False)
    assert done.metrics["requests"] == 200
    assert done.metrics["timeouts"] >= 1


def test_all_sliders_reach_the_run_that_is_going():
    values = {"backend": "http", "backend_seconds": 0.05, "batch_size": 10, "buffer_size": 20}
    values |= {"retries": 100}
    live = start_live("prefetching", None, values, None)
    try:
        until(lambda: live.rows and live.rows[-1]["batches"] > 2)
        live.apply({"workers": 4, "buffer_size": 200, "batch_size": 25, "backend_seconds": 0.001})
        until(lambda: len(live.changes) == 1)
        until(lambda: live.rows[-1]["requests"] > 2000)
        live.apply({"consume_seconds": 0.005})
        until(lambda: live.rows[-1]["version"] == 2)
        # In the last second: the item that was worked on at the change counts after it.
        until(lambda: live.rows[-1].get("consume_seconds_mean", 0) >= 0.005)
        assert live.last.server_up
        live.act("restart")
        until(lambda: len(live.changes) == 3)
        reached = live.rows[-1]["requests"]
        until(lambda: live.rows[-1]["requests"] > reached + 400)  # more than were in the buffer
        done = live.stop()
    finally:
        live.close()
    assert done.metrics["errors"] == 0
    assert done.metrics["requests"] > 2000
    # The first item came under the first settings, so that the last ones say nothing of it.
    assert done.metrics["first_item_seconds"] > 0
    assert "first_item_seconds" not in {**done.predicted, **done.fitted}


def test_an_action_without_a_server_is_told_and_the_run_goes_on():
    live = start_live("prefetching", None, {"backend": "delay"}, None)
    try:
        until(lambda: live.rows)
        assert live.last.server_up is None
        live.act("restart")
        until(lambda: live.trouble is not None)
        assert "no server to restart" in live.trouble
        assert live.state == "running"
        live.stop()
    finally:
        live.close()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"concurrency": 4}, "concurrency: one consumer takes the items in order"),
        ({"backend": "redis"}, "backend: unknown backend 'redis'"),
        ({"backend": "nowhere:fetch"}, "cannot be imported"),
        ({"workers": 0}, "workers: 0 is out of bounds"),
    ],
)
def test_wrong_settings_are_one_clear_error(values, said):
    with pytest.raises(BadInputError) as caught:
        run("prefetching", None, values, 5, progress=False)
    assert said in str(caught.value)


def test_a_format_is_not_for_items():
    with pytest.raises(BadInputError, match="a format and columns are not for items"):
        load_bench("prefetching").workload_kind.load("items", "csv", None, None)


def test_predictions_are_a_row_a_point():
    values = {"backend": "delay", "backend_seconds": 0.05, "consume_seconds": 0.001}
    table = predict("prefetching", "items:count=20k", values, {"workers": [1, 2, 4]})
    assert table["workers"].tolist() == [1, 2, 4]
    assert (table["stall_fraction"].diff().dropna() <= 0).all()
    assert (table["sampled"] == 1.0).all()


def test_the_recommendation_is_the_fewest_workers_and_the_smallest_buffer_that_reach_the_target():
    values = {
        "backend": "delay",
        "backend_seconds": 0.1,
        "consume_seconds": 0.0005,
        "batch_size": 50,
        "buffer_size": 5000,
    }
    found = tune("prefetching", "items:count=50k", settings=values)
    stalled = {
        (point["settings"]["workers"], point["settings"]["buffer_size"]): point["metrics"][
            "stall_fraction"
        ]
        for point in found.points
    }
    workers, buffer = found.settings["workers"], found.settings["buffer_size"]
    assert workers > 1
    enough = [where for where, value in stalled.items() if value <= 0.05]
    assert (workers, buffer) == min(enough)
    assert f"Too few: with {workers - 1} worker" in found.reason
    assert "Too large" in found.reason
