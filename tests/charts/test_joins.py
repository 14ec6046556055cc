from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from perflab.bench import WhatIfChart, load_bench
from perflab.charts import Mark, WhatIfAxes
from perflab.charts.marks import MARK_LOOKS, MOVES

SIZES = [10, 100, 1000, 10_000]
LINES = {"lru": (SIZES, [0.1, 0.3, 0.5, 0.7])}
CHART = WhatIfChart("Hit rate", "hit_rate", "max_cache_size", "policy", ("lru", "opt"))


@pytest.fixture
def drawn():
    axes = Figure(figsize=(6, 4)).subplots()
    return WhatIfAxes(axes, CHART, load_bench("cache"))


def shown(drawn):
    return [artist for artist in drawn._joins.artists if artist.get_visible()]


def test_a_hollow_dot_off_its_curve_is_joined_to_it_and_says_why(drawn):
    drawn.update(LINES, [Mark("still filling", 1000, 0.2, "refitted", joins=0.5)])
    line, text = shown(drawn)
    assert line.get_xdata() == [1000, 1000]
    assert line.get_ydata() == [0.2, 0.5]
    assert text.get_text() == "still filling"
    assert 0.2 < text.xy[1] < 0.5
    assert {line.get_gid(), text.get_gid()} == {MOVES}


def test_a_hollow_dot_on_its_curve_needs_no_line(drawn):
    drawn.update(LINES, [Mark("still filling", 1000, 0.5, "refitted", joins=0.505)])
    assert shown(drawn) == []


def test_words_are_there_only_where_they_are_given(drawn):
    drawn.update(LINES, [Mark("", 1000, 0.2, "refitted", joins=0.5)])
    (line,) = shown(drawn)
    assert line.get_ydata() == [0.2, 0.5]


def test_the_line_goes_with_its_dot(drawn):
    drawn.update(LINES, [Mark("", 1000, 0.2, "refitted", joins=0.5)])
    drawn.update(LINES, [])
    assert shown(drawn) == []


def test_the_filled_dot_fits_into_the_hollow_one():
    filled, hollow, now = (MARK_LOOKS[kind] for kind in ("measured", "refitted", "now"))
    assert filled["markerfacecolor"] == hollow["markeredgecolor"]
    assert hollow["markerfacecolor"] == "none"
    assert filled["markersize"] < hollow["markersize"] < now["markersize"]


def test_a_page_is_told_what_a_spot_joins(drawn):
    drawn.update(LINES, [Mark("still filling", 1000, 0.2, "refitted", joins=0.5)])
    (spot,) = drawn.plot()["spots"]
    assert (spot["name"], spot["text"], spot["joins"]) == ("refitted", "still filling", 0.5)
