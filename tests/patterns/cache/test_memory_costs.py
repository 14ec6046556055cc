"""What a cache takes without entries, and that the sizes of values count once."""

from __future__ import annotations

import dataclasses

import pytest

from perflab.bench.registry import load_bench
from perflab.bench.session import Measured
from perflab.lab.calibrated_costs import wrong_cost
from perflab.workloads.registry.traces import load_workload

BENCH = load_bench("cache")
MIB = 2**20


def measured(memory, **counters):
    _, load = BENCH.read({})
    return Measured(10.0, 1000, counters, {}, {}, memory, load)


def test_fixed_part_is_that_of_the_run_with_next_to_no_entries():
    runs = []
    for values in BENCH.calibration.runs_for(BENCH.read({})[0], runs):
        entries = float(values["max_cache_size"])
        threads = 0.3 * MIB * (values.get("concurrency", 1) - 1)
        costs = BENCH.costs(measured(0.7 * MIB + threads + 640 * entries, entries=entries))
        runs.append((values, costs))
    found = BENCH.calibration.costs_of(runs)
    assert found["bytes_per_entry"] == pytest.approx(640)
    assert found["base_bytes"] == pytest.approx(0.7 * MIB)
    assert found["thread_bytes"] == pytest.approx(0.3 * MIB)
    assert (
        wrong_cost(BENCH.calibration.shipped_costs, {**BENCH.calibration.shipped_costs, **found})
        is None
    )

    model = BENCH.model(
        load_workload("zipf:keys=2k,requests=20k,seed=1"),
        {**BENCH.calibration.shipped_costs, **found},
    )
    settings, load = BENCH.read({"max_cache_size": 500})
    assert model.predict(settings, load).metrics["memory_bytes"] == pytest.approx(
        0.7 * MIB + 500 * 640
    )
    settings, load = BENCH.read({"max_cache_size": 500, "concurrency": 4})
    assert model.predict(settings, load).metrics["memory_bytes"] == pytest.approx(
        1.6 * MIB + 500 * 640
    )


def test_run_that_held_few_entries_in_its_calibration_keeps_what_is_shipped():
    runs = [({}, BENCH.costs(measured(MIB, entries=30.0))) for _ in range(3)]
    assert "bytes_per_entry" not in BENCH.calibration.costs_of(runs)
    assert "base_bytes" not in BENCH.calibration.costs_of(runs)


def test_sizes_of_values_count_once_by_the_run_s_own_costs():
    trace = load_workload("zipf:keys=20k,requests=60k,seed=1")
    sized = dataclasses.replace(trace, sizes=trace.ids * 0 + 10_000)
    settings, load = BENCH.read({"max_cache_size": 10_000})
    model = BENCH.model(sized, BENCH.calibration.shipped_costs)
    counts = model.predict(settings, load).metrics
    held = counts["entries"] * 10_000
    own = BENCH.costs(
        measured(
            held + 500 * counts["entries"], entries=counts["entries"], bytes=held, asked_bytes=6e8
        )
    )
    assert own["bytes_per_entry"] == pytest.approx(500)
    refitted = model.with_costs({**BENCH.calibration.shipped_costs, **own})
    assert refitted.predict(settings, load).metrics["memory_bytes"] == pytest.approx(
        held + 500 * counts["entries"], rel=1e-6
    )
