"""Costs at a load's own pace and threads are measured before its first run, and kept for it."""

from __future__ import annotations

import types

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.lab import at_load, measuring
from perflab.lab.at_load import is_apart, mean_rate
from perflab.lab.calibration import (
    NARROWEST,
    WIDEST,
    Calibration,
    calibration_for,
    kept_names,
)
from perflab.lab.measuring import measured_first, round_count
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

CACHE = load_bench("cache")
PACED = {"request_rate": 300, "max_cache_size": 1000}


def trace(times=None):
    keys = np.arange(2000) % 50
    return Trace("short", keys, 50, times)


@pytest.mark.parametrize(
    ("load", "times", "rate"),
    [
        ({}, None, None),
        ({"request_rate": 70}, None, 70.0),
        ({"speedup": 2}, None, None),
        ({"speedup": 2}, np.arange(2000) * 0.1, 20.0),
        ({"speedup": 2, "request_rate": 70}, np.arange(2000) * 0.1, 70.0),
        ({"speedup": 10}, np.zeros(2000), 20_000.0),
    ],
)
def test_the_mean_rate_is_that_of_the_load(load, times, rate):
    assert mean_rate(LoadSettings(**load), trace(times)) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("rate", "measured_at"), [(0.5, 30.0), (300.0, 300.0), (5e4, 5e4), (2e9, 1e7)]
)
def test_it_is_measured_at_a_rate_that_can_be_set(rate, measured_at):
    found = at_load._settable(rate)
    assert found == measured_at
    assert LoadSettings(request_rate=found).request_rate == found


@pytest.mark.parametrize(
    ("pattern", "values", "apart"),
    [
        ("cache", {}, False),
        ("cache", {"request_rate": 300}, True),
        ("cache", {"concurrency": 2}, True),
        ("lazy_loading", {"request_rate": 300}, True),
        ("redis_cache", {"request_rate": 300}, True),
        ("redis_cache", {"request_rate": 300, "redis_host": "10.0.0.1"}, False),
        ("streaming", {"request_rate": 300}, False),
        ("connection_pool", {}, True),
        ("async_io", {"request_rate": 300}, True),
        ("async_io", {"urls": "http://10.0.0.1/"}, False),
    ],
)
def test_it_is_measured_where_it_may_and_tells_something(pattern, values, apart):
    bench = load_bench(pattern)
    settings, load = bench.read(values)
    assert is_apart(bench, settings, load, None) is apart
    rounds = bench.calibration.run_count(settings)
    if rounds is not None:
        assert round_count(bench, settings, load, None) == rounds + apart


@pytest.fixture
def first(tmp_path, monkeypatch):
    """Costs before a first run at a pace, and the rounds that were told of."""
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    rounds = []
    found, spent = measured_first(
        *(CACHE, *CACHE.read(PACED), trace()),
        given=True,
        on_round=lambda number, total: rounds.append((number, total)),
    )
    assert spent == 0
    return found, rounds


def test_a_first_run_at_a_pace_is_predicted_from_costs_at_that_pace(first, monkeypatch):
    found, rounds = first
    loops = CACHE.calibration.run_count(CACHE.read({})[0])
    assert rounds[-1] == (loops + 1, loops + 1)
    assert {number for number, _ in rounds} >= set(range(1, loops + 2))
    settings, load = CACHE.read(PACED)
    assert found.backend == kept_names(CACHE, settings, load, trace())[0] == "sqlite, paced"
    assert not found.renewed
    assert found.note == ""
    loop = calibration_for(CACHE, *CACHE.read({}), trace())
    assert loop.backend == "sqlite"
    # After a pause the processor has done something else: several times as long, in fact.
    assert found.costs["hit"]["mean"] > loop.costs["hit"]["mean"]
    assert found.costs["overhead_seconds"] == loop.costs["overhead_seconds"]
    assert found.costs["bytes_per_entry"] == loop.costs["bytes_per_entry"]
    monkeypatch.setattr(at_load, "LiveRun", None)
    monkeypatch.setattr(measuring, "LiveRun", None)
    known, _ = measured_first(CACHE, settings, load, trace(), given=True)
    assert known == found


def test_other_threads_are_measured_alone_once_the_loop_is_known(first):
    told = []
    found, _ = measured_first(
        *(CACHE, *CACHE.read({**PACED, "concurrency": 3}), trace()),
        given=True,
        on_round=lambda *round_: told.append(round_),
    )
    assert set(told) == {(1, 1)}
    assert found.backend == "sqlite, paced, 3 threads"


def test_without_a_pace_nothing_more_is_measured(first):
    told = []
    found, _ = measured_first(
        *(CACHE, *CACHE.read({}), trace()), given=True, on_round=lambda *each: told.append(each)
    )
    assert not told
    assert found.backend == "sqlite"


@pytest.mark.parametrize(
    ("spreads", "runs", "spread", "band"),
    [
        ([0.9, 0.8], 2, 0.8, WIDEST),
        ([0.9, 0.02], 2, 0.02, NARROWEST),
        ([0.9, None], 2, 0.9, WIDEST),
        ([0.2], 1, 0.2, 0.248),
        ([None], 1, None, 0.25),
    ],
)
def test_costs_at_a_load_have_the_spread_of_their_own_run(
    monkeypatch, tmp_path, spreads, runs, spread, band
):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(at_load, "machine_load", lambda: 0.1)
    made = []

    class Run:
        changes = ("at the pace",)
        overlap = types.SimpleNamespace(seen=False)

        def __init__(self, *_, **__):
            made.append(self)
            self.spread = spreads[len(made) - 1]

        def wait(self, steer): ...

        def renewed_costs(self, known, fewest):
            return known

        def close(self): ...

    monkeypatch.setattr(at_load, "LiveRun", Run)
    shipped = dict(CACHE.calibration.shipped_costs)
    base = Calibration("cache", "sqlite", shipped, "measured", spread=0.02)
    found = at_load.measure_at_load(CACHE, *CACHE.read(PACED), trace(), base, lambda: None)
    assert len(made) == runs
    assert found.spread == spread
    assert found.band == pytest.approx(band)
