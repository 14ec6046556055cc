"""Reads that join another thread's load: counted over windows, against threads in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab import kernels
from perflab.modelling.joined_loads import Asked, joined_loads
from perflab.modelling.latency import OutcomeCost
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.registry.traces import load_workload

HIT, MISS, BETWEEN = 2e-6, 5e-4, 3e-6


def bursts():
    """Keys of a Zipf distribution, each of them read up to six times in a row."""
    random = np.random.default_rng(5)
    keys = np.minimum(random.zipf(1.3, 12_000), 4_000) - 1
    return Trace.from_keys(np.repeat(keys, random.integers(1, 7, len(keys))), name="bursts")


TRACES = {
    "bursts": bursts,
    "zipf": lambda: load_workload("zipf:skew=0.9,keys=5k,requests=60k,seed=3"),
}


@given(
    keys=st.lists(st.integers(0, 4), min_size=1, max_size=40),
    window=st.floats(0.1, 12),
    most=st.integers(1, 4),
    gaps=st.lists(st.floats(0, 2), min_size=40, max_size=40),
)
def test_joiners_are_those_of_plain_python(keys, window, most, gaps):
    places = np.cumsum(gaps[: len(keys)])
    _, following = kernels.previous_and_next(keys, 5)
    for times, given_places in ((np.arange(len(keys)) * 1.0, ()), (places, places)):
        found = kernels.joiners(following, window, most, given_places)
        for t, key in enumerate(keys):
            later = [other for other in range(t + 1, len(keys)) if keys[other] == key]
            apart = [times[other] - times[t] for other in later][:most]
            joined = [1 - each / window for each in apart if each < window]
            assert found.counts[t] == len(joined)
            assert found.shares[t] == pytest.approx(sum(joined))


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize(("threads", "rate"), [(4, None), (16, None), (16, 6000)])
@pytest.mark.parametrize("capacity", [200, 1000])
def test_hit_rate_and_latency_of_threads_are_those_of_threads_in_time(
    name, threads, rate, capacity
):
    trace = TRACES[name]()
    reads = len(trace)
    hits = int(kernels.lru_curve(kernels.previous_and_next(trace.ids, trace.n_keys)[0])[capacity])
    hit, miss = (OutcomeCost(seconds, (seconds,) * 103) for seconds in (HIT, MISS))
    load = LoadSettings(concurrency=threads, request_rate=rate)
    asked = Asked(reads, reads - hits, hit, miss, BETWEEN)
    joined = joined_loads(trace, load, asked)
    found = {"hit_rate": hits / reads, "latency_seconds_mean": None}
    if joined is not None:
        found = joined.among(found, asked)
    exact = kernels.shared_loads(
        *(trace.ids, trace.n_keys, capacity, threads, [HIT], [MISS]),
        between_seconds=BETWEEN,
        interval=0.0 if rate is None else 1 / rate,
    )
    assert found["hit_rate"] == pytest.approx(exact.hits / reads, abs=0.01)
    if joined is None:
        assert exact.waits <= 0.002 * reads
        return
    seconds = exact.hits * HIT + exact.load_seconds.sum() + exact.wait_seconds.sum()
    assert found["latency_seconds_mean"] == pytest.approx(seconds / reads, rel=0.15)
    if name == "bursts":
        assert joined.reads > 0.03 * reads


def test_nobody_joins_one_thread_and_nothing_is_told_of_writes():
    trace = TRACES["bursts"]()
    hit, miss = (OutcomeCost(seconds, (seconds,) * 103) for seconds in (HIT, MISS))
    asked = Asked(len(trace), len(trace) // 2, hit, miss, BETWEEN)
    assert joined_loads(trace, LoadSettings(), asked) is None
    assert joined_loads(trace, LoadSettings(concurrency=4, request_rate=10), asked) is None
    written = Trace.from_keys(trace.ids, operations=np.zeros(len(trace), np.uint8) + 1)
    assert joined_loads(written, LoadSettings(concurrency=4), asked) is None
