"""Charts on a dark screen: their colours are turned over by the style sheet, and can be read."""

import itertools
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from perflab.bench import bench_names, load_bench
from perflab.charts import style
from perflab.panels.css import style_sheet
from perflab.panels.live_view import LiveView
from perflab.panels.views import WhatIfView

# Of `filter: hue-rotate(180deg)`, by the W3C's Filter Effects Module, section 8.6.
TURNED = np.array([[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]])
TEXTS = {"ink": style.INK, "quiet": style.QUIET, "bad": style.BAD, "map": style.MAP_INK}


def on_dark(colour, amount):
    inverted = amount + np.array(to_rgb(colour)) * (1 - 2 * amount)
    return np.clip(TURNED @ np.clip(inverted, 0, 1), 0, 1)


def luminance(colour):
    linear = np.where(colour <= 0.03928, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(scope="module")
def amount():
    rule = re.search(
        r'data-jp-theme-light="false"\] \.perflab-picture \{ filter: invert\(([\d.]+)\) '
        r"hue-rotate\(180deg\)",
        style_sheet().value,
    )
    return float(rule.group(1))


@pytest.mark.parametrize("name", TEXTS)
def test_text_in_charts_is_read_on_light_and_on_dark(name, amount):
    colour = TEXTS[name]
    assert contrast(np.array(to_rgb(colour)), np.array(to_rgb(style.PAPER))) >= 4.5
    assert contrast(on_dark(colour, amount), on_dark(style.PAPER, amount)) >= 4.5


@pytest.mark.parametrize("colour", style.COLOURS)
def test_lines_stand_out_on_dark_and_keep_their_hue(colour, amount):
    shown = on_dark(colour, amount)
    assert contrast(shown, on_dark(style.PAPER, amount)) >= 3
    assert int(shown.argmax()) == int(np.argmax(to_rgb(colour)))


def test_paper_is_as_dark_as_the_notebook_around_it(amount):
    assert on_dark(style.PAPER, amount) == pytest.approx([0x11 / 255] * 3, abs=0.01)


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
