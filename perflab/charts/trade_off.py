"""`draw_trade_off`: the objective against what it costs, with what is now, recommended and best."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from perflab.bench import AnyBench
from perflab.charts import style
from perflab.charts.limits import SteppedLimits
from perflab.charts.marks import MARK_LOOKS
from perflab.charts.picture import Plot, curve_of, plot_of, scale_of
from perflab.charts.ticks import set_ticks
from perflab.instrumentation.catalog import METRICS, metric
from perflab.tuning.trade_off import Place, TradeOff, cost_words
from perflab.units import in_words

_KNEE: dict[str, Any] = {
    "marker": "v",
    "markersize": 8,
    "markerfacecolor": style.COLOURS[3],
    "markeredgecolor": style.PAPER,
    "markeredgewidth": 0.9,
}
_LOOKS: dict[str, dict[str, Any]] = {
    "best": MARK_LOOKS["best"],
    "knee": _KNEE,
    "recommended": MARK_LOOKS["recommended"],
    "now": MARK_LOOKS["now"],
}
_FRONT = "best for its cost"


def draw_trade_off(axes: Axes, shown: TradeOff, bench: AnyBench) -> Plot:
    """Draw every point as a dot, a line through those that are the best for their cost, and marks.

    Args:
        axes: Where.
        shown: The points.
        bench: Whose settings or metrics name the horizontal axis.

    Returns:
        The line, as a page reads it.
    """
    info = metric(shown.objective)
    words, unit = cost_words(bench, shown.cost)
    style.dress(axes, title_of(shown, bench))
    places = [*shown.places, *shown.named.values()]
    _fit(axes, "x", [place.cost for place in places], words, unit)
    _fit(axes, "y", [place.value for place in places], info.label, info.unit)
    axes.plot(*_line(shown.places), linestyle="none", marker=".", color=style.QUIET, alpha=0.45)
    front = {"color": style.COLOURS[0], "marker": ".", "linewidth": 1.6, "label": _FRONT}
    (line,) = axes.plot(*_line(shown.front), **front)  # type: ignore[arg-type]
    handles = [line]
    for name, look in _LOOKS.items():
        place = shown.named.get(name)
        if place is not None:
            axes.plot([place.cost], [place.value], linestyle="none", clip_on=False, **look)
            handles.append(Line2D([], [], linestyle="none", label=name, **look))
    style.legend_above(axes, handles)
    return plot_of(
        axes,
        title_of(shown, bench),
        scale_of(axes, "x", shown.cost, words, unit),
        scale_of(axes, "y", shown.objective, info.label, info.unit),
        curves=[curve_of(line, "front", _FRONT, present=True)],
    )


def trade_off_figure(
    shown: TradeOff, bench: AnyBench, width: int, height: int, scale: float = 1.0
) -> Figure:
    """Return the chart as a figure of so many CSS pixels."""
    figure, (axes,) = style.chart_row(1, width, height, top=52, right=26, scale=scale)
    draw_trade_off(axes, shown, bench)
    return figure


def trade_off_in_words(shown: TradeOff, bench: AnyBench) -> str:
    """Return what the chart says at its named points, for who does not see it."""
    info, unit = metric(shown.objective), cost_words(bench, shown.cost)[1]
    said = [
        f"{name} {info.format(place.value)} at {in_words(place.cost, unit)}"
        for name, place in shown.named.items()
    ]
    return f"{title_of(shown, bench)}: {', '.join(said)}."


def title_of(shown: TradeOff, bench: AnyBench) -> str:
    """Return the chart's title."""
    words = METRICS[shown.cost].plain if shown.cost in METRICS else cost_words(bench, shown.cost)[0]
    label = metric(shown.objective).plain
    return f"{label[:1].upper()}{label[1:]} against {words}"


def _line(places: tuple[Place, ...]) -> tuple[list[float], list[float]]:
    return [place.cost for place in places], [place.value for place in places]


def _fit(axes: Axes, side: str, values: list[float], words: str, unit: str) -> None:
    limits = SteppedLimits(unit, log=side == "x")
    limits.fit([value for value in values if np.isfinite(value)])
    scale = "log" if limits.log else "linear"
    axis: Axis = axes.xaxis if side == "x" else axes.yaxis
    if side == "x":
        axes.set_xscale(scale)
        axes.set_xlim(limits.low, limits.high)
    else:
        axes.set_yscale(scale)
        axes.set_ylim(limits.low, limits.high)
    set_ticks(axis, words, unit, limits.low, limits.high, log=limits.log)
