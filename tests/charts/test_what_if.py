from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

from perflab.bench import WhatIfChart, load_bench
from perflab.charts import Mark, WhatIfAxes, chart_row, draw_what_if, legend_on_top

POLICIES = ("lru", "fifo", "opt")
CHART = WhatIfChart("Hit rate", "hit_rate", "max_cache_size", "policy", POLICIES, ceiling="opt")
SIZES = [10, 100, 1000, 10_000]
LINES = {
    "lru": (SIZES, [0.1, 0.3, 0.5, 0.7]),
    "fifo": (SIZES, [0.1, 0.25, 0.45, 0.65]),
    "opt": (SIZES, [0.2, 0.5, 0.7, 0.75]),
}


@pytest.fixture
def bench():
    return load_bench("cache")


@pytest.fixture
def drawn(bench):
    axes = Figure(figsize=(6, 4)).subplots()
    return WhatIfAxes(axes, CHART, bench)


def names(drawn):
    return [handle.get_label() for handle in drawn.handles]


def test_first_update_asks_for_a_full_redraw_and_the_next_for_none(drawn):
    assert drawn.update(LINES)
    assert not drawn.update(LINES)


def test_moving_the_present_mark_needs_no_full_redraw(drawn):
    drawn.update(LINES, [Mark("50 %", 1000, 0.5, "now")])
    assert not drawn.update(LINES, [Mark("30 %", 100, 0.3, "now")])


def test_new_kind_of_mark_changes_the_legend(drawn):
    drawn.update(LINES)
    assert drawn.update(LINES, [Mark("", 1000, 0.5, "baseline")])
    assert names(drawn)[-1] == "baseline"


def test_ceiling_is_named_for_what_it_is(drawn):
    drawn.update(LINES)
    assert names(drawn) == ["LRU", "FIFO", "OPT (knows the future)"]


def test_a_number_that_names_a_line_has_its_unit(bench):
    counts = WhatIfChart("Hit rate", "hit_rate", "ttl_seconds", "max_cache_size", (1, 1000))
    drawn = WhatIfAxes(Figure(figsize=(6, 4)).subplots(), counts, bench)
    drawn.update({"1": (SIZES, SIZES), "1000": (SIZES, SIZES)})
    assert names(drawn) == ["1 entry", "1k entries"]


def test_lines_differ_by_style_as_well_as_by_colour(drawn):
    drawn.update(LINES)
    looks = {(line.get_color(), str(line.get_linestyle())) for line in drawn.handles}
    styles = {str(line._unscaled_dash_pattern) for line in drawn.handles}
    assert len(looks) == 3
    assert len(styles) == 3


def test_line_of_the_present_policy_is_the_heaviest(drawn):
    drawn.update(LINES, highlight="fifo")
    widths = {line.get_label(): line.get_linewidth() for line in drawn.handles}
    assert max(widths, key=widths.get) == "FIFO"


def test_line_that_is_gone_is_removed(drawn):
    drawn.update(LINES)
    assert drawn.update({"lru": LINES["lru"]})
    assert names(drawn) == ["LRU"]


def test_line_keeps_its_look_whatever_comes_first(drawn, bench):
    drawn.update({"fifo": LINES["fifo"]})
    other = WhatIfAxes(Figure().subplots(), CHART, bench)
    other.update(LINES)
    colours = {line.get_label(): line.get_color() for line in other.handles}
    assert drawn.handles[0].get_color() == colours["FIFO"]


def test_mark_whose_setting_is_off_stands_at_the_right_edge(drawn):
    drawn.update(LINES, [Mark("", float("inf"), 0.7, "now")])
    mark = drawn._marks["now"]
    assert list(mark.get_xdata()) == [10_000]


def test_mark_beyond_the_curve_widens_the_axis(drawn):
    drawn.update(LINES, [Mark("", 5_000_000, 0.9, "now")])
    assert drawn.axes.get_xlim()[1] == 5_000_000


def test_curve_without_values_yet_still_gives_an_axis(drawn):
    drawn.update({"lru": ([], [])})
    low, high = drawn.axes.get_xlim()
    assert low < high


def test_value_not_yet_known_leaves_a_gap(drawn):
    drawn.update({"lru": (SIZES, [0.1, float("nan"), 0.5, 0.7])})
    line = drawn._lines["lru"]
    assert np.isnan(line.get_ydata()[1])


def test_axes_name_setting_and_metric_with_units(drawn):
    drawn.update(LINES)
    assert drawn.axes.get_xlabel() == "max cache size (entries)"
    assert drawn.axes.get_ylabel() == "hit rate"


def test_animated_artists_are_left_out_of_a_full_draw(bench):
    figure, (axes,) = chart_row(1, 300, 200, scale=1.0)
    drawn = WhatIfAxes(axes, CHART, bench)
    drawn.update(LINES)
    figure.canvas.draw()
    empty = np.asarray(figure.canvas.buffer_rgba()).copy()
    for artist in drawn.artists:
        axes.draw_artist(artist)
    assert (np.asarray(figure.canvas.buffer_rgba()) != empty).any()


