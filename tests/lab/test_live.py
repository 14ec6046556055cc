import os
import signal
import time

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.lab.run import Run
from perflab.lab.verbs import calibrate, run, start_live
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.workloads.kinds.trace import Trace

KEYS = np.random.default_rng(5).zipf(1.2, 20_000) % 3_000


@pytest.fixture(scope="module", autouse=True)
def _calibrated(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERFLAB_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        calibrate("cache", seconds=0.5)
        yield


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


@pytest.mark.parametrize("policy", LIVE_POLICIES)
@pytest.mark.parametrize(("ttl", "expiry"), [(None, "lazy"), (10.0, "lazy"), (10.0, "eager")])
def test_live_hits_equal_predicted_hits(policy, ttl, expiry):
    trace = Trace.from_keys(KEYS, times=np.arange(len(KEYS)) / 50)
    settings = {"max_cache_size": 300, "policy": policy, "ttl_seconds": ttl, "expiry": expiry}
    result = run("cache", trace, settings, seconds=30, progress=False)
    assert result.ended == "workload through"
    for name in ("requests", "hits", "misses", "evictions", "expirations", "entries"):
        assert result.metrics[name] == result.predicted[name], name
    assert result.metrics["expirations"] > 0 or ttl is None


def test_byte_bounds_and_own_ttls_agree_with_the_model():
    draw = np.random.default_rng(7)
    trace = Trace.from_keys(
        KEYS,
        times=np.arange(len(KEYS)) / 50,
        sizes=draw.integers(1, 500, len(KEYS)),
        ttls=np.where(draw.random(len(KEYS)) < 0.5, 20.0, np.nan),
    )
    settings = {"max_bytes": 40_000, "ttl_seconds": 60}
    result = run("cache", trace, settings, seconds=30, progress=False)
    for name in ("hits", "evictions", "expirations", "entries", "byte_hit_rate"):
        assert result.metrics[name] == result.predicted[name], name
    assert result.metrics["byte_hit_rate"] != result.metrics["hit_rate"]
    assert 60.0 in [each["value"] for each in result.histories]
    assert {"live_keys", "live_bytes"} == set(result.histories[0]["curves"])


def test_a_resized_cache_goes_on_and_the_prediction_is_over_the_same_requests():
    live = start_live("cache", Trace.from_keys(KEYS), {"max_cache_size": 50}, None, loop=True)
    try:
        until(lambda: len(live.rows) > 3)
        live.apply({"max_cache_size": 1000})
        until(lambda: live.changes and live.rows[-1]["version"] == 1)
        until(lambda: live.rows[-1]["requests_since_change"] > 100_000)
        row = live.rows[-1]
        assert row["entries"] > 50
        result = live.stop()
    finally:
        live.close()
    assert result.settings["max_cache_size"] == 1000
    assert len(result.changes) == 1
    assert result.since_change["hit_rate"] == pytest.approx(result.predicted["hit_rate"], abs=0.01)
    assert result.since_change["requests"] < result.metrics["requests"]


def test_pause_holds_the_load_and_resume_goes_on():
    live = start_live("cache", Trace.from_keys(KEYS), {"request_rate": 2000}, None, loop=True)
    try:
        until(lambda: len(live.rows) > 2)
        live.pause()
        time.sleep(0.3)
        held = live.rows[-1]["requests"]
        time.sleep(0.4)
        assert live.rows[-1]["requests"] == held
        live.resume()
        until(lambda: live.rows[-1]["requests"] > held + 100)
        assert live.stop().ended == "stopped"
        assert live.stop().ended == "stopped"
    finally:
        live.close()


def test_a_rate_is_kept():
    result = run("cache", Trace.from_keys(KEYS), {"request_rate": 4000}, 2, progress=False)
    assert result.metrics["requests"] == pytest.approx(8000, rel=0.1)


def test_the_warm_up_is_left_out():
    trace = Trace.from_keys(np.tile(np.arange(500), 40))
    settings = {"request_rate": 5000, "warmup_seconds": 1, "max_cache_size": 500}
    result = run("cache", trace, settings, 3, progress=False)
    assert result.metrics["hit_rate"] == 1.0
    assert result.predicted["hit_rate"] == 1.0


def test_a_function_of_a_notebook_is_the_backend():
    offset = 7

    def backend(key):
        time.sleep(0.001)
        return key + offset

    settings = {"backend": backend, "max_cache_size": 10_000}
    result = run("cache", Trace.from_keys(KEYS[:2000]), settings, 20, progress=False)
    assert result.metrics["errors"] == 0
    assert result.metrics["misses"] == len(set(KEYS[:2000].tolist()))
    assert result.costs["miss"]["mean"] > 0.001


def test_a_backend_that_only_raises_is_one_clear_error():
    def backend(key):
        raise KeyError(key)

    with pytest.raises(BadInputError, match="raised KeyError"):
        run("cache", Trace.from_keys(KEYS), {"backend": backend}, 5, progress=False)


def test_a_backend_that_raises_now_and_then_is_counted():
    def backend(key):
        if key % 10 == 3:
            raise OSError("no route")
        return key

    result = run("cache", Trace.from_keys(KEYS), {"backend": backend}, 20, progress=False)
    assert 0 < result.metrics["errors"] < result.metrics["requests"]
    assert any("no route" in note for note in result.notes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"policy": "opt"}, "what-if only"),
        ({"backend": "nowhere:f"}, "cannot be imported"),
        ({"backend": "sqlit"}, "sqlite, delay"),
        ({"concurrency": 0}, "out of bounds"),
    ],
)
def test_settings_that_cannot_run_are_refused(settings, message):
    with pytest.raises(BadInputError, match=message):
        run("cache", Trace.from_keys([1, 2]), settings, 1, progress=False)


