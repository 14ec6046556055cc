"""The async I/O bench on real servers: perflab's own, and one that stands for the user's."""

from __future__ import annotations

import time

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab.verbs import allow_server, calibrate, run, start_live
from perflab.servers.consent import ConsentNeededError
from perflab.servers.http.server import HttpServer
from perflab.tuning.recommend import tune

ARRIVALS = "poisson:rate=300,requests=400,seed=1"


def until(condition, patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def calibration():
    return calibrate("async_io", None, {}, 0.5)


@pytest.fixture(scope="module")
def result(calibration):
    values = {"capacity": 8, "max_concurrent": 6, "retries": 0}
    return run("async_io", ARRIVALS, values, 60, progress=False)


@pytest.fixture
def shipped(monkeypatch, tmp_path):
    """Let predictions take the shipped costs, which are the same on a machine that is busy."""
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))


@pytest.fixture
def theirs():
    """A server that a run takes for the user's, since it did not start it."""
    with HttpServer.start() as server:
        yield server


def test_a_calibration_knows_what_the_event_loops_cost(calibration):
    costs = calibration.costs
    assert list(costs["bottleneck_seconds"]) == ["1", "16", "64", "256"]
    assert all(0 < value < 1 for value in costs["bottleneck_seconds"].values())
    assert costs["delay_seconds"] >= 0
    assert list(costs["timer_seconds"]) == ["4", "64"]
    assert min(costs["timer_seconds"].values()) >= 0
    assert calibration.backend == "perflab's own HTTP server"


def test_every_request_is_answered_and_takes_what_the_server_works(result):
    assert result.ended == "workload through"
    assert result.metrics["requests"] == result.predicted["requests"] == 400
    assert result.metrics["errors"] == result.metrics["error_share"] == 0
    assert result.metrics["latency_seconds_p50"] >= 0.02 * (1 - 1 / 128)
    assert result.metrics["limit"] == 6
    assert result.predicted["throughput_per_second"] <= 6 / 0.02
    assert result.metrics["throughput_per_second"] <= 6 / 0.02


def test_requests_are_told_by_url(result):
    (only,) = result.by_url
    assert (only["url"], only["requests"], only["failures"]) == ("/items?***", 400, {})
    found = (only["latency_seconds_p50"], only["latency_seconds_p95"])
    wanted = (result.metrics[f"latency_seconds_{name}"] for name in ("p50", "p95"))
    assert found == pytest.approx(tuple(wanted), rel=0.02)


def test_the_runs_own_times_are_what_is_predicted_from(result):
    assert result.fitted["requests"] == 400
    mean = result.metrics["latency_seconds_mean"]
    assert result.fitted["latency_seconds_mean"] == pytest.approx(mean, rel=0.02)


@pytest.mark.usefixtures("calibration")
def test_everything_changes_while_it_runs_and_the_server_dies_and_comes_back():
    values = {"max_concurrent": 4, "retries": 0, "latency_seconds": 0.005}
    live = start_live("async_io", None, values, 120)
    try:
        until(lambda: live.rows and live.rows[-1]["requests"] > 50)
        live.apply({"max_concurrent": 9, "capacity": 2, "latency_seconds": 0.03})
        until(lambda: live.rows[-1]["version"] == 1 and live.rows[-1]["in_flight"] == 9)
        until(lambda: live.rows[-1]["server_waiting"] == 7)
        assert live.rows[-1]["limit"] == 9
        live.apply({"load_model": "open", "request_rate": 40, "capacity": None})
        until(lambda: live.rows[-1]["version"] == 2 and live.rows[-1]["in_flight"] < 9)
        assert live.last.server_up
        live.act("kill")
        until(lambda: live.last.server_up is False)
        until(lambda: live.rows[-1].get("connect_errors", 0) > 3)
        live.act("restart")
        until(lambda: len([c for c in live.changes if c.get("action")]) == 2)
        until(lambda: live.last.server_up)
        served = live.rows[-1]["requests"]
        until(lambda: live.rows[-1]["requests"] > served + 80)
        until(lambda: live.rows[-1]["error_share"] == 0)
        live.apply({"error_rate": 1.0})
        until(lambda: live.rows[-1]["version"] == 3 and live.rows[-1]["errors"] > 3)
        with pytest.raises(BadInputError, match="capacity"):
            live.apply({"capacity": 0})
        done = live.stop()
    finally:
        live.close()
    assert done.metrics["connect_errors"] > 3
    assert done.metrics["errors"] > done.metrics["connect_errors"]
    assert any("requests failed" in note for note in done.notes)


