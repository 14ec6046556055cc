"""Points that were measured elsewhere: beside their lines, and named in the legend."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from perflab.bench import Observed, WhatIfChart, load_bench
from perflab.charts import WhatIfAxes, chart_row
from perflab.charts.observed import observed_marks

RATE = WhatIfChart("Throughput", "throughput_per_second", "max_concurrent")
SPEED = WhatIfChart(
    "Latency", "latency_seconds_p50", "max_concurrent", also=("latency_seconds_p99",)
)
OBSERVED = Observed(
    "k6: results.csv",
    "max_concurrent",
    (1.0, 15.8),
    (
        {"throughput_per_second": 50.0, "latency_seconds_p50": 0.02, "latency_seconds_p99": 0.03},
        {"throughput_per_second": 400.0, "latency_seconds_p50": 0.04},
    ),
)
LIMITS = [1, 4, 16, 64]


@pytest.fixture
def make():
    bench = load_bench("async_io")

    def axes(chart, place=None):
        return WhatIfAxes(place or Figure(figsize=(6, 4)).subplots(), chart, bench)

    return axes


def lines_of(chart):
    return {name: (LIMITS, [1, 2, 3, 4]) for name in (chart.metric, *chart.also)}


def test_a_mark_for_each_metric_that_was_measured():
    assert [(m.x, m.y, m.line) for m in observed_marks(SPEED, OBSERVED)] == [
        (1.0, 0.02, "latency_seconds_p50"),
        (1.0, 0.03, "latency_seconds_p99"),
        (15.8, 0.04, "latency_seconds_p50"),
    ]


def test_no_mark_beside_another_setting_or_several_settings():
    along = WhatIfChart("Throughput", "throughput_per_second", "retries")
    lined = WhatIfChart("Throughput", "throughput_per_second", "max_concurrent", "retries", (0, 1))
    assert [observed_marks(chart, OBSERVED) for chart in (along, lined)] == [[], []]
    assert observed_marks(RATE, None) == []


def test_the_legend_names_where_they_come_from_as_long_as_they_are_shown(make):
    drawn, lines = make(RATE), lines_of(RATE)
    assert drawn.update(lines)
    assert drawn.update(lines, observed_marks(RATE, OBSERVED))
    assert [handle.get_label() for handle in drawn.handles] == ["k6: results.csv"]
    assert not drawn.update(lines, observed_marks(RATE, OBSERVED))
    assert drawn.update(lines)
    assert drawn.handles == []


def test_they_have_the_colour_of_their_line_and_all_are_in_sight(make):
    drawn = make(SPEED)
    drawn.update(lines_of(SPEED), observed_marks(SPEED, OBSERVED))
    edges = drawn._observed._points.get_edgecolor()
    assert (edges[0] == edges[2]).all()
    assert (edges[0] != edges[1]).any()
    low, high = drawn.axes.get_ylim()
    assert low <= 0.02
    assert high >= 4
    assert len(drawn.handles) == 3


def test_they_are_painted(make):
    figure, (axes,) = chart_row(1, 300, 200, scale=1.0)
    drawn = make(RATE, axes)
    drawn.update(lines_of(RATE), observed_marks(RATE, OBSERVED))
    figure.canvas.draw()
    before = np.asarray(figure.canvas.buffer_rgba()).copy()
    for artist in drawn._observed.artists:
        axes.draw_artist(artist)
    after = np.asarray(figure.canvas.buffer_rgba())
    place = axes.transData.transform((15.8, 400.0))
    rows, columns = np.nonzero((before != after).any(axis=2))
    distances = np.hypot(columns - place[0], (after.shape[0] - rows) - place[1])
    assert distances.min() < 6
