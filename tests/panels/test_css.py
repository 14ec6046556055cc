"""Titles of a panel's pictures, as they are laid out."""

import itertools

import pytest

from perflab.bench import bench_names, load_bench
from perflab.panels.live_view import LiveView
from perflab.panels.row_picture import Place
from perflab.panels.views import HEIGHT, WhatIfView
from perflab.patterns.cache.policies import POLICIES


@pytest.mark.parametrize("name", bench_names())
def test_no_title_of_a_panel_is_cut_off_or_runs_into_the_next(name):
    bench = load_bench(name)
    for view in (
        WhatIfView(bench, bench.display.what_if_charts[:3]),
        LiveView(bench.display.live_charts),
    ):
        axes = [chart.axes for chart in view.charts]
        boxes = [each._left_title.get_window_extent() for each in axes]
        assert boxes[-1].x1 <= axes[-1].figure.bbox.x1
        assert all(box.x0 >= 0 for box in boxes)
        for box, after in itertools.pairwise(boxes):
            assert box.x1 < after.x0


def test_more_rows_of_a_legend_take_their_room_from_the_axes():
    bench = load_bench("cache")
    view, moved = WhatIfView(bench, bench.display.what_if_charts[:2]), []
    view.titles_moved = lambda: moved.append(view.under_titles)
    view.place(Place(380, HEIGHT, 1.0, (0, 1)))
    before = view.under_titles
    lines = {policy: ([10.0, 100.0], [0.1, 0.5]) for policy in POLICIES}
    view.show([lines, lines])
    figure = view.charts[0].axes.figure
    assert figure.get_size_inches()[1] * 100 == pytest.approx(HEIGHT)
    assert before > moved[-1] == view.under_titles
    (legend,) = figure.legends
    title = view.charts[0].axes._left_title.get_window_extent()
    assert title.y1 <= legend.get_window_extent().y0
