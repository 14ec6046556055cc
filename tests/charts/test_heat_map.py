from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from perflab.bench import HeatMap, load_bench
from perflab.charts import HeatMapAxes, Mark, chart_row, draw_heat_map
from perflab.charts.heat_map import BAR_ROOM, map_colours
from perflab.panels.canvas import BlitCanvas
from perflab.reports.svg import svg_of

MAP = HeatMap("Hit rate by TTL and size", "hit_rate", "ttl_seconds", "max_cache_size")
COLUMNS = [60.0, 600.0, 6000.0, 60_000.0, None]
ROWS = [10, 100, 1000, 10_000]
VALUES = np.array([[0.1 * row + 0.12 * column for column in range(5)] for row in range(4)])


@pytest.fixture
def bench():
    return load_bench("cache")


@pytest.fixture
def drawn(bench):
    return HeatMapAxes(Figure(figsize=(6, 4)).subplots(), MAP, bench, COLUMNS, ROWS)


def bright(picture, drawn, x, y):
    """Return how bright a picture is at a place of the map."""
    across, up = drawn.axes.transData.transform((x, y))
    pixels = np.asarray(picture.convert("L")).astype(int)
    return pixels[pixels.shape[0] - 1 - round(up), round(across)]


def test_first_values_ask_for_a_full_redraw_and_the_same_for_none(drawn):
    assert drawn.update(VALUES)
    assert not drawn.update(VALUES)


def test_moved_mark_needs_no_full_redraw(drawn):
    drawn.update(VALUES, [Mark("50 %", 1.0, 1.0, "now")])
    assert not drawn.update(VALUES, [Mark("50 %", 2.0, 3.0, "now")])


def test_values_within_the_colours_move_none(drawn):
    drawn.update(VALUES)
    assert not drawn.update(VALUES * 0.95)


def test_values_beyond_the_colours_move_them(drawn):
    drawn.update(VALUES * 0.1)
    assert drawn.update(VALUES)


def test_setting_without_value_has_a_column_of_its_own_at_the_end(drawn):
    assert drawn.x.place(None) > drawn.x.place(60_000.0) + 1
    labels = [text.get_text() for text in drawn.axes.get_xticklabels()]
    assert labels[-1] == "none"
    assert len(drawn.x.blocks) == 2


def test_axes_name_settings_and_units(drawn):
    assert drawn.axes.get_xlabel() == "TTL"
    assert drawn.axes.get_ylabel() == "max cache size (entries)"
    assert [text.get_text() for text in drawn.axes.get_yticklabels()] == ["10", "100", "1k", "10k"]


def test_lines_of_equal_value_are_labelled_with_their_unit(drawn):
    drawn.update(VALUES)
    texts = [each.get_text() for each in drawn._lines[1:]]
    assert texts
    assert all(text.endswith(" %") for text in texts)


def test_lines_are_made_anew_and_not_piled_up(drawn):
    for factor in (1.0, 0.9, 0.8, 0.7):
        drawn.update(VALUES * factor)
    texts = [text for text in drawn.axes.texts if text.get_text().endswith(" %")]
    assert len(texts) == len(drawn._lines) - 1


def test_map_of_words_has_no_lines_between_them(bench):
    words = HeatMap("Hit rate", "hit_rate", "policy", "max_cache_size")
    drawn = HeatMapAxes(Figure().subplots(), words, bench, ["lru", "fifo", "sieve"], ROWS)
    drawn.update(VALUES[:, :3])
    assert drawn._lines == []
    assert [text.get_text() for text in drawn.axes.get_xticklabels()] == ["LRU", "FIFO", "SIEVE"]


@pytest.mark.parametrize("value", [np.nan, 0.4, 0.0, np.inf])
def test_map_of_one_value_is_drawn(drawn, value):
    drawn.update(np.full((4, 5), value))
    drawn.axes.get_figure().canvas.draw()


def test_value_without_bound_has_the_colour_of_the_highest(drawn):
    values = VALUES.copy()
    values[3, 3] = np.inf
    drawn.update(values)
    shown = drawn._mesh.get_array().reshape(4, 6)
    assert shown[3, 3] == drawn._levels.high


