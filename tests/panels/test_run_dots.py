from __future__ import annotations

import types

import pytest

from perflab.lab.rows import Compared
from perflab.panels.run_dots import FILLING, result_dots, run_dots
from perflab.panels.views import Point
from perflab.patterns.cache.settings import CacheSettings
from perflab.workloads import Trace

HERE = CacheSettings(max_cache_size=100)
THERE = CacheSettings(max_cache_size=10)
NOTHING = Compared({}, {}, {})
CURVE = Point(HERE, {"hit_rate": 0.6, "evictions": 500.0})


def a_run(compared=NOTHING, since_change=None):
    last = types.SimpleNamespace(since_change=since_change or {"hit_rate": 0.3})
    rows = types.SimpleNamespace(last=last)
    workload = Trace.from_keys(["a", "b"])
    return types.SimpleNamespace(compared=compared, rows=rows, workload=workload)


def compared(evictions=0.0, settings=HERE):
    measured = {"hit_rate": 0.41, "evictions": evictions}
    return Compared(measured, {"hit_rate": 0.4}, {"hit_rate": 0.42}, settings)


def test_before_anything_is_compared_there_is_no_hollow_dot():
    dots = run_dots(a_run(), HERE, CURVE, None)
    assert dots["measured"].metrics == {"hit_rate": 0.3}
    assert dots["measured"].settings == HERE
    assert dots["refitted"] is None


def test_both_dots_are_about_the_same_requests():
    dots = run_dots(a_run(compared()), HERE, CURVE, None)
    assert dots["measured"].metrics["hit_rate"] == 0.41
    assert dots["refitted"].metrics == {"hit_rate": 0.42}
    assert dots["refitted"].curve == CURVE.metrics


@pytest.mark.parametrize(("evictions", "said"), [(0.0, FILLING), (3.0, "")])
def test_a_pattern_that_has_evicted_nothing_is_still_filling(evictions, said):
    assert run_dots(a_run(compared(evictions)), HERE, CURVE, None)["refitted"].note == said


def test_a_cache_that_never_fills_is_not_said_to_be_filling():
    roomy = Point(HERE, {"hit_rate": 0.6, "evictions": 0.0})
    assert run_dots(a_run(compared()), HERE, roomy, None)["refitted"].note == ""


def test_a_pattern_without_evictions_is_not_said_to_be_filling():
    pool = Compared({"wait": 1.0}, {"wait": 1.0}, {"wait": 1.1}, HERE)
    dots = run_dots(a_run(pool), HERE, Point(HERE, {"wait": 2.0}), None)
    assert dots["refitted"].note == ""
    assert dots["refitted"].curve == {"wait": 2.0}


def test_dots_stay_where_the_run_was_until_it_has_changed():
    dots = run_dots(a_run(compared(settings=THERE)), HERE, CURVE, None)
    assert {dot.settings for dot in dots.values()} == {THERE}
    assert dots["refitted"].curve == {}
    assert dots["refitted"].note == ""


def test_the_end_of_a_run_has_the_last_word():
    result = types.SimpleNamespace(since_change={"hit_rate": 0.5}, fitted={"hit_rate": 0.51})
    dots = run_dots(a_run(compared()), HERE, CURVE, result)
    assert dots["measured"].metrics == {"hit_rate": 0.5}
    assert dots["refitted"].metrics == {"hit_rate": 0.51}


def test_a_kept_run_has_the_dots_of_its_end():
    result = types.SimpleNamespace(
        since_change={"hit_rate": 0.5, "evictions": 0.0}, fitted={"hit_rate": 0.51}, metrics={}
    )
    dots = result_dots(result, HERE, CURVE, a_run().workload)
    assert dots["measured"].metrics["hit_rate"] == 0.5
    assert dots["refitted"].metrics == {"hit_rate": 0.51}
    assert (dots["refitted"].curve, dots["refitted"].note) == (CURVE.metrics, FILLING)


def test_a_kept_run_without_a_comparison_has_what_it_measured():
    result = types.SimpleNamespace(since_change={}, fitted={}, metrics={"hit_rate": 0.4})
    dots = result_dots(result, HERE, None, a_run().workload)
    assert dots["measured"].metrics == {"hit_rate": 0.4}
    assert dots["refitted"] is None