def test_chart_for_a_report_is_drawn_whole_with_its_legend(bench):
    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    marks = [Mark("now", 1000, 0.5, "now"), Mark("", 10_000, 0.7, "recommended")]
    draw_what_if(axes, CHART, LINES, marks=marks, bench=bench, highlight="lru")
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert set(texts) == {
        "LRU",
        "FIFO",
        "OPT (knows the future)",
        "present settings",
        "recommended",
    }
    file = io.StringIO()
    figure.savefig(file, format="svg")
    assert "<svg" in file.getvalue()


def test_legend_of_a_row_stays_within_its_figure(bench):
    figure, row = chart_row(3, 620, 240, top=56)
    drawn = [WhatIfAxes(axes, CHART, bench) for axes in row]
    kinds = ("now", "measured", "baseline", "recommended")
    for axes in drawn:
        axes.update(LINES, [Mark("", 1000, 0.5, kind) for kind in kinds])
    legend = legend_on_top(figure, drawn[0].handles)
    assert legend.get_window_extent().width <= figure.bbox.width
    assert len(legend.get_texts()) == 7


def test_labels_of_a_row_are_not_cut_off(bench):
    figure, row = chart_row(3, 800, 240, scale=1.0)
    for axes in row:
        WhatIfAxes(axes, CHART, bench).update(LINES)
    figure.canvas.draw()
    for axes in row:
        box = axes.get_tightbbox()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.width
        assert box.y1 <= figure.bbox.height


def test_two_charts_of_one_legend_share_no_look(bench):
    _figure, row = chart_row(2, 620, 240, top=56)
    first = WhatIfAxes(row[0], CHART, bench)
    second = WhatIfAxes(row[1], CHART, bench, looks_from=len(CHART.values))
    for drawn in (first, second):
        drawn.update(LINES)
    colours = [
        {line.get_color() for line in drawn.handles if "future" not in line.get_label()}
        for drawn in (first, second)
    ]
    assert not colours[0] & colours[1]


def test_another_metric_stands_beside_the_lines_of_a_setting(bench):
    (chart, *_) = bench.display.bounded.charts
    drawn = WhatIfAxes(Figure(figsize=(6, 4)).subplots(), chart, bench)
    both = {"lru": LINES["lru"], "sieve": LINES["fifo"], "byte_hit_rate": LINES["opt"]}
    drawn.update(both, highlight="lru")
    assert names(drawn) == ["LRU", "SIEVE", "byte hit rate"]
    # It is no rival, however high: the strip under the chart has the policies only.
    assert len(drawn._best_strip._shown[0]) == 1


def test_chart_that_is_turned_to_another_has_its_axis(drawn, bench):
    drawn.update(LINES, [Mark("50 %", 1000, 0.5, "now")])
    drawn.turn_to(bench.display.bounded.charts[2])
    mebibytes = [2.0**20, 2.0**26]
    assert drawn.update({"memory_bytes": (mebibytes, mebibytes)})
    assert drawn.axes.get_title(loc="left") == "Memory by bytes"
    assert drawn.axes.get_xlim() == tuple(mebibytes)
    assert names(drawn) == []


def test_best_place_in_bytes_is_written_in_their_unit(bench):
    cost = bench.display.bounded.charts[3]
    drawn = WhatIfAxes(Figure(figsize=(6, 4)).subplots(), cost, bench)
    drawn.update({"cost_per_day": ([2.0**20, 2.0**23, 2.0**26], [3.0, 1.0, 2.0])})
    assert [text.get_text() for text in drawn._texts] == ["least at 8 MiB"]


def test_ticks_of_bytes_have_room_in_a_row_of_charts(bench):
    figure, row = chart_row(3, 770, 256, top=59, bottom=54)
    for axes, chart in zip(row, bench.display.bounded.charts, strict=False):
        WhatIfAxes(axes, chart, bench).update({"lru": ([1.1 * 2.0**20, 86.0 * 2**20], [0.1, 0.9])})
        figure.canvas.draw()
        boxes = [text.get_window_extent() for text in axes.get_xticklabels()]
        assert len(boxes) >= 3
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
        assert boxes[-1].x1 <= figure.bbox.x1


def test_axis_of_several_percentiles_is_named_after_none_of_them():
    of_pool = load_bench("async_io")
    latency = next(chart for chart in of_pool.display.what_if_charts if chart.also)
    drawn = WhatIfAxes(Figure(figsize=(6, 4)).subplots(), latency, of_pool)
    drawn.update({name: ([1, 100], [0.02, 0.15]) for name in (latency.metric, *latency.also)})
    assert drawn.axes.get_ylabel() == "latency (ms)"
    assert "latency, p95" in names(drawn)


def test_legend_of_a_wide_chart_begins_where_the_chart_does(bench):
    figure, (axes,) = chart_row(1, 1040, 380, top=70, scale=1.0)
    (chart, *_) = bench.display.bounded.charts
    drawn = WhatIfAxes(axes, chart, bench, animated=False, legend=True)
    drawn.update(dict.fromkeys(("lru", "fifo", "sieve", "clock", "lfu"), LINES["lru"]))
    figure.canvas.draw()
    assert axes.get_legend().get_window_extent().x0 == pytest.approx(axes.bbox.x0, abs=8)
