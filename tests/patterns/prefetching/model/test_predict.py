"""The prefetcher's model: known answers, what is the limit, and what a step more brings."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.modelling.latency import QUANTILES
from perflab.patterns.prefetching.item_names import load_items
from perflab.patterns.prefetching.model.predict import MOST_BATCHES, QUICK_BATCHES, PrefetchingModel
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.settings import LoadSettings

EVEN = {
    "fetch": {
        "fixed_seconds": 0.01,
        "item_seconds": 1e-4,
        "quantiles": [1.0] * len(QUANTILES),
    },
    "usl": {"contention": 0.0, "coherency": 0.0},
    "consume": {"mean": 1e-4, "spread": 0.0},
    "item_bytes": 100.0,
    "overhead_seconds": 0.0,
    "handover_seconds": 0.0,
    "sleep_seconds": 0.0,
}


def predict(costs=EVEN, count=100_000, requests=None, load=None, **settings):
    model = PrefetchingModel.of(load_items(f"items:count={count}"), costs)
    made = PrefetchingSettings(**{"batch_size": 100, "buffer_size": 1000, **settings})
    return model.predict(made, load or LoadSettings(), requests)


def changed(**values):
    return {**copy.deepcopy(EVEN), **values}


def test_a_slow_source_is_the_limit_and_its_rate_is_known():
    found = predict()
    # A batch takes 20 ms to fetch and 10 ms to work on.
    assert found.metrics["throughput_per_second"] == pytest.approx(5000, rel=1e-3)
    assert found.metrics["stall_fraction"] == pytest.approx(0.5, abs=1e-3)
    assert found.metrics["first_item_seconds"] == pytest.approx(0.02)
    assert found.metrics["fetch_seconds_mean"] == pytest.approx(0.02)
    assert found.metrics["consume_seconds_mean"] == pytest.approx(1e-4)
    assert found.metrics["utilisation"] == pytest.approx(1.0, abs=1e-3)
    limit, step = found.remarks
    assert limit.startswith("the source is the limit: the source brings up to 5k items/s")
    assert step == (
        "one more worker: +99.7 % items/s, stalled 0.2 % instead of 50 %; "
        "one more batch of buffer: no gain"
    )


def test_with_enough_workers_the_consumer_is_the_limit():
    found = predict(workers=4)
    assert found.metrics["throughput_per_second"] == pytest.approx(10_000, rel=1e-2)
    assert found.metrics["stall_fraction"] < 0.01
    assert found.remarks[0].startswith("the consumer is the limit")
    assert "one more worker: no gain" in found.remarks[1]


def test_a_first_batch_that_is_waited_for_makes_no_limit_of_a_quick_source():
    found = predict(count=100, workers=4)
    assert found.metrics["stall_fraction"] > 0.5
    assert found.remarks[0].startswith("the consumer is the limit")


def test_a_buffer_that_holds_fewer_fetches_than_there_are_workers_is_told():
    found = predict(workers=4, buffer_size=100)
    assert found.remarks[-1] == "the buffer has room for 1 fetch, so no more workers can be busy"
    assert "one more worker: no gain" in found.remarks[1]
    assert found.metrics["throughput_per_second"] == pytest.approx(5000, rel=1e-2)


def test_a_bound_in_bytes_is_a_bound_in_items():
    by_bytes = predict(workers=4, max_bytes=20_000)
    by_items = predict(workers=4, buffer_size=200)
    assert by_bytes.metrics == by_items.metrics


def test_fetches_that_take_each_others_time_slow_down_but_waits_do_not():
    serial = changed(usl={"contention": 1.0, "coherency": 0.0})
    assert predict(serial, workers=4).metrics["throughput_per_second"] == pytest.approx(
        5000, rel=0.02
    )
    only_wait = changed(
        usl={"contention": 1.0, "coherency": 0.0},
        fetch={**EVEN["fetch"], "fixed_seconds": 0.0, "item_seconds": 1e-9},
    )
    found = predict(only_wait, workers=2, load=LoadSettings(backend_seconds=0.02))
    assert found.metrics["throughput_per_second"] == pytest.approx(10_000, rel=0.02)


def test_the_extra_wait_and_what_a_sleep_is_late_are_added_to_each_fetch():
    found = predict(changed(sleep_seconds=0.001), load=LoadSettings(backend_seconds=0.019))
    assert found.metrics["fetch_seconds_mean"] == pytest.approx(0.04)
    assert predict(changed(sleep_seconds=0.001)).metrics["fetch_seconds_mean"] == pytest.approx(
        0.02
    )


def test_a_rate_is_how_often_items_are_asked_for():
    found = predict(workers=4, load=LoadSettings(request_rate=1000))
    assert found.metrics["throughput_per_second"] == pytest.approx(1000, rel=0.01)
    assert found.metrics["stall_fraction"] < 0.01


def test_the_consumers_time_is_as_long_as_was_asked_and_half_a_repetition():
    found = predict(workers=8, consume_seconds=0.001)
    assert found.metrics["consume_seconds_mean"] == pytest.approx(0.00105, rel=1e-3)


def test_the_last_batch_is_as_long_as_what_is_left():
    found = predict(count=150)
    assert found.metrics["requests"] == 150
    assert found.metrics["batches"] == 2
    # 20 ms for 100 items, then 15 ms for 50 while the first are worked on, then 5 ms of work.
    assert found.metrics["throughput_per_second"] == pytest.approx(150 / 0.04)


def test_slices_of_a_long_run_are_as_its_steady_part():
    steady = predict(requests=slice(5_000_000, 5_100_000)).metrics
    assert steady["throughput_per_second"] == pytest.approx(5000, rel=1e-3)
    assert steady["requests"] == 100_000
    begun = predict(requests=slice(0, 300)).metrics
    assert begun["stall_fraction"] == pytest.approx(0.04 / 0.07, rel=1e-6)


def test_a_runs_own_times_are_taken_as_they_are():
    own = {
        **EVEN,
        "fetch_items": np.array([2.0, 2.0, 1.0]),
        "fetch_seconds": np.array([0.3, 0.1, 0.1]),
        "consume_seconds": np.array([0.1, 0.2, 0.1, 0.1, 0.2]),
    }
    found = predict(own, requests=slice(0, 5))
    assert found.metrics["requests"] == 5
    assert found.metrics["stall_fraction"] == pytest.approx(0.3 / 1.0)
    assert predict(own, requests=slice(2, 5)).metrics["stall_fraction"] == pytest.approx(0.1 / 0.5)
    assert predict(own, requests=slice(5, 9)).metrics == {}
    cut = {**own, "consume_seconds": own["consume_seconds"][:3]}
    assert predict(cut, requests=slice(0, 3)).metrics["requests"] == 4


def test_levels_rise_when_the_source_is_faster_and_end_empty():
    model = PrefetchingModel.of(load_items("items:count=10k"), EVEN)
    settings = PrefetchingSettings(batch_size=100, buffer_size=1000, workers=4)
    times, level = model.levels(settings, LoadSettings())
    assert level[0] == level[-1] == 0
    assert level.max() <= 1000
    assert level.mean() > 500
    assert len(times) == len(level) == 200


def test_more_batches_than_are_simulated_are_a_sample():
    found = predict(count=10 * MOST_BATCHES, batch_size=5, buffer_size=50)
    assert found.sampled == pytest.approx(0.5)
    model = PrefetchingModel.of(load_items("items:count=10M"), EVEN)
    settings = PrefetchingSettings(batch_size=100, buffer_size=1000)
    quick = model.preview(settings, LoadSettings())
    assert quick.sampled == pytest.approx(QUICK_BATCHES / 100_000)
    assert not model.ready(settings, LoadSettings())


def test_other_costs_are_other_answers():
    model = PrefetchingModel.of(load_items("items:count=10k"), EVEN)
    settings = PrefetchingSettings(batch_size=100)
    before = model.predict(settings, LoadSettings()).metrics
    assert model.ready(settings, LoadSettings())
    slower = changed(consume={"mean": 1e-3, "spread": 0.0})
    other = model.with_costs(slower)
    assert not other.ready(settings, LoadSettings())
    after = other.predict(settings, LoadSettings()).metrics
    assert after["stall_fraction"] < before["stall_fraction"]
    assert model.with_costs(copy.deepcopy(EVEN)).ready(settings, LoadSettings())
    assert model.predict(settings, LoadSettings()).metrics == before


def test_the_shipped_costs_answer():
    costs = load_bench("prefetching").calibration.shipped_costs
    found = predict(costs, load=LoadSettings(backend_seconds=0.05))
    assert 0 < found.metrics["stall_fraction"] < 1
    assert found.error < 0.05
