from __future__ import annotations

import pytest

from perflab.patterns.cache.bench import CacheBench
from perflab.patterns.cache.policies import TITLES
from perflab.settings import LoadSettings
from perflab.tuning.standing import Standing, runnable
from perflab.tuning.whatif import WhatIf

BENCH = CacheBench()
CHART = BENCH.display.what_if_charts[0]
KNOWN = {"lru": 0.5, "fifo": 0.4, "sieve": 0.6, "opt": 0.8}


def test_gain_and_distance_are_in_points():
    words = Standing(CHART, KNOWN, "sieve", titles=TITLES).words()
    assert words == [
        "SIEVE: hit rate 60 %",
        "+10.0 points against LRU",
        "−20.0 points against OPT",
        "best of the policies compared",
    ]


def test_better_line_is_named_with_its_value_and_the_ceiling_is_none():
    words = Standing(CHART, KNOWN, "fifo").words()
    assert words[-1] == "best here: sieve with 60 %"


@pytest.mark.parametrize("present", ["lru", "opt"])
def test_line_is_not_compared_with_itself(present):
    assert not any(f"against {present}" in word for word in Standing(CHART, KNOWN, present).words())


def test_among_equals_the_present_line_is_the_best():
    assert Standing(CHART, {"lru": 0.5, "fifo": 0.5}, "fifo").best == "fifo"


def test_nothing_is_said_before_the_present_line_is_known():
    assert Standing(CHART, {"opt": 0.8}, "lru").words() == []
    assert Standing(CHART, {}, "lru").best is None


def test_standing_is_what_the_model_says_at_the_present_size():
    trace = BENCH.workload_for(
        BENCH.identity.settings_class(), "zipf:skew=0.9,keys=500,requests=20k,seed=1"
    )
    what_if = WhatIf(BENCH, trace, BENCH.calibration.shipped_costs)
    settings, load = BENCH.read({"max_cache_size": 77, "policy": "sieve"})
    what_if.refine(settings, load, lambda _done, _total: None)
    standing = what_if.standing(settings, load)
    for name in ("lru", "sieve", "opt"):
        there = settings.change(policy=name)
        exact = what_if.model.predict(there, load).metrics["hit_rate"]
        assert standing.values[name] == exact
    assert standing.values["opt"] == max(standing.values.values())


def test_only_lines_that_were_chosen_are_computed_and_the_present_one():
    trace = BENCH.workload_for(
        BENCH.identity.settings_class(), "zipf:skew=0.9,keys=500,requests=20k,seed=1"
    )
    what_if = WhatIf(BENCH, trace, BENCH.calibration.shipped_costs, compared={"policy": ("lru",)})
    settings, load = BENCH.read({"policy": "fifo"})
    what_if.refine(settings, LoadSettings(), lambda _done, _total: None)
    lines = what_if.curves(settings, load)[0]
    assert set(lines) == {"lru", "fifo"}
    assert all(len(xs) > 10 for xs, _ in lines.values())


def test_what_is_not_exact_is_said_to_be_about():
    words = Standing(CHART, KNOWN, "fifo", frozenset({"opt", "sieve"})).words()
    assert words == [
        "fifo: hit rate 40 %",
        "−10.0 points against lru",
        "about −40.0 points against opt",
        "best here: sieve with about 60 %",
    ]


def test_between_two_known_places_the_standing_lies_between_their_values():
    trace = BENCH.workload_for(
        BENCH.identity.settings_class(), "zipf:skew=0.9,keys=500,requests=20k,seed=1"
    )
    what_if = WhatIf(BENCH, trace, BENCH.calibration.shipped_costs)
    settings, load = BENCH.read({"max_cache_size": 77})
    what_if.refine(settings, load, lambda _done, _total: None)
    moved = settings.change(max_cache_size=83)
    standing = what_if.standing(moved, load)
    assert {"sieve", "opt"} <= standing.about
    sizes = BENCH.axis("max_cache_size", trace)
    for name in standing.about:
        there = moved.change(policy=name)
        ready = [
            there.change(max_cache_size=size)
            for size in sizes
            if what_if.model.ready(there.change(max_cache_size=size), load)
        ]
        below = max((r for r in ready if r.max_cache_size <= 83), key=lambda r: r.max_cache_size)
        above = min((r for r in ready if r.max_cache_size > 83), key=lambda r: r.max_cache_size)
        low, high = (what_if.model.predict(end, load).metrics["hit_rate"] for end in (below, above))
        assert low <= standing.values[name] <= high


@pytest.mark.parametrize("present", ["opt", "lru"])
def test_best_is_what_can_be_run_also_where_the_ceiling_is_present(present):
    assert Standing(CHART, KNOWN, present).best == "sieve"
    assert Standing(CHART, KNOWN, present).words()[-1] == "best here: sieve with 60 %"


def test_what_cannot_run_is_never_the_best():
    words = Standing(CHART, KNOWN, "lru", runnable=frozenset({"lru", "fifo", "opt"})).words()
    assert words[-1] == "best of the policies that can run"


def test_what_if_only_policies_are_left_out_of_those_that_can_run():
    found = runnable(CHART, BENCH)
    assert {"lru", "fifo", "sieve", "s3fifo"} <= {*found}
    assert not {"opt", "wtinylfu", "arc", "random"} & {*found}
