"""The page finds the same places as matplotlib, and reads what is drawn between two points."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from perflab.bench import HeatMap, LiveChart, WhatIfChart, load_bench
from perflab.charts import HeatMapAxes, LiveAxes, Mark, WhatIfAxes, chart_row, style
from perflab.charts.picture import picture_of
from perflab.lab.run_events import RunEvent
from perflab.panels.pointer.steering import Handle
from perflab.tuning.sharpening import BandedLine

SIZES = [10, 30, 100, 1000, 10_000]
RATES = [0.05, 0.1, 0.3, 0.5, 0.7]
SHOWN = {
    "log": WhatIfChart("Hit rate", "hit_rate", "max_cache_size", "policy", ("lru",)),
    "linear": WhatIfChart("Hit rate", "hit_rate", "ttl_jitter", "maxmemory_policy", ("lru",)),
}


def drawn(line=(SIZES, RATES), chart=SHOWN["log"], bench="cache"):
    figure, (axes,) = chart_row(1, 500, 250, scale=2.0)
    made = WhatIfAxes(axes, chart, load_bench(bench))
    made.update({"lru": line}, highlight="lru")
    picture = picture_of(figure, [made.plot()], ink=style.INK, paper=style.PAPER)
    return figure, axes, picture


def pixel(figure, axes, x, y):
    dots = figure.dpi / 100
    place = axes.transData.transform((x, y)) / dots
    return place[0], figure.bbox.y1 / dots - place[1]


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_a_page_finds_points_where_matplotlib_draws_them(scale, in_javascript):
    shares = ([0.0, 0.1, 0.25, 0.5, 0.9], RATES)
    line = (SIZES, RATES) if scale == "log" else shares
    bench = "cache" if scale == "log" else "redis_cache"
    figure, axes, picture = drawn(line, SHOWN[scale], bench)
    assert picture["plots"][0]["x"]["kind"] == scale
    code = (
        "(p => p.curves[0].x.map((x, i) => [acrossOf(p, x), downOf(p, p.curves[0].y[i])]))"
        "(given.plots[0])"
    )
    found = in_javascript(code, picture)
    wanted = [pixel(figure, axes, x, y) for x, y in zip(*line, strict=True)]
    assert np.abs(np.array(found) - np.array(wanted)).max() < 0.5


def test_a_line_is_read_where_it_is_drawn_between_two_points(in_javascript):
    figure, axes, picture = drawn()
    between = np.sqrt(30 * 100)
    at, height = pixel(figure, axes, between, 0.2)
    code = "(p => readAt(p, p.curves[0], given[1], false))(readied(given[0]).plots[0])"
    read = in_javascript(code, [picture, at])
    assert read["value"] == pytest.approx(0.2, abs=1e-3)
    assert read["height"] == pytest.approx(height, abs=0.5)


def test_beyond_its_ends_a_line_is_read_only_where_asked(in_javascript):
    _, _, picture = drawn((SIZES[1:4], RATES[1:4]))
    code = (
        "(p => [[-50, false], [-50, true], [900, false], [900, true]].map("
        "([at, ends]) => readAt(p, p.curves[0], at, ends)?.value ?? null))(readied(given).plots[0])"
    )
    assert in_javascript(code, picture) == [None, 0.1, None, 0.5]


def test_in_a_gap_there_is_nothing_to_read(in_javascript):
    figure, axes, picture = drawn((SIZES, [0.05, 0.1, float("nan"), 0.5, 0.7]))
    at = [pixel(figure, axes, x, 0.1)[0] for x in (20, 60, 100, 300, 3000)]
    code = (
        "(p => given[1].map(x => readAt(p, p.curves[0], x) !== null))(readied(given[0]).plots[0])"
    )
    assert in_javascript(code, [picture, at]) == [True, False, False, False, True]


def test_a_band_is_read_with_its_line(in_javascript):
    line = BandedLine((SIZES, RATES))
    line.low = [rate - 0.02 for rate in RATES]
    line.high = [rate + 0.04 for rate in RATES]
    figure, axes, picture = drawn(line)
    at = pixel(figure, axes, 50, 0.1)[0]
    code = (
        "(p => bandAt(p.curves[0], readAt(p, p.curves[0], given[1])))(readied(given[0]).plots[0])"
    )
    assert in_javascript(code, [picture, at]) == pytest.approx(0.03, abs=1e-6)
    _, _, plain = drawn()
    assert in_javascript(code, [plain, at]) is None


def test_the_nearest_of_a_rising_list_is_found(in_javascript):
    code = "given.map(value => nearest([1, 2, 4, 8], value))"
    assert in_javascript(code, [0, 1, 1.6, 2.9, 3.1, 7, 99]) == [0, 0, 1, 1, 2, 3, 3]


def map_picture():
    figure, (axes,) = chart_row(1, 500, 250)
    heat_map = HeatMap("Hit rate", "hit_rate", "max_cache_size", "ttl_seconds")
    made = HeatMapAxes(axes, heat_map, load_bench("cache"), SIZES, [60.0, 3600.0, None])
    made.update(np.arange(15.0).reshape(3, 5) / 15)
    return figure, axes, picture_of(figure, [made.plot()], ink=style.INK, paper=style.PAPER)


def test_a_maps_cell_is_found_where_it_is_drawn(in_javascript):
    figure, axes, picture = map_picture()
    places = [(0.2, 0.1), (3.6, 1.2), (4.4, 2.3), (-9.0, 9.0)]
    at = [pixel(figure, axes, x, y) for x, y in places]
    code = "given[1].map(([x, y]) => cellAt(given[0].plots[0], x, y))"
    found = in_javascript(code, [picture, at])
    cells = [(each["column"], each["row"]) for each in found]
    assert cells == [(0, 0), (4, 1), (4, 2), (0, 2)]


def test_a_value_between_cells_stands_where_matplotlib_puts_it(in_javascript):
    _, (axes,) = chart_row(1, 500, 250)
    heat_map = HeatMap("Hit rate", "hit_rate", "max_cache_size", "ttl_seconds")
    made = HeatMapAxes(axes, heat_map, load_bench("cache"), SIZES, [60.0, 3600.0, None])
    code = "given[1].map(value => placeAmong(given[0], value, true))"
    for axis, values in ((made.x, [5, 10, 20, 550, 10**6]), (made.y, [60.0, 600.0, 9e9, None])):
        found = in_javascript(code, [axis.steps, values])
        assert found == pytest.approx([axis.place(value) for value in values])


def test_a_map_moves_a_slider_to_its_nearest_stop(in_javascript):
    values = [10, 100, 1000, None]
    handle: Handle = {
        "stops": [{"value": value, "text": str(value)} for value in values],
        "whole": True,
        "log": True,
    }
    code = "given[1].map(value => stopOf(given[0].stops, value, given[0].log).value)"
    assert in_javascript(code, [handle, [10, 30, 40, 900, 10**9, None]]) == [
        *(10, 10, 100, 1000, 1000),
        None,
    ]


def test_a_click_near_a_line_chooses_it_unless_it_cannot_run(in_javascript):
    figure, (axes,) = chart_row(1, 500, 250, scale=2.0)
    chart = WhatIfChart("Hit rate", "hit_rate", "max_cache_size", "policy", ("lru", "arc", "opt"))
    made = WhatIfAxes(axes, chart, load_bench("cache"))
    lines = {"lru": RATES, "sieve": RATES, "arc": [0.2] * 5, "opt": [0.9] * 5, "fifo": [0.5] * 5}
    made.turn_to(dataclasses.replace(chart, values=tuple(lines), ceiling="opt"))
    made.update({label: (SIZES, rates) for label, rates in lines.items()}, highlight="lru")
    picture = picture_of(figure, [made.plot()], ink=style.INK, paper=style.PAPER)
    assert picture["plots"][0]["lines"] == "policy"
    places = [pixel(figure, axes, x, y) for x, y in ((20, 0.5), (20, 0.2), (20, 0.9), (100, 0.3))]
    code = (
        "(p => given[1].map(([x, y]) => [0, 4, 9].map(off => "
        "choiceAt(p, {x, y: y + off}, 6)?.choice.value ?? null)))(readied(given[0]).plots[0])"
    )
    found = in_javascript(code, [picture, places])
    assert found[0] == ["fifo", "fifo", None]
    # These are what-if only; and of two lines in one place, the present one stays.
    assert found[1] == found[2] == [None, None, None]
    assert found[3][0] is None


def test_a_steep_line_is_found_beside_it(in_javascript):
    figure, (axes,) = chart_row(1, 500, 250, scale=2.0)
    chart = WhatIfChart("Hit rate", "hit_rate", "max_cache_size", "policy", ("lru", "fifo"))
    made = WhatIfAxes(axes, chart, load_bench("cache"))
    made.update({"lru": (SIZES, RATES), "fifo": ([1000, 1001], [0.1, 0.9])}, highlight="lru")
    picture = picture_of(figure, [made.plot()], ink=style.INK, paper=style.PAPER)
    x, y = pixel(figure, axes, 1000, 0.6)
    code = (
        "(p => given[1].map(x => choiceAt(p, {x, y: given[2]}, 6)?.choice.value ?? null))"
        "(readied(given[0]).plots[0])"
    )
    assert in_javascript(code, [picture, [x - 4, x + 4, x + 20], y]) == ["fifo", "fifo", None]


def test_what_happened_is_read_near_its_mark(in_javascript):
    figure, (axes,) = chart_row(1, 500, 110, scale=2.0)
    made = LiveAxes(axes, LiveChart("Hit rate", ("hit_rate",)), strip=True)
    rows = [{"seconds": s / 10, "hit_rate": 0.4} for s in range(100)]
    events = [
        RunEvent(2.0, "settings", "max cache size 1k → 10k"),
        RunEvent(2.1, "alert", "hit_rate<0.5 fired with 40 %"),
        RunEvent(8.0, "action", "server killed"),
    ]
    made.update(rows, events=events)
    picture = picture_of(figure, [made.plot()], ink=style.INK, paper=style.PAPER)
    places = [pixel(figure, axes, x, 0.2)[0] for x in (2.0, 8.1, 5.0)]
    code = (
        "(p => given[1].map(x => eventsAt(p, x, 9, 4).map(each => each.text)))(given[0].plots[0])"
    )
    found = in_javascript(code, [picture, places])
    assert found == [[events[0].words, events[1].words], ["server killed"], []]


def test_zero_stands_at_the_lower_edge_of_a_logarithmic_axis(in_javascript):
    chart = WhatIfChart("Wait", "wait_seconds_mean", "max_connections")
    figure, (axes,) = chart_row(1, 500, 250, scale=2.0)
    made = WhatIfAxes(axes, chart, load_bench("connection_pool"))
    line = ([1, 2, 4, 8], [1e-2, 1e-4, 1e-6, 0.0])
    made.update({"wait_seconds_mean": line}, [Mark("0 ns", 8, 0.0, "now")])
    picture = picture_of(figure, [made.plot()], ink=style.INK, paper=style.PAPER)
    plot = picture["plots"][0]
    assert plot["y"]["kind"] == "log"
    code = "(p => [0, 1e-4, 1e3].map(y => heightOf(p, downOf(p, y))))(given.plots[0])"
    zero, within, beyond = in_javascript(code, picture)
    box = plot["box"]
    assert zero == pytest.approx(box["top"] + box["height"])
    assert box["top"] < within < zero
    assert beyond == box["top"]