def test_higher_is_darker_and_unknown_is_hatched(bench):
    figure, (axes,) = chart_row(1, 420, 260, right=BAR_ROOM, scale=1.0)
    drawn = HeatMapAxes(axes, MAP, bench, COLUMNS, ROWS)
    canvas = BlitCanvas(figure, 420)
    values = VALUES.copy()
    values[1, 1] = np.nan
    canvas.draw(drawn.artists, full=drawn.update(values))
    picture = Image.open(io.BytesIO(canvas.image.value))
    away = 0.35
    assert bright(picture, drawn, 0 - away, 0 - away) > bright(picture, drawn, 3 - away, 3 - away)
    spots = [bright(picture, drawn, 1 + dx, 1 + dy) for dx in (-0.3, 0, 0.3) for dy in (-0.3, 0.3)]
    assert min(spots) > 220


def test_blitted_map_is_the_one_that_a_full_draw_gives(bench):
    figure, (axes,) = chart_row(1, 420, 260, right=BAR_ROOM, scale=1.0)
    drawn = HeatMapAxes(axes, MAP, bench, COLUMNS, ROWS)
    canvas = BlitCanvas(figure, 420)
    canvas.draw(drawn.artists, full=drawn.update(VALUES))
    drawn.update(VALUES * 0.97, [Mark("50 %", 1.0, 1.0, "now")])
    canvas.draw(drawn.artists, full=True)
    whole = canvas.image.value
    canvas.draw(drawn.artists)
    assert canvas.image.value == whole


def test_colours_of_the_map_come_through_the_fixed_palette(bench):
    figure, (axes,) = chart_row(1, 420, 260, right=BAR_ROOM, scale=1.0)
    drawn = HeatMapAxes(axes, MAP, bench, COLUMNS, ROWS)
    canvas = BlitCanvas(figure, 420, maps=[axes])
    canvas.draw(drawn.artists, full=drawn.update(VALUES))
    shown = np.asarray(Image.open(io.BytesIO(canvas.image.value)).convert("RGB")).astype(int)
    true = np.asarray(canvas._canvas.buffer_rgba())[..., :3].astype(int)
    apart = np.abs(shown - true).max(axis=-1)[true.min(axis=-1) < 255]
    assert np.quantile(apart, 0.98) <= 12


def test_colours_grow_darker_all_the_way():
    shades = map_colours()(np.linspace(0, 1, 48))[:, :3]
    bright = shades @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(bright) < 0).all()


def test_map_for_a_report_is_drawn_whole_and_its_colours_stay_on_a_dark_screen(bench):
    figure, (axes,) = chart_row(1, 512, 320, top=52, right=BAR_ROOM, scale=1.0)
    marks = [("now", 600.0, 100), ("recommended", None, 1000)]
    draw_heat_map(axes, MAP, VALUES, COLUMNS, ROWS, settings=marks, bench=bench)
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["present settings", "recommended"]
    svg = svg_of(figure, "map")
    assert "<image" not in svg
    assert "40 %" in svg
    assert "none" in svg


def test_nothing_is_cut_off(bench):
    figure, (axes,) = chart_row(1, 385, 251, right=BAR_ROOM, scale=1.0)
    HeatMapAxes(axes, MAP, bench, COLUMNS, ROWS, animated=False).update(VALUES)
    figure.canvas.draw()
    box = axes.get_tightbbox()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= figure.bbox.width
    assert box.y1 <= figure.bbox.height


def test_texts_of_lines_that_lie_close_together_cover_none(bench):
    _, (axes,) = chart_row(1, 385, 256, right=BAR_ROOM)
    drawn = HeatMapAxes(axes, MAP, bench, COLUMNS, ROWS)
    steep = np.repeat([[0.0], [0.02], [0.98], [1.0]], 5, axis=1)
    drawn.update(steep)
    texts = [artist for artist in drawn._lines[1:] if artist.get_visible()]
    assert texts
    boxes = [text.get_window_extent() for text in texts]
    assert not [1 for i, box in enumerate(boxes) for other in boxes[:i] if box.overlaps(other)]
