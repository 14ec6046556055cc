from __future__ import annotations

import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from perflab.bench import HeatMap, load_bench
from perflab.charts import HeatMapAxes, chart_row, style
from perflab.charts.heat_map import BAR_ROOM
from perflab.charts.themes import DARK, LIGHT
from perflab.panels.canvas import BlitCanvas


@pytest.fixture
def plot():
    figure, (axes,) = chart_row(1, 300, 200, scale=1.0)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    (line,) = axes.plot([0, 1], [0.5, 0.5], color=style.COLOURS[0], linewidth=4, animated=True)
    return BlitCanvas(figure, 300), axes, line


def pixels(canvas):
    return np.asarray(Image.open(io.BytesIO(canvas.image.value)).convert("RGB")).astype(int)


def test_blitted_picture_is_the_one_that_a_full_draw_gives(plot):
    canvas, _, line = plot
    canvas.draw([line])
    line.set_ydata([0.1, 0.9])
    canvas.draw([line])
    blitted = canvas.image.value
    canvas.draw([line], full=True)
    assert canvas.image.value == blitted


def test_moved_line_leaves_no_trace(plot):
    canvas, _, line = plot
    canvas.draw([line])
    first = canvas.image.value
    line.set_ydata([0.9, 0.1])
    canvas.draw([line])
    assert canvas.image.value != first
    line.set_ydata([0.5, 0.5])
    canvas.draw([line])
    assert canvas.image.value == first


def test_unchanged_picture_is_not_sent_again(plot):
    canvas, _, line = plot
    canvas.draw([line])
    sent = []
    canvas.image.observe(sent.append, "value")
    canvas.draw([line])
    assert sent == []


def test_new_limits_show_after_a_full_draw(plot):
    canvas, axes, line = plot
    canvas.draw([line])
    axes.set_xlim(0, 1000)
    before = canvas.image.value
    canvas.draw([line], full=True)
    assert canvas.image.value != before


def test_colours_of_the_charts_come_through_exactly(plot):
    canvas, _, line = plot
    canvas.draw([line])
    shown = {tuple(colour) for colour in pixels(canvas).reshape(-1, 3)}
    assert (0x00, 0x72, 0xB2) in shown
    assert (255, 255, 255) in shown


def test_palette_is_near_to_true_colour(plot):
    canvas, _, line = plot
    canvas.draw([line])
    true = np.asarray(canvas._canvas.buffer_rgba())[..., :3].astype(int)
    apart = np.abs(pixels(canvas) - true).max(axis=-1)[true.min(axis=-1) < 255]
    assert np.quantile(apart, 0.98) <= 12


def test_another_theme_shows_its_colours_and_the_first_comes_back(plot):
    canvas, _, line = plot
    canvas.draw([line])
    light = canvas.image.value
    canvas.theme = DARK
    canvas.draw([line])
    shown = Counter(tuple(colour) for colour in pixels(canvas).reshape(-1, 3).tolist())
    assert shown.most_common(1)[0][0] == (0x11, 0x11, 0x11)
    assert (0x4B, 0xA9, 0xE6) in shown
    assert canvas.whole([line]) == light
    canvas.theme = LIGHT
    canvas.draw([line])
    assert canvas.image.value == light


def test_a_map_keeps_its_colours_on_dark_and_what_is_around_it_turns():
    figure, (axes,) = chart_row(1, 420, 260, right=BAR_ROOM, scale=1.0)
    chart = HeatMap("Hit rate", "hit_rate", "max_cache_size", "ttl_seconds")
    rows, columns = [1.0, 60.0, None], [10, 100, 1000]
    drawn = HeatMapAxes(axes, chart, load_bench("cache"), columns, rows)
    canvas = BlitCanvas(figure, 420, maps=[axes])
    full = drawn.update(np.array([[0.1, 0.2, 0.3], [0.2, 0.4, 0.6], [0.3, 0.6, 0.9]]))
    canvas.draw(drawn.artists, full=full)
    light = pixels(canvas)
    canvas.theme = DARK
    canvas.draw(drawn.artists, full=full)
    dark = pixels(canvas)
    inside = np.zeros(dark.shape[:2], bool)
    for part in (axes, *axes.child_axes):
        left, bottom, right, top = np.round(part.bbox.extents).astype(int)
        inside[len(dark) - top : len(dark) - bottom, left:right] = True
    known = inside & (light.max(axis=-1) - light.min(axis=-1) > 3)
    assert known.sum() > 1000
    assert (dark == light)[known].all()
    assert (dark[~inside].max(axis=-1) == dark[~inside].min(axis=-1)).all()
    assert dark[0, 0].tolist() == [0x11, 0x11, 0x11]