def test_nothing_is_sent_to_a_server_before_the_user_agrees(theirs):
    with pytest.raises(ConsentNeededError) as caught:
        run("async_io", ARRIVALS, {"urls": f"{theirs.url}/items"}, 5, progress=False)
    assert caught.value.address == theirs.url
    assert theirs.counts()["requests"] == 0


def test_a_users_server_gets_no_more_requests_and_no_higher_rate_than_the_caps(theirs, tmp_path):
    urls = tmp_path / "urls.txt"
    urls.write_text("".join(f"{theirs.url}/items?start={i}\n" for i in range(5)))
    values = {"urls": str(urls), "most_requests": 60, "most_rate": 100, "max_concurrent": 4}
    bench = load_bench("async_io")
    (server,) = bench.foreign_servers(bench.read(values)[0])
    assert server.address == theirs.url
    assert "60 requests (GET), 100 per second" in server.doing
    assert allow_server("async_io", values) == (server,)
    calibration = calibrate("async_io", None, values, 0.6)
    calibrated = theirs.counts()["requests"]
    assert 0 < calibrated <= 60
    assert calibration.costs["points"].keys() >= {"1"}
    assert calibration.costs["usl"]["rate"] > 0
    done = run("async_io", None, values, 30, progress=False)
    assert done.ended == "workload through"
    assert done.metrics["requests"] == theirs.counts()["requests"] - calibrated == 60
    assert done.metrics["throughput_per_second"] <= 100 * 1.05
    assert any("law through" in note for note in done.notes)
    values["most_requests"] = 10_000
    with pytest.raises(ConsentNeededError, match="10,000 requests"):
        start_live("async_io", None, values, 60)
    allow_server("async_io", values)
    live = start_live("async_io", None, values, 60)
    try:
        until(lambda: live.rows)
        for action in ("kill", "restart"):
            live.trouble = None
            live.act(action)
            until(lambda: live.trouble is not None)
            assert "left alone" in live.trouble
        live.stop()
    finally:
        live.close()
    assert theirs.pid is not None


def test_a_server_that_is_not_there_is_one_clear_error(theirs):
    allow_server("async_io", {"urls": f"{theirs.url}/items"})
    theirs.kill()
    bench = load_bench("async_io")
    settings, load = bench.read({"urls": f"{theirs.url}/items"})
    from perflab.lab.live import LiveRun

    arrivals = bench.workload_for(settings, ARRIVALS)
    live = LiveRun(bench, arrivals, settings, load, seconds=20, loop=False)
    try:
        with pytest.raises(BadInputError, match="the server"):
            live.wait()
    finally:
        live.close()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"urls": "ftp://127.0.0.1/"}, "neither a URL"),
        ({"measured": "k6.csv"}, "say in urls"),
    ],
)
def test_what_cannot_be_run_says_why(values, words):
    with pytest.raises(BadInputError, match=words):
        run("async_io", ARRIVALS, values, 5, progress=False)


def test_a_file_of_urls_that_is_wrong_says_its_line(tmp_path):
    urls = tmp_path / "urls.txt"
    urls.write_text("http://127.0.0.1:9/\nnonsense\n")
    with pytest.raises(BadInputError, match=r"urls\.txt:2"):
        run("async_io", ARRIVALS, {"urls": str(urls)}, 5, progress=False)


@pytest.mark.usefixtures("shipped")
def test_the_recommendation_is_at_the_bend_and_keeps_a_target_for_latency():
    values = {"capacity": 16, "retries": 0}
    found = tune("async_io", settings=values)
    assert 16 <= found.settings["max_concurrent"] <= 24
    assert "Too low" in found.reason
    assert "Too high" in found.reason
    assert {other["name"] for other in found.alternatives} == {"knee", "best"}
    served = {p["settings"]["max_concurrent"]: p["metrics"] for p in found.points}
    target = served[8]["latency_seconds_p95"] * 1.0001
    kept = tune("async_io", settings=values, limits=[f"latency_seconds_p95<={target}"])
    assert kept.metrics["latency_seconds_p95"] <= target


@pytest.mark.usefixtures("shipped")
def test_in_an_open_loop_the_latency_is_what_is_tuned_for():
    values = {"capacity": 32, "retries": 0, "load_model": "open", "request_rate": 500}
    found = tune("async_io", "poisson:rate=500,requests=20k,seed=1", settings=values)
    assert found.objective == "min:latency_seconds_p95"
    best = min(point["metrics"]["latency_seconds_p95"] for point in found.points)
    assert found.metrics["latency_seconds_p95"] <= 1.1 * best
    assert found.settings["max_concurrent"] < 256
