from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from perflab.charts import chart_row, style
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
