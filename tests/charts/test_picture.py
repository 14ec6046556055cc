from __future__ import annotations

import json
import math

import numpy as np
import pytest
from matplotlib.lines import Line2D

from perflab.bench import HeatMap, LiveChart, TimeChart, WhatIfChart, load_bench
from perflab.charts import HeatMapAxes, LiveAxes, Mark, OverTimeAxes, WhatIfAxes, chart_row, style
from perflab.charts.picture import MOST_POINTS, curve_of, numbers, picture_of, thinned
from perflab.modelling.history import History
from perflab.tuning.sharpening import BandedLine

SIZES = [10, 100, 1000, 10_000]
LINES = {"lru": (SIZES, [0.1, 0.3, 0.5, 0.7]), "opt": (SIZES, [0.2, 0.5, 0.7, 0.75])}
BY_SIZE = WhatIfChart(
    "Hit rate", "hit_rate", "max_cache_size", "policy", ("lru", "opt"), ceiling="opt"
)
BY_TTL = WhatIfChart("Latency, in $", "latency_seconds_mean", "ttl_seconds")
MARKS = [Mark("50 %", 1000, 0.5, "now"), Mark("", math.inf, 0.7, "baseline")]


@pytest.fixture
def bench():
    return load_bench("cache")


def finished(figure, drawn):
    picture = picture_of(figure, [drawn.plot()], ink=style.INK, paper=style.PAPER)
    again = json.loads(json.dumps(picture, allow_nan=False))
    return again, again["plots"][0]


def place(scale, value):
    """Return how far along an axis a value stands, as a page computes it."""
    low, high, at = scale["low"], scale["high"], value
    if scale["kind"] == "log":
        low, high, at = math.log(low), math.log(high), math.log(value)
    return (at - low) / (high - low)


def pixel(plot, x, y):
    box = plot["box"]
    return (
        box["left"] + place(plot["x"], x) * box["width"],
        box["top"] + (1 - place(plot["y"], y)) * box["height"],
    )


def assert_same_pixels(figure, axes, plot, points):
    dots = figure.dpi / 100
    for x, y in points:
        drawn = axes.transData.transform((x, y)) / dots
        top = figure.bbox.y1 / dots - drawn[1]
        assert pixel(plot, x, y) == pytest.approx((drawn[0], top), abs=0.5)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("along", ["max_cache_size", "ttl_seconds"])
def test_points_lie_where_matplotlib_draws_them(bench, scale, along):
    chart = WhatIfChart("Hit rate", "hit_rate", along, "policy", ("lru", "opt"), ceiling="opt")
    figure, (_, axes) = chart_row(2, 700, 250, scale=scale)
    drawn = WhatIfAxes(axes, chart, bench)
    drawn.update(LINES, MARKS, highlight="lru")
    _, plot = finished(figure, drawn)
    assert plot["x"]["kind"] == axes.get_xscale()
    for curve, (xs, ys) in zip(plot["curves"], LINES.values(), strict=True):
        assert (curve["x"], curve["y"]) == (xs, ys)
        assert_same_pixels(figure, axes, plot, zip(curve["x"], curve["y"], strict=True))


def test_points_of_a_linear_chart_lie_where_they_are_drawn(bench):
    figure, (axes,) = chart_row(1, 700, 250)
    drawn = LiveAxes(axes, LiveChart("Hit rate, live", ("hit_rate",)))
    rows = [
        {"seconds": s / 10, "hit_rate": 0.4 + s / 1000, "predicted_hit_rate": 0.5}
        for s in range(300)
    ]
    drawn.update(rows)
    _, plot = finished(figure, drawn)
    assert [curve["name"] for curve in plot["curves"]] == ["measured", "predicted"]
    assert plot["x"]["kind"] == plot["y"]["kind"] == "linear"
    curve = plot["curves"][0]
    assert_same_pixels(figure, axes, plot, zip(curve["x"], curve["y"], strict=True))


def test_a_map_has_its_cells_where_they_are_drawn(bench):
    figure, (axes,) = chart_row(1, 400, 250)
    heat_map = HeatMap("Hit rate", "hit_rate", "max_cache_size", "ttl_seconds")
    drawn = HeatMapAxes(axes, heat_map, bench, SIZES, [60.0, 3600.0, None])
    values = np.arange(12.0).reshape(3, 4) / 12
    values[0, 1], values[2, 2] = np.nan, np.inf
    drawn.update(values, [Mark("50 %", 1.0, 1.0, "now")])
    _, plot = finished(figure, drawn)
    cells = plot["cells"]
    assert [step["text"] for step in cells["columns"]] == ["10", "100", "1k", "10k"]
    assert [step["value"] for step in cells["rows"]] == [60.0, 3600.0, None]
    assert cells["rows"][-1]["text"] == "none"
    assert cells["values"][0][:2] == [0.0, None]
    assert cells["values"][2][2] == "Infinity"
    corners = [(x["place"], y["place"]) for x in cells["columns"] for y in cells["rows"]]
    assert_same_pixels(figure, axes, plot, corners)
    (spot,) = plot["spots"]
    assert (spot["kind"], spot["x"], spot["text"]) == ("now", 1.0, "50 %")


