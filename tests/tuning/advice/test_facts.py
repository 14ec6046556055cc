"""The numbers of a workload that advice looks at, against plain counts."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.tuning.advice.facts import arrival_facts, arrivals_of, most_at_once, trace_facts
from perflab.workloads import Arrivals, Trace


def plain_distances(keys):
    """Return how many distinct keys come from one use of a key to the next, itself included."""
    found = []
    for place, key in enumerate(keys):
        before = [at for at in range(place) if keys[at] == key]
        if before:
            found.append(len(set(keys[before[-1] : place])))
    return found


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_repeats_scans_and_distances_are_those_of_plain_counts(keys):
    facts = trace_facts(Trace.from_keys(keys))
    counts = Counter(keys)
    assert facts["keys"] == len(counts)
    assert facts["repeats"] == pytest.approx(1 - len(counts) / len(keys))
    once = sum(count == 1 for count in counts.values())
    assert facts["scan_share"] == pytest.approx(once / len(keys))
    distances = plain_distances(keys)
    if distances:
        assert facts["reuse_distance_mean"] == pytest.approx(sum(distances) / len(distances))
    else:
        assert "reuse_distance_mean" not in facts


def test_sizes_times_and_the_source_are_told_where_the_trace_has_them():
    trace = Trace.from_keys(
        ["a", "b", "a", "c"],
        times=[0.0, 1.0, 2.0, 4.0],
        sizes=[10, 30, 10, 50],
        backend_seconds=[0.2, math.nan, 0.4, math.nan],
    )
    facts = trace_facts(trace)
    assert facts["working_set_bytes"] == 90
    assert facts["value_bytes"] == 25
    assert facts["source_seconds"] == pytest.approx(0.3)
    assert facts["rate"] == 1
    bare = trace_facts(Trace.from_keys(["a", "a"]))
    assert not {"working_set_bytes", "source_seconds", "rate", "writes"} & set(bare)


def test_writes_and_removals_count_and_a_caches_own_fills_do_not():
    operations = [0, 0, 1, 4, 3, 2, 0, 0]  # get, get, set, write, delete, touch, get, get
    trace = Trace("mixed", np.zeros(8, np.int32), 1, operations=np.array(operations, np.uint8))
    assert trace_facts(trace)["writes"] == pytest.approx(2 / 8)


@pytest.mark.parametrize("seed", range(6))
def test_most_at_once_is_what_a_count_over_all_moments_finds(seed):
    chance = random.Random(seed)
    times = np.array(sorted(round(chance.uniform(0, 9), 1) for _ in range(80)))
    durations = np.array([round(chance.expovariate(1), 1) for _ in range(80)])
    spans = [(start, start + last) for start, last in zip(times, durations, strict=True)]
    busiest = max(sum(start <= at < end for start, end in spans) for at in times)
    assert most_at_once(times, durations) == busiest


def test_unknown_durations_are_left_out_of_what_is_served_at_once():
    times = np.array([0.0, 0.0, 0.0])
    assert most_at_once(times, np.array([5.0, math.nan, 5.0])) == 2
    assert most_at_once(times, np.full(3, math.nan)) == 0


def test_arrivals_tell_how_many_are_served_on_average():
    arrivals = Arrivals("two", np.arange(0.0, 101.0), np.full(101, 2.5))
    facts = arrival_facts(arrivals)
    assert facts["rate"] == pytest.approx(arrivals.rate)
    assert facts["concurrency_mean"] == pytest.approx(2.5 * arrivals.rate)
    assert facts["concurrency_peak"] == 3


def test_times_of_the_backend_are_the_durations_of_arrivals():
    timed = Trace.from_keys(["a", "b"], times=[0.0, 1.0], backend_seconds=[0.5, 0.25])
    found = arrivals_of(timed)
    assert found is not None
    assert list(found.durations) == [0.5, 0.25]
    assert arrivals_of(Trace.from_keys(["a", "b"])) is None
