from __future__ import annotations

import pytest

from perflab.bench import load_bench
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.lab.alerts import AlertWatch
from perflab.lab.rounds import Moment, Moments, spread_of_rounds
from perflab.lab.rows import Rows
from perflab.lab.snapshot import Snapshot
from perflab.workloads.kinds.trace import Trace


def run_of(rounds, each=100):
    """Return a snapshot before and after every round: each is (hits, misses, seconds a miss)."""
    hits, misses = LatencyHistogram(), LatencyHistogram()
    snapshots = [Snapshot(0.0, 0, 0.0, {}, {"hit": hits.copy(), "miss": misses.copy()})]
    for number, (hit_share, miss_seconds) in enumerate(rounds, 1):
        count = round(each * hit_share)
        hits.record_many([1e-6] * count)
        misses.record_many([miss_seconds] * (each - count))
        known = {"hit": hits.copy(), "miss": misses.copy()}
        snapshots.append(Snapshot(float(number), number * each, 0.0, {}, known))
    return snapshots


def spread_of(snapshots):
    return spread_of_rounds([Moment.of(snapshot) for snapshot in snapshots])


@pytest.mark.parametrize(
    ("slow", "apart"),
    [((1, 1, 1, 1, 1), 0.0), ((1, 1, 2, 1, 1), 1 / 1.2), ((1, 1.1, 1, 0.9, 1), 0.2)],
    ids=["steady", "one-slow", "noisy"],
)
def test_rounds_lie_as_far_apart_as_their_means(slow, apart):
    found = spread_of(run_of([(0.5, 1e-3 * times) for times in slow]))
    assert found == pytest.approx(apart, abs=0.01)


def test_a_cache_that_fills_is_steady_where_its_misses_are():
    filling = [(share, 1e-3) for share in (0.0, 0.3, 0.5, 0.7, 0.8)]
    assert spread_of(run_of(filling)) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("rounds", [0, 1, 4])
def test_too_short_a_run_tells_no_spread(rounds):
    assert spread_of(run_of([(0.5, 1e-3)] * rounds)) is None


def test_rounds_of_a_few_requests_tell_no_spread():
    assert spread_of(run_of([(0.5, 1e-3)] * 8, each=4)) is None


def test_a_run_without_latencies_is_judged_by_its_pace():
    ends = (0.0, 1.0, 2.0, 3.0, 5.0, 6.0)
    pace = [Snapshot(end, 100 * number, 0.0, {}, {}) for number, end in enumerate(ends)]
    assert spread_of(pace) == pytest.approx(1 / 1.2)


def test_a_long_run_keeps_few_moments_and_tells_the_same():
    moments = Moments()
    for snapshot in run_of([(0.5, 1e-3 * (2 if n < 1000 else 1)) for n in range(5000)], each=10):
        moments.add(snapshot)
    assert len(moments._kept) <= 64
    assert moments.spread() == pytest.approx(1 / 1.2, abs=0.1)


def test_rounds_before_a_change_tell_nothing_of_those_after_it():
    bench, trace = load_bench("cache"), Trace.from_keys([1, 2, 1, 2])
    rows = Rows(bench, trace, *bench.read({}), bench.calibration.shipped_costs, AlertWatch())
    before = [(0.5, 1e-3)] * 5 + [(0.5, 9e-3)] * 3
    *first, changed = run_of(before + [(0.5, 2e-3)] * 7)[:9]
    for snapshot in [*first, changed]:
        rows.moments.add(snapshot)
    assert rows.moments.spread() > 1
    rows._begin_anew(changed)
    for snapshot in run_of(before + [(0.5, 2e-3)] * 7)[9:]:
        rows.moments.add(snapshot)
    assert rows.moments.spread() == pytest.approx(0.0, abs=0.01)
