from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from perflab.bench import LiveChart
from perflab.charts import LiveAxes, chart_row, draw_live
from perflab.charts.live import MOST_POINTS, thin

HITS = LiveChart("Hit rate, live", ("hit_rate",))
LATENCY = LiveChart(
    "Latency, live", ("latency_seconds_p50", "latency_seconds_p95", "latency_seconds_p99")
)


def run(count, **more):
    return [
        {"seconds": i / 10, "hit_rate": 0.5, "hit_rate_since_change": 0.52, **more}
        for i in range(count)
    ]


@pytest.fixture
def live():
    return LiveAxes(Figure(figsize=(6, 4)).subplots(), HITS)


def texts(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_rows_of_the_same_step_need_no_full_redraw(live):
    live.update(run(20))
    assert not live.update(run(60))
    assert not live.update(run(99))


def test_a_strip_has_ticks_of_a_clock():
    axes = Figure(figsize=(4.2, 1.0), dpi=100).subplots()
    drawn = LiveAxes(axes, HITS, strip=True)
    drawn.update([{"seconds": 80.0, "hit_rate": 0.5}])
    axes.figure.canvas.draw()
    said = [text.get_text() for text in axes.get_xticklabels()]
    assert said == ["0 s", "30 s", "1 min", "1.5 min", "2 min"]


def test_time_axis_grows_in_a_step(live):
    live.update(run(99))
    assert live.update(run(120))
    assert live.axes.get_xlim() == (0, 20)


def test_five_minutes_of_running_are_redrawn_in_full_a_few_times_only(live):
    fulls = sum(live.update(run(count)) for count in range(0, 3000, 10))
    assert fulls <= 8


def test_at_most_500_points_a_line_are_drawn(live):
    live.update(run(7001))
    drawn = live._solid[0].get_xdata()
    assert len(drawn) <= MOST_POINTS
    assert drawn[0] == 0
    assert drawn[-1] == 700


def test_thinned_points_stay_where_they_were():
    seconds = np.arange(1230) / 10
    first, later = thin(seconds[:1200]), thin(seconds)
    assert list(first[:-1]) == list(later[: len(first) - 1])
    assert (len(seconds) - 1) == later[-1]


def test_what_is_new_is_drawn_no_denser_than_what_is_old():
    seconds = np.concatenate([np.arange(480), 480 + np.arange(1200) / 10])
    picked = seconds[thin(seconds)]
    assert len(picked) <= MOST_POINTS
    assert np.diff(picked[:-1]).max() <= 2 * np.diff(picked[:-1]).min()


def test_solid_line_is_since_the_change_with_the_last_second_behind_it(live):
    live.update(run(10))
    assert set(live._solid[0].get_ydata()) == {0.52}
    assert set(live._faint[0].get_ydata()) == {0.5}


def test_metric_without_value_since_the_change_shows_its_own(live):
    live.update([{"seconds": 0.0, "hit_rate": 0.4}])
    assert list(live._solid[0].get_ydata()) == [0.4]


def test_prediction_of_the_rows_is_dashed_in_the_colour_of_its_metric(live):
    live.update(run(10, predicted_hit_rate=0.55))
    assert set(live._dashed[0].get_ydata()) == {0.55}
    assert live._dashed[0].get_color() == live._solid[0].get_color()
    assert live._dashed[0].is_dashed()
    assert texts(live.axes) == ["measured", "predicted"]


def test_prediction_given_for_all_rows_is_a_level_line(live):
    live.update(run(10), predicted={"hit_rate": 0.6})
    assert set(live._dashed[0].get_ydata()) == {0.6}


def test_chart_without_prediction_does_not_name_one(live):
    live.update(run(10))
    assert texts(live.axes) == ["measured"]


def test_change_of_settings_is_a_thin_vertical_line(live):
    live.update(run(30), changes=[{"seconds": 1.2}])
    xs = live._changes.get_xdata()
    assert list(xs[:2]) == [1.2, 1.2]
    assert np.isnan(xs[2])


def test_row_without_a_metric_leaves_a_gap(live):
    live.update(
        [{"seconds": 0.0}, {"seconds": 0.1, "hit_rate": None}, {"seconds": 0.2, "hit_rate": 1}]
    )
    assert np.isnan(live._solid[0].get_ydata()[:2]).all()


def test_run_without_rows_gives_an_axis(live):
    live.update([])
    assert live.axes.get_xlim() == (0, 10)


def test_percentiles_share_one_axis_and_are_told_apart_without_colour():
    axes = Figure().subplots()
    drawn = LiveAxes(axes, LATENCY)
    drawn.update([{"seconds": 0.0, **dict.fromkeys(LATENCY.metrics, 0.001)}])
    assert texts(axes) == ["p50", "p95", "p99"]
    assert axes.get_ylabel() == "latency (ms)"
    assert len({end.get_marker() for end in drawn._ends}) == 3


def test_report_figure_and_panel_axes_have_the_same_limits():
    rows = run(250, predicted_hit_rate=0.5)
    figure, (axes,) = chart_row(1, 400, 240)
    draw_live(axes, HITS, rows, changes=[{"seconds": 3.0}])
    live = LiveAxes(Figure().subplots(), HITS)
    live.update(rows)
    assert axes.get_xlim() == live.axes.get_xlim()
    assert axes.get_ylim() == live.axes.get_ylim()
    figure.canvas.draw()
    assert axes.get_tightbbox().x0 >= 0


def test_a_legend_of_long_names_stays_within_the_figure():
    figure, row = chart_row(3, 770, 218)
    queue = LiveChart("In flight, live", ("in_flight", "server_waiting"))
    drawn = [LiveAxes(axes, queue) for axes in row]
    for chart in drawn:
        chart.update([{**each, "predicted_in_flight": 1.0} for each in run(5, in_flight=1.0)])
    for chart in drawn:
        assert chart.axes.get_legend().get_window_extent().x1 < figure.bbox.x1 - 4


def test_an_axis_does_not_say_twice_what_it_counts():
    drawn = LiveAxes(
        Figure(figsize=(6, 4)).subplots(), LiveChart("Connections, live", ("connections",))
    )
    drawn.update([{"seconds": 0.1, "connections": 4.0}])
    assert drawn.axes.get_ylabel() == "connections open"
