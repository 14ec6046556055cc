"""Titles of a panel's pictures, as they are laid out."""

import itertools

import pytest

from perflab.bench import bench_names, load_bench
from perflab.panels.live_view import LiveView
from perflab.panels.views import WhatIfView


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
