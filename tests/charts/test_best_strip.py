from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from perflab.bench import WhatIfChart, load_bench
from perflab.charts import WhatIfAxes
from perflab.charts.best_strip import best_spans

SIZES = [10, 100, 1000, 10_000]
CHART = WhatIfChart(
    "Hit rate",
    "hit_rate",
    "max_cache_size",
    "policy",
    ("lru", "fifo", "opt"),
    reference="lru",
    ceiling="opt",
)
LINES = {
    "lru": (SIZES, [0.1, 0.2, 0.5, 0.8]),
    "fifo": (SIZES, [0.2, 0.3, 0.4, 0.8]),
    "opt": (SIZES, [0.9, 0.9, 0.9, 0.9]),
}


@st.composite
def curves(draw):
    count = draw(st.integers(2, 12))
    xs = sorted(draw(st.sets(st.integers(1, 10**6), min_size=count, max_size=count)))
    value = st.floats(0, 1)
    return {name: (xs, draw(st.lists(value, min_size=count, max_size=count))) for name in "abc"}


@given(curves(), st.booleans(), st.booleans())
def test_spans_cover_the_axis_and_name_a_best_line_at_every_place(lines, higher, log):
    spans = best_spans(lines, higher=higher, log=log)
    xs = lines["a"][0]
    assert (spans[0][0], spans[-1][1]) == (xs[0], xs[-1])
    for (_, end, one), (begin, _, other) in itertools.pairwise(spans):
        assert end == begin
        assert one != other
    best = max if higher else min
    for place, x in enumerate(xs):
        (label,) = {label for begin, end, label in spans if begin <= x <= end}
        assert lines[label][1][place] == best(line[1][place] for line in lines.values())


def test_change_lies_halfway_by_ratio_on_a_log_axis():
    lines = {"a": ([10, 1000], [1.0, 0.0]), "b": ([10, 1000], [0.0, 1.0])}
    assert best_spans(lines, higher=True, log=True) == [(10, 100.0, "a"), (100.0, 1000, "b")]
    assert best_spans(lines, higher=False, log=False)[0] == (10, 505.0, "b")


def test_among_equals_the_line_that_led_goes_on():
    lines = {"a": (SIZES, [0.1, 0.5, 0.5, 0.5]), "b": (SIZES, [0.2, 0.5, 0.5, 0.5])}
    assert [label for _, _, label in best_spans(lines, higher=True, log=True)] == ["b"]


@pytest.mark.parametrize(
    "lines", [{}, {"a": (SIZES, [1, 2, 3, 4])}, {"a": (SIZES, [1, 2, 3, 4]), "b": ([], [])}]
)
def test_one_line_or_one_that_is_not_known_has_no_best(lines):
    assert best_spans(lines, higher=True, log=True) == []


def test_strip_under_the_chart_has_the_colours_of_the_lines_and_leaves_the_ceiling_out():
    axes = Figure(figsize=(6, 4)).subplots()
    drawn = WhatIfAxes(axes, CHART, load_bench("cache"), animated=False)
    drawn.update(LINES)
    strip, *names = drawn._best_strip.artists
    colours = [to_hex(colour) for colour in strip.get_facecolors()]
    expected = [drawn._lines[name].get_color().lower() for name in ("fifo", "lru")]
    assert colours == expected
    assert [name.get_text() for name in names] == ["FIFO", "LRU"]
    assert drawn._best_strip._best.get_visible()


def test_strip_that_is_drawn_again_and_again_has_no_text_in_it():
    drawn = WhatIfAxes(Figure(figsize=(6, 4)).subplots(), CHART, load_bench("cache"))
    drawn.update(LINES)
    assert len(drawn._best_strip.artists) == 1


def test_strip_that_stays_is_not_drawn_anew():
    drawn = WhatIfAxes(Figure(figsize=(6, 4)).subplots(), CHART, load_bench("cache"))
    drawn.update(LINES)
    kept = drawn._best_strip.artists
    assert not drawn.update(LINES)
    assert drawn._best_strip.artists is kept


def test_strip_goes_with_the_second_line():
    drawn = WhatIfAxes(Figure(figsize=(6, 4)).subplots(), CHART, load_bench("cache"))
    drawn.update(LINES)
    assert drawn.update({"lru": LINES["lru"], "opt": LINES["opt"]})
    assert drawn._best_strip.artists == []
    assert not drawn._best_strip._best.get_visible()


def test_least_cost_of_the_present_line_is_marked():
    chart = WhatIfChart(
        "Cost",
        "cost_per_day",
        "max_cache_size",
        also=("memory_cost_per_day",),
        marks_best=True,
    )
    drawn = WhatIfAxes(Figure(figsize=(6, 4)).subplots(), chart, load_bench("cache"))
    lines = {
        "cost_per_day": (SIZES, [3.0, np.nan, 1.0, 2.0]),
        "memory_cost_per_day": (SIZES, [0.1, 0.2, 0.3, 0.4]),
    }
    drawn.update(lines, highlight="cost_per_day")
    mark = drawn._marks["best"]
    assert (list(mark.get_xdata()), list(mark.get_ydata())) == ([1000], [1.0])
    assert [text.get_text() for text in drawn._texts] == ["least at 1,000"]