def test_a_chart_over_time_has_its_bound_too(bench):
    figure, (axes,) = chart_row(1, 400, 250)
    drawn = OverTimeAxes(
        axes, TimeChart("Live keys", "live_keys", "ttl_seconds", "max_cache_size"), bench
    )
    seconds, curve = np.linspace(0, 3600, 50), np.linspace(1, 500, 50)
    peaks, means = {"live_keys": 500.0}, {"live_keys": 250.0}
    history = History(60.0, seconds, {"live_keys": curve}, {}, peaks, means, {}, 1.0)
    drawn.update([history], 60.0, 300.0)
    _, plot = finished(figure, drawn)
    line, bound = plot["curves"]
    assert line["present"]
    assert bound["key"] == "max_cache_size"
    assert bound["y"] == [300.0, 300.0]
    assert_same_pixels(figure, axes, plot, zip(line["x"], line["y"], strict=True))


def test_marks_stand_where_they_are_drawn_and_look_the_same(bench):
    figure, (axes,) = chart_row(1, 400, 250)
    drawn = WhatIfAxes(axes, BY_SIZE, bench)
    drawn.update(LINES, MARKS, highlight="lru")
    picture, plot = finished(figure, drawn)
    now, baseline = plot["spots"]
    assert (now["kind"], now["x"], now["y"], now["text"]) == ("now", 1000, 0.5, "50 %")
    assert baseline["x"] == plot["x"]["high"]
    assert plot["looks"]["now"]["edge"] == picture["ink"]
    assert plot["looks"]["now"]["face"] is None
    assert [curve["present"] for curve in plot["curves"]] == [True, False]
    assert plot["curves"][1]["name"] == "OPT (knows the future)"


def test_lines_follow_what_is_drawn_next(bench):
    figure, (axes,) = chart_row(1, 400, 250)
    drawn = WhatIfAxes(axes, BY_SIZE, bench)
    drawn.update(LINES, highlight="lru")
    first = drawn.plot()
    drawn.update(LINES, MARKS, highlight="lru")
    assert drawn.plot()["curves"] == first["curves"]
    drawn.update({"lru": (SIZES, [0.4] * 4)}, highlight="lru")
    (curve,) = drawn.plot()["curves"]
    assert curve["y"] == [0.4] * 4
    drawn.turn_to(BY_TTL)
    drawn.update({"latency_seconds_mean": (SIZES, [0.1] * 4)})
    _, plot = finished(figure, drawn)
    assert plot["title"] == "Latency, in $"
    assert plot["curves"][0]["name"] == "latency, mean"
    assert plot["x"]["key"] == "ttl_seconds"


def test_a_band_comes_with_its_line(bench):
    _, (axes,) = chart_row(1, 400, 250)
    drawn = WhatIfAxes(axes, BY_SIZE, bench)
    line = BandedLine((SIZES, [0.1, 0.3, 0.5, 0.7]))
    line.low, line.high = [0.0, 0.2, 0.4, 0.6], [0.2, 0.4, 0.6, 0.8]
    drawn.update({"lru": line, "opt": LINES["opt"]})
    banded, plain = drawn.plot()["curves"]
    assert (banded["low"], banded["high"]) == (line.low, line.high)
    assert (plain["low"], plain["high"]) == (None, None)


def test_thinning_keeps_ends_extremes_and_gaps():
    values = np.random.default_rng(1).normal(size=200_000)
    values[12_345], values[77_777], values[150_000] = 50.0, -50.0, np.nan
    picked = thinned(values)
    assert len(picked) <= MOST_POINTS
    assert {0, 12_345, 77_777, 150_000, 199_999} <= {*picked}
    assert (np.diff(picked) > 0).all()


def test_no_part_of_a_thinned_line_loses_its_extremes():
    values = np.random.default_rng(2).normal(size=30_000)
    picked = thinned(values, 100)
    for first in range(0, 30_000, 1500):
        part, kept = values[first : first + 1500], picked[picked // 1500 == first // 1500]
        assert {part.min(), part.max()} <= {*values[kept]}


def test_a_line_of_unknown_values_is_thinned_too():
    line = Line2D(np.arange(10_000), np.full(10_000, np.nan), color="#000000")
    curve = curve_of(line, "a", "a")
    assert len(curve["x"]) <= MOST_POINTS
    assert {*curve["y"]} == {None}


def test_numbers_keep_seven_digits_and_say_what_json_cannot():
    values = [0.0, -1.23456789e-280, 1.23456789e300, 12345678.9, 1 / 3, -0.1, 5e-324]
    found = numbers(values)
    for value, kept in zip(values[:-1], found, strict=False):
        assert kept == pytest.approx(value, rel=1e-6, abs=0)
    assert len(repr(found[4])) <= 9
    assert numbers([math.nan, math.inf, -math.inf]) == [None, "Infinity", "-Infinity"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
