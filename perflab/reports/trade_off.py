"""The figure of what was looked for against what it costs."""

from __future__ import annotations

from perflab.bench import AnyBench
from perflab.charts import chart_row
from perflab.charts.trade_off import draw_trade_off, title_of
from perflab.instrumentation.catalog import metric
from perflab.reports.blocks import Figure
from perflab.reports.figures import HALF, page_picture
from perflab.reports.svg import svg_of
from perflab.tuning.recommendation import Recommendation
from perflab.tuning.trade_off import cost_words, trade_off_of
from perflab.units import counted, in_words


def trade_off(bench: AnyBench, found: Recommendation) -> Figure | None:
    """Draw all points that were looked at; none where fewer than two have a cost and a value."""
    shown = trade_off_of(found)
    if shown is None:
        return None
    title, info = title_of(shown, bench), metric(shown.objective)
    _, unit = cost_words(bench, shown.cost)
    marks = [
        f"{name}: {info.format(place.value)} at {in_words(place.cost, unit)}"
        for name, place in shown.named.items()
    ]
    alt = f"{title}, {counted(len(shown.places), 'point')}. {'; '.join(marks)}."
    figure, (axes,) = chart_row(1, *HALF, top=52, right=26, scale=1.0)
    picture = page_picture(figure, draw_trade_off(axes, shown, bench))
    return Figure("trade-off", title, alt, svg_of(figure, "trade-off"), picture=picture)
