"""What the caching bench shows over its workload's own time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.modelling.history import History
from perflab.patterns.cache.axes import ttls_around
from perflab.workloads.kinds.trace import Trace

BENCH = load_bench("cache")
DAY = 86_400.0


@pytest.mark.parametrize(
    ("ttl", "whole", "around"),
    [
        (3600.0, 30 * DAY, [300, 900, 3600, 6 * 3600, 12 * 3600]),
        (10.0, 1000.0, [0.5, 2, 10, 30, 120]),
        (600.0, 1000.0, [30, 120, 600, None]),
        (None, 365 * DAY, [2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, None]),
        (None, math.inf, [None]),
        (0.001, 10.0, [0.001, 0.005, 0.01]),
    ],
)
def test_a_ttl_has_a_few_others_beside_it(ttl, whole, around):
    found = ttls_around(ttl, whole)
    assert ttl in found
    assert len(found) <= 5
    numbers = [each for each in found if each is not None]
    assert numbers == sorted(set(numbers))
    assert None not in found[:-1]
    assert len(found) == len(around)
    for value, about in zip(found, around, strict=True):
        assert value == about or (about and 1 / 2.1 < value / about < 2.1)


def test_live_keys_need_times_or_a_rate_and_live_bytes_sizes():
    plain, timed = Trace.from_keys([1, 2]), Trace.from_keys([1, 2], [0.0, 5.0], [7, 8])
    _, unpaced = BENCH.read({})
    _, paced = BENCH.read({"request_rate": 10})
    assert BENCH.over_time.charts_for(plain, unpaced) == ()
    assert [chart.metric for chart in BENCH.over_time.charts_for(plain, paced)] == ["live_keys"]
    both = ["live_keys", "live_bytes"]
    assert [chart.metric for chart in BENCH.over_time.charts_for(timed, unpaced)] == both


def history(curve, **more):
    curve = np.array(curve, float)
    top = {"live_keys": float(curve.max())}
    return History(60.0, curve, {"live_keys": curve}, {}, top, top, {"hit_rate": 0.5}, **more)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (10, "max_cache_size 10 holds them at all times"),
        (7, "max_cache_size 7 holds them all 75 % of the time"),
        (1, "max_cache_size 1 hardly ever holds them all"),
    ],
)
def test_words_say_whether_the_cache_holds_what_lives(size, said):
    settings, _ = BENCH.read({"ttl_seconds": 60, "max_cache_size": size})
    words = BENCH.over_time.words(settings, history([2, 4, 6, 8]))
    assert words[0] == "TTL 1m: at most 8 live keys at once"
    assert words[1] == "hit rate without evictions 50 %"
    assert words[2] == said


def test_words_on_a_sample_say_about_and_no_bound_needs_none():
    settings, _ = BENCH.read({"ttl_seconds": 60, "max_cache_size": 10**9})
    words = BENCH.over_time.words(settings, history([2, 4], sampled=0.01))
    assert words == (
        "TTL 1m: at most about 4 live keys at once",
        "hit rate without evictions about 50 %",
    )


def test_own_ttls_that_are_left_out_are_said():
    own = Trace.from_keys([1, 2, 1], [0.0, 1.0, 2.0], ttls=[5, 5, 5])
    settings, recorded = BENCH.read({"ttl_seconds": 60})
    _, of_settings = BENCH.read({"ttl_from": "setting"})
    histories = BENCH.over_time.histories(own)
    found = histories.preview(60.0, recorded)
    assert "own TTLs are left out" in BENCH.over_time.words(settings, found)[-1]
    assert "own TTLs are left out" in histories.best_known(60.0, recorded).remark
    assert History.from_dict(found.to_dict()).remark == found.remark
    assert histories.settle(60.0, of_settings).remark == ""
