"""Charts in the colours of a theme: all text in them can be read, on light and on dark."""

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text

from perflab.bench import HeatMap, LiveChart, TimeChart, WhatIfChart, load_bench
from perflab.charts import (
    HeatMapAxes,
    LiveAxes,
    Mark,
    OverTimeAxes,
    WhatIfAxes,
    chart_row,
    legend_on_top,
    style,
)
from perflab.charts.themes import DARK, LIGHT, THEMES
from perflab.modelling.history import History

SIZES = [10, 100, 1000, 10_000]
BY_SIZE = WhatIfChart(
    *("Hit rate", "hit_rate", "max_cache_size", "policy", ("lru", "opt")),
    ceiling="opt",
    reference="lru",
)
READ = 4.5
"""The least contrast of text, by WCAG 2.2, success criterion 1.4.3."""
SEEN = 3.0
"""That of what is drawn, by 1.4.11."""


def luminance(colour):
    """Return the relative luminance of WCAG 2.2."""
    shares = np.array(to_rgb(colour))
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def what_if(bench, axes):
    drawn = WhatIfAxes(axes, BY_SIZE, bench)
    lines = {"lru": (SIZES, [0.1, 0.3, 0.5, 0.7]), "opt": (SIZES, [0.2, 0.5, 0.7, 0.75])}
    marks = [
        Mark("50 %", 1000, 0.5, "now"),
        Mark("", 100, 0.2, "baseline"),
        Mark("still filling", 1000, 0.2, "refitted", joins=0.5),
    ]
    drawn.update(lines, marks, highlight="lru")
    legend_on_top(axes.figure, drawn.handles)


def live(bench, axes):
    drawn = LiveAxes(axes, LiveChart("Hit rate", ("hit_rate", "byte_hit_rate")), animated=False)
    rows = [{"seconds": s / 10, "hit_rate": 0.4, "predicted_hit_rate": 0.5} for s in range(30)]
    drawn.update(rows, changes=[{"seconds": 1.0, "settings": {"max_cache_size": 5}}])


def no_run_yet(bench, axes):
    LiveAxes(axes, LiveChart("Hit rate", ("hit_rate",)), animated=False, strip=True)


def over_time(bench, axes):
    chart = TimeChart("Live keys", "live_keys", "ttl_seconds", "max_cache_size")
    drawn = OverTimeAxes(axes, chart, bench, animated=False)
    seconds = np.array([0.0, 10.0, 20.0])
    curves = {"live_keys": np.array([1.0, 50.0, 40.0])}
    most, mean = {"live_keys": 50.0}, {"live_keys": 30.0}
    history = History(60.0, seconds, curves, {}, most, mean, {}, sampled=0.5)
    drawn.update([history], 60.0, 45)
    legend_on_top(axes.figure, drawn.handles)


def heat_map(bench, axes):
    chart = HeatMap("Hit rate", "hit_rate", "max_cache_size", "ttl_seconds")
    drawn = HeatMapAxes(axes, chart, bench, [10, 100, 1000], [1.0, 60.0, None], animated=False)
    values = np.array([[0.1, 0.2, 0.3], [0.2, 0.4, 0.6], [0.3, 0.6, 0.9]])
    drawn.update(values, [Mark("40 %", 1, 1, "now")], "2 of 9 known")


def texts_in(draw):
    """Return what a chart writes, with the colour of each and the one behind it."""
    figure, (axes,) = chart_row(1, 500, 260, scale=1.0)
    draw(load_bench("cache"), axes)
    figure.canvas.draw()
    shown = [each for each in figure.findobj(Text) if each.get_visible() and each.get_text()]
    return [(each.get_text(), to_hex(each.get_color()), behind(each)) for each in shown]


def behind(text):
    patch, halo = text.get_bbox_patch(), text.get_path_effects()
    if patch is not None:
        return to_hex(patch.get_facecolor())
    return to_hex(halo[0]._gc["foreground"]) if halo else style.PAPER


@pytest.mark.parametrize("draw", [what_if, live, no_run_yet, over_time, heat_map])
@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_every_text_in_a_chart_can_be_read(draw, theme):
    written = texts_in(draw)
    assert len(written) > 3
    for text, colour, paper in written:
        assert contrast(theme.of(colour), theme.of(paper)) >= READ, (text, colour, paper)


@pytest.mark.parametrize("place", range(len(style.COLOURS)))
def test_lines_stand_out_on_dark_and_keep_their_hue(place):
    drawn, shown = style.COLOURS[place], DARK.colours[place]
    assert contrast(shown, DARK.paper) >= SEEN
    assert int(np.argmax(to_rgb(shown))) == int(np.argmax(to_rgb(drawn)))


def test_paper_is_as_dark_as_the_notebook_around_it():
    assert (LIGHT.paper, DARK.paper) == ("#ffffff", "#111111")


def test_light_shows_what_is_drawn_and_dark_turns_greys_over():
    known = [*style.COLOURS, *style.MAP_COLOURS, style.INK, style.QUIET, style.GRID, style.PAPER]
    assert [LIGHT.of(colour) for colour in known] == [colour.lower() for colour in known]
    greys = [DARK.grey(step) for step in np.linspace(0, 1, 40)]
    assert greys == sorted(greys, reverse=True)
    own = [*style.MAP_COLOURS, style.MAP_INK, style.MAP_PAPER]
    assert [DARK.of(colour) for colour in own] == [colour.lower() for colour in own]


def test_what_a_page_reads_has_the_colours_that_are_shown():
    _, (axes,) = chart_row(1, 500, 260, scale=1.0)
    drawn = WhatIfAxes(axes, BY_SIZE, load_bench("cache"), animated=False)
    drawn.update({"lru": (SIZES, [0.1, 0.3, 0.5, 0.7])}, [Mark("", 10, 0.1, "measured")])
    plot = drawn.plot()
    shown = DARK.plot(plot)
    assert [curve["colour"] for curve in shown["curves"]] == [DARK.colours[0].lower()]
    assert shown["looks"]["measured"]["face"] == DARK.colours[1].lower()
    assert shown["looks"]["now"]["face"] is None
    assert shown["looks"]["now"]["edge"] == DARK.ink
    assert [curve["x"] for curve in shown["curves"]] == [curve["x"] for curve in plot["curves"]]
    assert LIGHT.plot(plot) == plot
