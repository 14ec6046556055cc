"""Texts of others in charts: between dollars they are no formulas."""

import pytest
from matplotlib.text import Text

from perflab.bench import LiveChart, Observed, WhatIfChart, load_bench
from perflab.charts import Mark, chart_row, draw_live, draw_what_if
from perflab.charts.observed import observed_marks
from perflab.charts.style import literal
from perflab.charts.ticks import set_ticks

HOSTILE = [r"cost in $ and $", r"$\frac{a}$.csv", r"$x$", r"a$_$b", r"\$5 or $\nothing$", "100 %"]


def drawn_texts(figure):
    """Return what is written on a figure, after it was drawn: a formula would fail or be other."""
    figure.canvas.draw()
    return [found.get_text() for found in figure.findobj(Text) if found.get_text()]


@pytest.mark.parametrize("text", HOSTILE)
def test_titles_and_axes_are_written_as_they_are(text):
    figure, (axes,) = chart_row(1)
    draw_live(axes, LiveChart(text, ("hit_rate",)), [{"seconds": 1.0, "hit_rate": 0.5}] * 3)
    set_ticks(axes.yaxis, text, text, 0.0, 1.0, log=False)
    assert literal(text) in drawn_texts(figure)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_name_of_a_measured_file_is_written_as_it_is(text):
    figure, (axes,) = chart_row(1)
    bench = load_bench("async_io")
    chart = WhatIfChart(text, "throughput_per_second", "max_concurrent")
    observed = Observed(text, "max_concurrent", (1.0, 2.0), ({"throughput_per_second": 3.0},) * 2)
    marks = [Mark("", 1.0, 2.0, "now"), *observed_marks(chart, observed)]
    lines = {"throughput_per_second": ([1.0, 2.0], [3.0, 4.0])}
    draw_what_if(axes, chart, lines, marks=marks, bench=bench)
    assert drawn_texts(figure).count(literal(text)) >= 2


def test_a_text_without_dollars_is_the_same():
    assert literal("latency, p99 (ms)") == "latency, p99 (ms)"
