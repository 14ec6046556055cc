"""By how much two runs differ by chance: as rarely beyond it as is said, and real changes are."""

import random

import pytest

from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.lab.run import Run
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.tuning.comparison import compare
from perflab.tuning.comparisons import Comparisons, compare_all
from perflab.tuning.noise import band_between

LATENCY = "latency_seconds_mean"
SETTINGS = {**CacheSettings(max_cache_size=10).model_dump(), **LoadSettings().model_dump()}


def run_of(chance, mean=1e-4, seconds=60, noise=0.1, memory=0.5):
    """Return a run whose seconds depend on the one before, with ten rows a second."""
    rows, state, values = [], 0.0, []
    for second in range(seconds):
        state = memory * state + chance.gauss(0, noise)
        value = mean * (1 + state)
        values.append(value)
        rows += [
            {"seconds": second + tenth / 10, "requests": 10 * second, "version": 0, LATENCY: value}
            for tenth in range(1, 10)
        ]
    return Run("cache", {"name": "x"}, SETTINGS, {LATENCY: sum(values) / len(values)}, rows)


def test_runs_that_are_alike_are_beyond_the_band_as_rarely_as_it_says():
    chance, beyond = random.Random(1), 0
    for _ in range(400):
        a, b = run_of(chance), run_of(chance)
        beyond += abs(a.metrics[LATENCY] - b.metrics[LATENCY]) > band_between(metric(LATENCY), a, b)
    # One in a hundred is expected, and a little more as seconds depend on each other.
    assert beyond <= 20


def test_twice_as_slow_is_worse_and_a_little_slower_is_noise():
    chance = random.Random(2)
    (row,) = compare(run_of(chance), run_of(chance, mean=2e-4)).metrics
    assert row["judgement"] == "worse"
    found = compare(run_of(random.Random(2)), run_of(random.Random(2), mean=1.04e-4))
    (row,) = found.metrics
    assert row["judgement"] == "within noise"
    assert row["noise"] > abs(row["difference"])
    assert "within noise (± " in found.to_text()


def test_what_is_known_of_too_few_seconds_is_judged_as_it_stands():
    chance = random.Random(3)
    a, b = run_of(chance, seconds=3), run_of(chance, seconds=3)
    assert band_between(metric(LATENCY), a, b) is None
    found = compare(a, b)
    assert "noise" not in found.metrics[0]
    (note,) = found.notes
    assert note.startswith("measured, x: fewer than 5 s were measured")
    assert compare(run_of(chance), run_of(chance)).notes == ()


def test_counts_have_no_noise():
    chance = random.Random(4)
    assert band_between(metric("hits"), run_of(chance), run_of(chance)) is None


def test_seconds_before_the_last_change_are_left_out():
    chance = random.Random(5)
    calm = run_of(chance, noise=0.001)
    rows = [{**row, LATENCY: 5.0} for row in calm.snapshots.to_dicts()[:200]]
    later = [{**row, "version": 1, "seconds": row["seconds"] + 100} for row in calm.snapshots]
    changed = Run("cache", {"name": "x"}, SETTINGS, calm.metrics, [*rows, *later])
    assert band_between(metric(LATENCY), changed, changed) == pytest.approx(
        band_between(metric(LATENCY), calm, calm)
    )


def test_any_number_of_results_stand_beside_the_first(tmp_path):
    chance = random.Random(6)
    files = []
    for number, size in enumerate((10, 20, 30)):
        made = run_of(chance, mean=1e-4 * (number + 1))
        made.settings["max_cache_size"] = size
        files.append(
            Run("cache", made.workload, {**SETTINGS, "max_cache_size": size}, made.metrics).to_json(
                tmp_path / f"{number}.json"
            )
        )
    found = compare_all(files)
    assert isinstance(found, Comparisons)
    text = found.to_text()
    assert text.count("(worse)") == 2
    assert [line.split() for line in text.splitlines() if line.startswith("max_cache")] == [
        ["max_cache_size", "10", "20", "30"]
    ]
    assert list(found.to_frame().columns) == ["A", "B", "C"]
    assert Comparisons.from_dict(found.to_dict()) == found
    with pytest.raises(BadInputError, match="2 to 20 results, not 1 result"):
        compare_all(files[:1])
    with pytest.raises(BadInputError, match="not 21 results"):
        compare_all(files * 7)
