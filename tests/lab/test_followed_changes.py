"""Live runs whose settings change: predictions replay each run's own history."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from perflab.lab.verbs import calibrate, start_live
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.workloads.kinds.trace import Trace

COUNTED = ("requests", "hits", "misses", "evictions", "expirations", "entries")


@pytest.fixture(scope="module", autouse=True)
def _calibrated(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERFLAB_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        calibrate("cache", settings={"backend": "delay"}, seconds=0.5)
        yield


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


def trace_of(draw, requests=2_000, **columns):
    ids = draw.zipf(1.2, requests) % 400
    every = {
        "times": np.cumsum(draw.exponential(0.02, requests)),
        "sizes": draw.integers(1, 500, requests),
        "ttls": np.where(draw.random(requests) < 0.3, draw.integers(1, 30, requests), np.nan),
    }
    return Trace.from_keys(ids, **{**every, **columns})


def moved(draw):
    return {
        "max_cache_size": int(draw.integers(5, 300)),
        "policy": str(draw.choice(LIVE_POLICIES)),
        "ttl_seconds": None if draw.random() < 0.3 else float(draw.integers(2, 40)),
        "max_bytes": None if draw.random() < 0.3 else int(draw.integers(2_000, 60_000)),
        "expiry": str(draw.choice(["lazy", "eager"])),
        "ttl_from": str(draw.choice(["recorded", "setting"])),
    }


def moved_run(trace, start, moves, *, apart=500, loop=True):
    """Return the result of a run with changes some requests apart, and as many after the last."""
    live = start_live("cache", trace, {"backend": "delay", **start}, None, loop=loop)
    try:
        for number, move in enumerate(moves, 1):
            # A busy machine may have gone on meanwhile: what counts is how much comes after.
            last = live.changes[-1]["request"] if live.changes else 0
            until(
                lambda least=last: (live.rows.last or {"requests": 0})["requests"] > least + apart
            )
            live.apply(move)
            until(lambda wanted=number: len(live.changes) == wanted)
        last = live.changes[-1]["request"]
        until(lambda: live.rows.last["requests"] > last + apart)
        return live, live.stop()
    finally:
        live.close()


@pytest.mark.parametrize("seed", range(6))
def test_hits_after_three_moves_equal_to_the_request(seed):
    draw = np.random.default_rng(seed)
    start = {"request_rate": 1500, **moved(draw)}
    _, done = moved_run(trace_of(draw), start, [moved(draw) for _ in range(3)])
    assert done.followed
    assert len(done.changes) == 3
    for name in (*COUNTED, "byte_hit_rate"):
        assert done.since_change[name] == done.predicted[name] == done.fitted[name], name
    assert done.since_change["requests"] >= 500


@pytest.mark.parametrize("seed", range(3))
def test_a_changed_rate_dates_what_comes_after_it(seed):
    draw = np.random.default_rng(20 + seed)
    trace = trace_of(draw, times=None, ttls=None)
    moves = [
        {"request_rate": int(draw.integers(500, 4000)), "ttl_seconds": float(draw.random())},
        {"ttl_seconds": 0.05, "max_cache_size": 50},
        {"request_rate": int(draw.integers(500, 4000)), "policy": "sieve"},
    ]
    _, done = moved_run(trace, {"request_rate": 1000, "ttl_seconds": 0.2}, moves)
    for name in COUNTED:
        assert done.since_change[name] == done.predicted[name], name
    assert done.since_change["expirations"] > 0


@pytest.mark.parametrize("seed", range(2))
def test_recorded_writes_are_followed(seed):
    draw = np.random.default_rng(40 + seed)
    words = draw.choice(
        ["get", "set", "delete", "touch", "write"], 3_000, p=[0.6, 0.2, 0.1, 0.05, 0.05]
    )
    trace = trace_of(draw, 3_000, operations=list(words))
    moves = [moved(draw) | {"writes": w} for w in ("through", "invalidate", "recorded")]
    _, done = moved_run(trace, {"request_rate": 2000}, moves)
    for name in COUNTED:
        assert done.since_change[name] == done.predicted[name], name


@pytest.mark.parametrize("seed", range(2))
def test_several_threads_differ_by_what_was_coalesced(seed):
    draw = np.random.default_rng(60 + seed)
    start = {"request_rate": 1500, "concurrency": 4, "backend_seconds": 0.005}
    moves = [moved(draw) for _ in range(2)] + [{"concurrency": 3, "max_cache_size": 150}]
    _, done = moved_run(trace_of(draw, ttls=None), start, moves)
    assert done.followed
    assert done.since_change["requests"] == done.predicted["requests"]
    off = abs(done.since_change["hits"] - done.predicted["hits"])
    assert off <= done.metrics["coalesced"] + 0.01 * done.since_change["requests"]
    assert any("waited for another's load" in note for note in done.notes)


def test_a_run_in_progress_is_compared_for_the_same_requests():
    draw = np.random.default_rng(70)
    live = start_live(
        "cache", trace_of(draw), {"backend": "delay", "request_rate": 500}, None, loop=True
    )
    try:
        until(lambda: live.rows.last is not None)
        assert live.history == ""
        live.apply({"max_cache_size": 20, "policy": "fifo"})
        until(lambda: live.compared.predicted.get("requests", 0) > 300)
        measured, predicted, refitted, _ = live.compared
        assert "replay its own history" in live.history
        assert measured["requests"] == pytest.approx(predicted["requests"], abs=5)
        assert predicted["hits"] == refitted["hits"] == pytest.approx(measured["hits"], abs=5)
        live.stop()
    finally:
        live.close()


def test_a_prediction_of_the_first_requests_alone_is_not_shown(monkeypatch):
    monkeypatch.setattr("perflab.lab.rows._SHARE_FOR_PREDICTIONS", 0.002)
    draw = np.random.default_rng(71)
    load = {"backend": "delay", "request_rate": 500}
    live = start_live("cache", trace_of(draw, ttls=None), load, None, loop=True)
    try:
        until(lambda: live.rows.last is not None and live.rows.last["requests"] > 400)
        rows = list(live.rows)
        live.stop()
    finally:
        live.close()
    shown = [row for row in rows if row.predicted]
    assert 0 < len(shown) < len(rows)
    assert all(2 * row.predicted["requests"] >= row.since_change["requests"] for row in shown)


def test_a_run_too_long_to_replay_says_so_and_is_predicted_as_before(monkeypatch):
    monkeypatch.setattr("perflab.lab.rows._LONGEST_AT_END", 0.0)
    monkeypatch.setattr("perflab.lab.rows._LONGEST_TURN", 0.0)
    draw = np.random.default_rng(80)
    trace = trace_of(draw, ttls=None)
    live, done = moved_run(trace, {"request_rate": 2000}, [{"max_cache_size": 30}])
    assert not done.followed
    assert "too long to replay" in live.history
    assert any("do not follow the changes of settings" in note for note in done.notes)
    first, last = live.changes[-1]["request"], int(done.metrics["requests"])
    model = live.bench.model(trace, live.calibration.costs)
    settings, load = live.bench.read({"max_cache_size": 30})
    expected = model.predict(settings, load, slice(first, last)).metrics
    assert done.predicted["hits"] == expected["hits"]


def test_a_part_of_the_keys_is_followed_with_its_share_of_the_cache():
    draw = np.random.default_rng(81)
    whole = trace_of(draw, 3_000, ttls=None, sizes=None)
    part = dataclasses.replace(whole, sample_rate=0.25, all_requests=12_000, check=False)
    moves = [{"max_cache_size": 200, "policy": "sieve"}, {"max_cache_size": 90}]
    _, done = moved_run(part, {"max_cache_size": 400, "request_rate": 8000}, moves)
    for name in COUNTED:
        assert done.since_change[name] == done.predicted[name], name
    assert done.since_change["entries"] <= 25


def test_a_slider_that_moves_before_the_first_request_counts():
    draw = np.random.default_rng(82)
    live = start_live("cache", trace_of(draw), {"backend": "delay"}, 60, loop=False)
    try:
        live.apply({"max_cache_size": 7})
        done = live.wait()
    finally:
        live.close()
    assert done.ended == "workload through"
    assert done.settings["max_cache_size"] == 7
    assert done.metrics["entries"] <= 7
    for name in COUNTED:
        assert done.since_change[name] == done.predicted[name], name
