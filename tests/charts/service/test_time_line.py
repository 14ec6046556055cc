from __future__ import annotations

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from perflab.charts.service import time_line
from perflab.charts.style import PAPER, QUIET

LONG = "The version of the cache key changes"


@pytest.mark.parametrize(
    ("width", "of"),
    [
        (280, {}),
        (890, {"recovery": None}),
        (390, {"begins": 0.05, "ends": 0.05, "title": LONG, "failures": 0}),
        (280, {"begins": 49.0, "ends": 49.9, "title": LONG, "recovery": 0.0}),
        (390, {"last": 86_400.0, "begins": 40_000.0, "ends": 50_000.0, "failures": 123_456}),
    ],
)
def test_texts_of_a_time_line_stand_apart(make_outcome, apart, width, of):
    said = apart(time_line(make_outcome(**of), width, 1.0))
    assert of.get("title", "Redis dies") in said


def test_lines_are_those_of_the_windows(make_outcome):
    found = make_outcome()
    load, latency, failures = time_line(found).figure.axes
    calm, then = load.lines
    assert list(then.get_ydata()) == found.windows["database"]
    assert list(calm.get_ydata()) == found.calm["database"]
    assert latency.get_yscale() == "log"
    assert np.isnan(latency.lines[1].get_ydata()[0])
    width = found.windows["ends"][1] - found.windows["ends"][0]
    assert failures.lines[1].get_ydata().sum() * width == pytest.approx(40)


def test_span_is_shaded_through_all_strips(make_outcome):
    drawn = time_line(make_outcome())
    (shade,) = [each for each in drawn.figure.patches if each is not drawn.figure.patch] or [
        each for each in drawn.figure.artists if isinstance(each, Rectangle)
    ]
    first = drawn.figure.axes[0]
    left, right = (
        drawn.figure.transFigure.inverted().transform(first.transData.transform((when, 0)))[0]
        for when in (20.0, 30.0)
    )
    assert shade.get_x() == pytest.approx(left)
    assert shade.get_x() + shade.get_width() == pytest.approx(right)
    assert shade.get_y() == pytest.approx(drawn.figure.axes[2].get_position().y0)


def test_moment_without_length_is_still_seen(make_outcome):
    drawn = time_line(make_outcome(begins=20.0, ends=20.0))
    shades = [each for each in drawn.figure.artists if isinstance(each, Rectangle)]
    assert shades[0].get_width() * 890 == pytest.approx(3)


@pytest.mark.parametrize(
    ("recovery", "text", "lines"),
    [
        (1.5, "as before, 1.5 s after", 1),
        (0.0, "as before at once", 1),
        (None, "not as before by the end", 0),
    ],
)
def test_recovery_is_marked_or_missed(make_outcome, apart, recovery, text, lines):
    drawn = time_line(make_outcome(recovery))
    assert text in apart(drawn)
    marks = [each for each in drawn.figure.artists if isinstance(each, Line2D)]
    assert len(marks) == lines


def test_words_are_the_verdict(make_outcome):
    found = make_outcome()
    assert time_line(found).words == f"Redis dies, 20 s into 50 s. {found.verdict}"


def test_calm_day_is_faint_and_dashed(make_outcome):
    calm, then = time_line(make_outcome()).figure.axes[0].lines
    assert calm.get_color() == QUIET != then.get_color()
    assert calm.get_linestyle() == "--" != then.get_linestyle()
    assert PAPER not in (calm.get_color(), then.get_color())
