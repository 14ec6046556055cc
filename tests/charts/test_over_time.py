from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from perflab.bench import load_bench
from perflab.charts import OverTimeAxes, chart_row, draw_over_time
from perflab.modelling.history import History

BENCH = load_bench("cache")
KEYS, BYTES = BENCH.over_time.charts
DAY = 86_400.0


def history(value, top, seconds=10 * DAY, sampled=1.0):
    curve = np.linspace(top / 2, top, 50)
    errors = {} if sampled == 1 else {"live_keys": curve / 10}
    peaks = means = {"live_keys": float(top)}
    times = np.linspace(0.0, seconds, 50)
    return History(
        value, times, {"live_keys": curve}, errors, peaks, means, {"hit_rate": 0.5}, sampled
    )


FIVE = [history(60.0 * 4**step, 100 * 2**step) for step in range(5)]


@pytest.fixture
def drawn():
    return OverTimeAxes(Figure(figsize=(6, 4)).subplots(), KEYS, BENCH)


def names(drawn):
    return [handle.get_label() for handle in drawn.handles]


def test_lines_are_named_by_their_value_and_the_present_one_is_the_heaviest(drawn):
    drawn.update(FIVE, FIVE[2].value, 500)
    minutes = ["TTL 1 min", "TTL 4 min", "TTL 16 min"]
    assert names(drawn) == [*minutes, "TTL 1 h 4 min", "TTL 4 h 16 min"]
    widths = [handle.get_linewidth() for handle in drawn.handles]
    assert widths.index(max(widths)) == 2
    assert len({handle.get_color() for handle in drawn.handles}) == 5


def test_present_line_keeps_its_look_while_the_value_moves(drawn):
    drawn.update(FIVE, FIVE[2].value, 500)
    before = drawn.handles[2].get_color()
    assert drawn.update([*FIVE[:4], history(None, 2000)], FIVE[3].value, 500)
    assert drawn.handles[3].get_color() == before
    assert drawn.handles[3].get_label() == "TTL 1 h 4 min"


def test_no_value_is_the_longest_one(drawn):
    drawn.update([*FIVE[:2], history(None, 2000)], None, 500)
    assert names(drawn)[-1] == "TTL none"
    assert drawn.handles[-1].get_linewidth() > drawn.handles[0].get_linewidth()


def test_moved_bound_needs_no_full_redraw(drawn):
    drawn.update(FIVE, FIVE[2].value, 1500)
    assert not drawn.update(FIVE, FIVE[2].value, 1200)
    assert drawn._text.get_text() == "max cache size 1.2k entries"
    assert drawn._level.get_visible()


def test_bound_far_above_is_said_and_presses_no_line_flat(drawn):
    drawn.update(FIVE, FIVE[2].value, 500_000)
    assert drawn.axes.get_ylim()[1] < 4000
    assert drawn._text.get_text() == "max cache size 500k entries, far above"
    assert not drawn._level.get_visible()


@pytest.mark.parametrize("bound", [None, BENCH.info("max_cache_size").high])
def test_what_bounds_nothing_is_not_drawn(drawn, bound):
    drawn.update(FIVE, FIVE[2].value, bound)
    assert not drawn._level.get_visible()
    assert not drawn._text.get_visible()


def test_bound_far_below_turns_the_axis_logarithmic(drawn):
    drawn.update(FIVE, FIVE[2].value, 3)
    assert drawn.axes.get_yscale() == "log"
    assert drawn.axes.get_ylim()[0] <= 3


def test_sample_is_said_and_has_bands(drawn):
    drawn.update([history(60.0, 100, sampled=0.01)], 60.0, None)
    assert drawn._note.get_text() == "sampled 1 %"
    assert len(drawn._error_bands.artists) == 1
    drawn.update([history(60.0, 100)], 60.0, None)
    assert not drawn._note.get_text()
    assert drawn._error_bands.artists == []


@pytest.mark.parametrize(
    ("seconds", "label", "ticks"),
    [
        (10 * DAY, "time of the workload (days)", ["0", "2", "4"]),
        (DAY, "time of the workload (h)", ["0", "3", "6"]),
        (1500.0, "time of the workload (min)", ["0", "5", "10"]),
        (40.0, "time of the workload (s)", ["0", "5", "10"]),
        (0.5, "time of the workload (ms)", ["0", "100", "200"]),
    ],
)
def test_time_is_written_in_a_unit_that_fits(drawn, seconds, label, ticks):
    drawn.update([history(60.0, 100, seconds)], 60.0, None)
    drawn.axes.figure.canvas.draw()
    assert drawn.axes.get_xlabel() == label
    assert [text.get_text() for text in drawn.axes.get_xticklabels()][:3] == ticks


def test_metric_that_a_history_lacks_leaves_the_chart_empty():
    drawn = OverTimeAxes(Figure().subplots(), BYTES, BENCH)
    drawn.update(FIVE, FIVE[2].value, 2**20)
    assert drawn.handles == []


def test_chart_of_a_report_has_its_legend_within_the_figure():
    figure, (axes,) = chart_row(1, 1040, 300, top=52, scale=1.0)
    draw_over_time(axes, KEYS, FIVE, present=FIVE[2].value, bound=500, bench=BENCH)
    assert len(axes.get_legend().get_texts()) == 5
    assert axes.get_legend().get_window_extent().x1 <= figure.bbox.x1


def test_lines_without_the_present_one_differ_too(drawn):
    drawn.update(FIVE, 5.0, None)
    assert len({handle.get_color() for handle in drawn.handles}) == 5
    drawn.update(FIVE, None, None)
    assert len({handle.get_color() for handle in drawn.handles}) == 5
