"""Working sets at any TTL: exact where a trace is small, from samples first where it is large."""

from __future__ import annotations

import dataclasses
import json
import threading

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.modelling.history import History
from perflab.modelling.working_set import working_sets
from perflab.patterns.cache.model import working_set_histories
from perflab.patterns.cache.model.working_set_histories import WorkingSetHistories
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.registry.traces import load_workload

LOAD = LoadSettings()
RATED = LoadSettings(request_rate=1000)
NAMES = ("live_keys", "live_bytes")


@pytest.fixture(scope="module")
def sized():
    trace = load_workload("zipf:skew=0.8,keys=60k,requests=400k,seed=3")
    sizes = np.random.default_rng(4).lognormal(7, 1, trace.n_keys).astype(np.int64)
    return dataclasses.replace(trace, sizes=sizes[trace.ids])


@pytest.fixture
def large(sized, monkeypatch):
    monkeypatch.setattr(working_set_histories, "_LARGE", 100_000)
    return WorkingSetHistories(sized)


def test_small_trace_is_answered_exactly_at_once():
    times = np.arange(3_000) * 7.0
    trace = Trace.from_keys(np.arange(3_000) % 50, times=times, sizes=[3] * 3_000)
    found = WorkingSetHistories(trace).preview(100.0, LOAD)
    (peak,) = working_sets(trace, [100.0]).peak_keys
    assert found.sampled == 1
    assert found.errors == {}
    assert found.peaks == {"live_keys": peak, "live_bytes": 3 * peak}
    assert (found.curves["live_bytes"] == 3 * found.curves["live_keys"]).all()
    assert found.seconds[-1] == times[-1]
    assert all(0 < found.means[name] <= found.peaks[name] for name in NAMES)


def test_a_cycle_shorter_than_a_step_of_the_curve_is_not_lost():
    bursts = np.concatenate([start + np.arange(40) for start in range(0, 400_000, 1_000)])
    trace = Trace.from_keys(np.arange(len(bursts)) % 40, times=bursts * 1.0)
    found = WorkingSetHistories(trace).preview(900.0, LOAD)
    assert found.curves["live_keys"].min() > 30
    assert found.means["live_keys"] < 40


def test_large_trace_is_sampled_first_within_its_band_and_then_exact(large):
    rough = {ttl: large.preview(ttl, RATED) for ttl in (10.0, 60.0, None)}
    for ttl, sampled in rough.items():
        exact = large.settle(ttl, RATED)
        assert sampled.sampled < 0.25
        assert exact.sampled == 1
        assert large.known(ttl, RATED) is exact
        for name in NAMES:
            right = exact.curves[name]
            assert np.abs(sampled.curves[name] - right).max() < 0.2 * right.max()
            close = np.abs(sampled.curves[name] - right) <= 2 * sampled.errors[name] + 1
            assert close.mean() > 0.8
        assert sampled.metrics["hit_rate"] == pytest.approx(exact.metrics["hit_rate"], abs=0.02)


def test_beyond_what_can_be_counted_the_sample_stays(large, monkeypatch):
    monkeypatch.setattr(working_set_histories, "EXACT_REQUESTS", 200_000)
    assert large.settle(10.0, RATED).sampled < 1


def test_sampled_answer_that_comes_late_replaces_no_exact_one(large):
    exact = large.settle(30.0, RATED)
    assert large._keep(1000.0, dataclasses.replace(exact, sampled=0.1)) is exact


def test_another_rate_is_another_answer_and_times_of_a_trace_need_none(sized):
    histories = WorkingSetHistories(sized)
    fast = histories.preview(10.0, RATED)
    assert histories.known(10.0, LoadSettings(request_rate=10)) is None
    assert histories.preview(10.0, LoadSettings(request_rate=10)).peaks != fast.peaks
    with pytest.raises(BadInputError, match="request_rate: the trace has no times"):
        histories.preview(10.0, LOAD)


def test_what_is_written_is_read_again(large):
    found = large.preview(60.0, RATED)
    again = History.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.value == 60.0
    assert (again.metrics, again.peaks, again.means) == (found.metrics, found.peaks, found.means)
    for name in NAMES:
        most = found.curves[name].max()
        assert again.curves[name] == pytest.approx(found.curves[name], abs=most / 1000)
        assert len(again.errors[name]) == len(again.seconds)


def test_several_threads_may_ask_at_once(large):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(large.preview(20.0, RATED)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 4
    assert len({tuple(answer.curves["live_keys"]) for answer in answers}) == 1