def test_a_killed_child_is_noticed_and_its_rows_are_kept():
    live = start_live("cache", Trace.from_keys(KEYS), {"request_rate": 1000}, None, loop=True)
    until(lambda: len(live.rows) > 2)
    os.kill(live.pid, signal.SIGKILL)
    until(lambda: live.state == "failed")
    assert "died" in live.error
    assert live.rows
    with pytest.raises(RuntimeError, match="died"):
        live.wait()


def test_a_trace_of_one_request_runs():
    result = run("cache", Trace.from_keys([1]), {}, 5, progress=False)
    assert result.metrics["requests"] == 1
    assert result.snapshots


def test_threads_share_the_load_without_losing_a_request():
    settings = {"concurrency": 8, "max_cache_size": 200}
    result = run("cache", Trace.from_keys(KEYS), settings, 30, progress=False)
    assert result.metrics["requests"] == len(KEYS)
    assert result.metrics["hits"] + result.metrics["misses"] == len(KEYS)


def test_an_alert_fires_and_is_kept():
    alerts = ["hit_rate<99.9% for 0.2s", "hit_rate<0.0001"]
    live = start_live("cache", Trace.from_keys(KEYS), {}, 1, alerts=alerts, loop=True)
    fired = {alert["alert"]: alert["fired"] for alert in live.wait().alerts}
    assert list(fired.values()) == [True, False]


def test_a_run_comes_back_from_its_file(tmp_path):
    result = run("cache", Trace.from_keys(KEYS), {}, 5, progress=False)
    again = Run.load(result.to_json(tmp_path / "run.json"))
    assert again.to_dict() == result.to_dict()
    assert len(again.to_frame()) == len(result.snapshots)
    assert result.to_csv(tmp_path / "run.csv").read_text().startswith("seconds,")
    with pytest.raises(BadInputError, match="cannot be read"):
        Run.load(tmp_path / "none.json")


def test_a_run_that_is_stopped_while_it_starts_ends_without_a_fault():
    live = start_live("cache", Trace.from_keys(KEYS), {}, 30)
    result = live.stop()
    assert result.ended in ("stopped", "workload through")


def test_an_interrupt_of_the_terminal_does_not_end_the_child():
    live = start_live("cache", Trace.from_keys(KEYS), {"request_rate": 1000}, None, loop=True)
    try:
        until(lambda: len(live.rows) > 2)
        os.kill(live.pid, signal.SIGINT)
        seen = len(live.rows)
        until(lambda: len(live.rows) > seen + 3)
        assert live.stop().ended == "stopped"
    finally:
        live.close()
