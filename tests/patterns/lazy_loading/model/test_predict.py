"""The lazy loader's what-if: counts as an LRU makes them, costs as they were measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.kernels import Requests, policy_hits, previous_and_next
from perflab.modelling.looped import within_two_passes
from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.lazy_loading._sources import FunctionStore
from perflab.patterns.lazy_loading.model.costs import load_cost, loads_of
from perflab.patterns.lazy_loading.model.predict import LazyLoadingModel, SampledLazyLoadingModel
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.settings import LoadSettings
from perflab.workloads import Accesses
from perflab.workloads.registry.accesses import load_accesses

COSTS = {
    "hit": {"mean": 1e-6, "quantiles": [1e-6] * 103},
    "load": {
        "10": {"mean": 1e-4, "quantiles": [1e-4] * 103, "bytes": 400.0},
        "100": {"mean": 5e-4, "quantiles": [5e-4] * 103, "bytes": 4000.0},
    },
    "row_bytes": 100.0,
    "sized_row_bytes": 100.0,
    "stored_row_bytes": 40.0,
    "base_bytes": 1000.0,
}
LOAD = LoadSettings()


def predicted(rows, n_rows, requests=None, **values):
    model = LazyLoadingModel.of(Accesses("mine", rows, n_rows), COSTS)
    return model.predict(LazyLoadingSettings(**values), LOAD, requests).metrics


@given(
    rows=st.lists(st.integers(0, 59), min_size=1, max_size=40),
    size=st.integers(1, 30),
    chunks=st.integers(1, 8),
    ahead=st.integers(0, 3),
    first=st.integers(0, 100),
    count=st.integers(1, 150),
)
def test_hits_are_those_of_a_loader_over_any_part_of_many_passes(
    rows, size, chunks, ahead, first, count
):
    store = FunctionStore(lambda start, stop: list(range(start, stop)), 60)
    loader = LazyLoader(store=store, chunk_size=size, max_chunks=chunks, read_ahead=ahead)
    played = [rows[place % len(rows)] for place in range(first + count)]
    for row in played[:first]:
        assert loader[row] == row
    before = loader.stats()
    for row in played[first:]:
        assert loader[row] == row
    after = loader.stats()
    found = predicted(
        rows,
        60,
        slice(first, first + count),
        chunk_size=size,
        max_chunks=chunks,
        read_ahead=ahead,
    )
    for name in ("hits", "misses", "evictions"):
        assert found[name] == after[name] - before[name]
    loader.close()


@given(length=st.integers(1, 20), first=st.integers(0, 90), count=st.integers(0, 90))
def test_stretches_of_two_passes_stand_for_all_requests_of_many(length, first, count):
    parts = within_two_passes(length, first, first + count)
    assert sum((last - begin) * times for begin, last, times in parts) == count
    assert all(0 <= begin < last <= 2 * length for begin, last, _ in parts)
    places = sorted(
        place % length
        for begin, last, times in parts
        for place in range(begin, last)
        for _ in range(times)
    )
    assert places == sorted(place % length for place in range(first, first + count))


def test_costs_make_bytes_memory_and_latency():
    rows = [0, 1, 10, 0, 20]
    found = predicted(rows, 1000, chunk_size=10, max_chunks=2)
    assert (found["hits"], found["misses"], found["evictions"], found["chunks"]) == (2, 3, 1, 2)
    assert found["bytes_read"] == 3 * 400
    assert found["read_amplification"] == 3 * 400 / (5 * 40)
    assert found["memory_bytes"] == 1000 + 3 * 10 * 100
    assert found["latency_seconds_mean"] == pytest.approx((2 * 1e-6 + 3 * 1e-4) / 5)
    assert found["latency_seconds_p95"] == pytest.approx(1e-4)


def test_a_load_between_two_measured_sizes_is_on_their_line():
    loads = loads_of(COSTS["load"])
    assert load_cost(loads, 55).time.mean == pytest.approx(3e-4)
    assert load_cost(loads, 55).bytes == pytest.approx(2200)
    assert load_cost(loads, 1000).time.mean == pytest.approx(5e-4 + 900 * 4e-4 / 90)
    assert load_cost(loads, 1).time.mean == pytest.approx(1e-4 - 9 * 4e-4 / 90)
    assert load_cost(loads[:1], 500).time.mean == 1e-4


def test_a_bound_in_bytes_is_a_number_of_chunks_and_none_where_one_is_above_it():
    rows = [0, 10, 0, 10]
    assert predicted(rows, 100, chunk_size=10, max_bytes=2000)["hits"] == 2
    assert predicted(rows, 100, chunk_size=10, max_bytes=1999)["hits"] == 0
    model = LazyLoadingModel.of(Accesses("mine", [0, 0], 100), COSTS)
    small = LazyLoadingSettings(chunk_size=10, max_bytes=999)
    found = model.predict(small, LOAD)
    assert found.metrics["hits"] == found.metrics["memory_bytes"] - 1000 == 0
    assert "nothing is held" in found.remarks[0]


def test_one_curve_answers_for_every_number_of_chunks_of_a_size():
    model = LazyLoadingModel.of(load_accesses("random:requests=5k,seed=1", 1000), COSTS)
    settings = LazyLoadingSettings(chunk_size=10)
    assert not model.ready(settings, LOAD)
    model.predict(settings, LOAD)
    assert all(model.ready(settings.change(max_chunks=n), LOAD) for n in (1, 7, 1000))
    assert not model.ready(settings.change(chunk_size=11), LOAD)
    assert not model.ready(settings.change(read_ahead=1), LOAD)
    dearer = model.with_costs({**COSTS, "sized_row_bytes": 500.0})
    assert dearer.ready(settings, LOAD)
    assert dearer.predict(settings.change(max_bytes=50_000), LOAD).metrics["chunks"] == 10


def test_more_chunks_than_most_want_are_answered_as_exactly():
    accesses = load_accesses("random:requests=60k,seed=1", 30_000)
    model = LazyLoadingModel.of(accesses, COSTS)
    some = LazyLoadingSettings(chunk_size=2)
    before, after = previous_and_next(accesses.rows // 2, 15_000)
    requests = Requests(previous=before, next_use=after)
    for chunks, ready in ((10, False), (5000, True), (5001, False), (12_000, True), (20_000, True)):
        settings = some.change(max_chunks=chunks)
        assert model.ready(settings, LOAD) is ready
        found = model.predict(settings, LOAD).metrics
        assert found["hits"] == policy_hits("lru", requests, chunks).sum()
        assert found["chunks"] == min(chunks, len(np.unique(accesses.rows // 2)))


@pytest.mark.parametrize("spec", ["random", "hotspot:run=20", "sequential", "shuffled:block=300"])
@pytest.mark.parametrize("ahead", [0, 2])
def test_windows_tell_the_hit_rate_of_all(spec, ahead):
    accesses = load_accesses(spec + ("," if ":" in spec else ":") + "requests=1M,seed=1", 100_000)
    model = LazyLoadingModel.of(accesses, COSTS)
    for size, chunks in ((10, 30), (100, 100), (1000, 10), (30_000, 2)):
        settings = LazyLoadingSettings(chunk_size=size, max_chunks=chunks, read_ahead=ahead)
        first = model.preview(settings, LOAD)
        exact = model.predict(settings, LOAD)
        assert first.sampled == pytest.approx(0.4, abs=0.01)
        assert first.metrics["hit_rate"] == pytest.approx(exact.metrics["hit_rate"], abs=0.01)
        assert exact.sampled == 1.0
        assert exact.error == 0.0


def test_a_sample_answers_for_all_requests_only():
    model = SampledLazyLoadingModel.of(load_accesses("random:requests=100k", 1000), COSTS, 0.1)
    assert model.predict(LazyLoadingSettings(), LOAD).sampled == pytest.approx(0.16)
    with pytest.raises(BadInputError, match="all requests only"):
        model.predict(LazyLoadingSettings(), LOAD, slice(0, 5))


def test_few_accesses_are_answered_exactly_at_once():
    model = LazyLoadingModel.of(load_accesses("random:requests=1k", 1000), COSTS)
    assert model.preview(LazyLoadingSettings(), LOAD).sampled == 1.0


def test_read_ahead_waits_less_where_loads_overlap():
    accesses = load_accesses("sequential:requests=10k", 10_000)
    model = LazyLoadingModel.of(accesses, COSTS)
    settings = LazyLoadingSettings(chunk_size=100, read_ahead=1)
    means = [
        model.with_costs({**COSTS, "contention": share})
        .predict(settings, LOAD)
        .metrics["latency_seconds_mean"]
        for share in (0.0, 0.5, 1.0)
    ]
    alone = model.predict(settings.change(read_ahead=0), LOAD)
    assert means == sorted(means)
    assert means[0] < 0.9 * alone.metrics["latency_seconds_mean"]
    assert means[2] == pytest.approx(alone.metrics["latency_seconds_mean"], rel=0.05)


def of_threads(accesses, settings, count=4, rate=None, costs=COSTS, requests=None):
    model = LazyLoadingModel.of(accesses, costs)
    load = LoadSettings(concurrency=count, request_rate=rate)
    return model.predict(LazyLoadingSettings(**settings), load, requests).metrics


def test_threads_that_come_during_a_load_wait_for_it_and_miss():
    runs = Accesses("runs", np.repeat(np.arange(500) * 10, 8), 5000)
    alone = of_threads(runs, {"chunk_size": 10, "max_chunks": 2}, count=1)
    found = of_threads(runs, {"chunk_size": 10, "max_chunks": 2})
    assert (alone["hits"], alone["misses"]) == (3500, 500)
    assert (found["hits"], found["misses"], found["loads"]) == (2000, 2000, 500)
    assert found["bytes_read"] == alone["bytes_read"]
    assert found["latency_seconds_p50"] == pytest.approx(1e-6, rel=0.01)
    assert found["latency_seconds_p95"] == pytest.approx(1e-4, rel=0.02)
    assert found["latency_seconds_mean"] == pytest.approx(5e-5, rel=0.02)
    assert found["throughput_per_second"] == pytest.approx(4000 / (500 * 1.01e-4), rel=0.02)
    slow = of_threads(runs, {"chunk_size": 10, "max_chunks": 2}, rate=2000)
    assert (slow["hits"], slow["throughput_per_second"]) == (3500, pytest.approx(2000, rel=0.01))


def test_loads_measured_among_as_many_threads_wait_for_no_others_again():
    accesses = load_accesses("random:requests=20k,seed=1", 10_000)
    costs = {**COSTS, "contention": 1.0}
    settings = {"chunk_size": 10, "max_chunks": 10}
    turns = of_threads(accesses, settings, costs=costs)
    among = of_threads(accesses, settings, costs={**costs, "threads": 4})
    assert turns["latency_seconds_mean"] == pytest.approx(4e-4, rel=0.1)
    assert among["latency_seconds_mean"] == pytest.approx(1e-4, rel=0.1)
    assert turns["throughput_per_second"] == pytest.approx(1e4, rel=0.1)


def test_a_run_of_threads_over_many_passes_is_like_the_second_pass():
    accesses = load_accesses("hotspot:run=5,requests=2k,seed=1", 5000)
    settings = {"chunk_size": 50, "max_chunks": 10}
    whole = of_threads(accesses, settings, requests=slice(4000, 40_000))
    second = of_threads(accesses, settings, requests=slice(2000, 4000))
    assert whole["requests"] == 36_000
    assert whole["hits"] == 18 * second["hits"]
    assert whole["latency_seconds_mean"] == pytest.approx(second["latency_seconds_mean"])
    none = of_threads(accesses, settings, requests=slice(7, 7))
    assert (none["requests"], none["hits"]) == (0, 0)


@pytest.mark.parametrize("ahead", [0, 2])
def test_windows_tell_the_hit_rate_of_threads(ahead):
    accesses = load_accesses("hotspot:run=20,requests=1M,seed=1", 100_000)
    model = LazyLoadingModel.of(accesses, COSTS)
    settings, load = LazyLoadingSettings(chunk_size=100, read_ahead=ahead), LoadSettings()
    threads = load.change(concurrency=4)
    assert not model.ready(settings, threads)
    first, exact = model.preview(settings, threads), model.predict(settings, threads)
    assert model.ready(settings, threads)
    assert first.sampled == pytest.approx(0.4, abs=0.01)
    for name in ("hit_rate", "latency_seconds_mean", "throughput_per_second"):
        assert first.metrics[name] == pytest.approx(exact.metrics[name], rel=0.03)
    assert exact.metrics["hit_rate"] < model.predict(settings, load).metrics["hit_rate"] - 0.02


def test_shipped_costs_answer_for_every_setting_that_is_looked_at():
    bench = load_bench("lazy_loading")
    accesses = load_accesses("hotspot:requests=2k", 334_264)
    model = bench.model(accesses, bench.calibration.shipped_costs)
    for size in bench.tuning_sweep(accesses, LazyLoadingSettings())["chunk_size"]:
        found = model.predict(LazyLoadingSettings(chunk_size=size), LOAD)
        assert all(value >= 0 for value in found.metrics.values())


def test_asks_of_a_run_decide_who_waits_for_whom():
    accesses = Accesses("x", np.zeros(6, np.int64), 10)
    asked = {
        "asked_accesses": np.array([0, 2, 1, 3, 4, 5]),
        "asked_seconds": np.array([0.0, 0.1, 0.2, 1.5, 1.6, 1.7]),
        "asked_load_seconds": np.array([1.0, *[np.nan] * 5]),
    }
    settings, load = LazyLoadingSettings(chunk_size=10), LoadSettings(concurrency=3)
    model = LazyLoadingModel.of(accesses, {**COSTS, **asked})
    found = model.predict(settings, load).metrics
    assert (found["hits"], found["misses"], found["loads"]) == (3, 3, 1)
    assert model.predict(settings, load, slice(3, 6)).metrics["hit_rate"] == 1.0
    # Beyond what is known of the run, threads are followed as ever.
    plain, beyond = LazyLoadingModel.of(accesses, COSTS), (settings, load, slice(0, 12))
    assert model.predict(*beyond).metrics == plain.predict(*beyond).metrics


def test_a_chunk_that_a_run_asked_for_late_was_loaded_ahead():
    accesses = Accesses("x", np.array([0, 10]), 20)
    asked = {
        "asked_accesses": np.array([0, 1]),
        "asked_seconds": np.array([0.0, 100.0]),
        "asked_load_seconds": np.array([1.0, np.nan]),
    }
    of = (LazyLoadingSettings(chunk_size=10, read_ahead=1), LoadSettings(concurrency=2))
    hits = [
        LazyLoadingModel.of(accesses, costs).predict(*of).metrics["hits"]
        for costs in (COSTS, {**COSTS, **asked})
    ]
    assert hits == [0, 1]
