"""`fleet_picture`: latency by connections, of pools of several sizes and of a PgBouncer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from perflab.charts import style
from perflab.charts.limits import SteppedLimits
from perflab.charts.service.sheet import Drawn
from perflab.charts.ticks import set_ticks
from perflab.instrumentation.catalog import metric
from perflab.service.fleet import PGBOUNCER, POOLS
from perflab.units import counted, grouped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from perflab.service.fleet import Fleet, FleetRow

_HEIGHT = 250
_LINE = 19.5
"""CSS pixels of a row of the legend."""
_METRIC = "latency_seconds_p99"


def fleet_picture(fleet: Fleet, width: int = 890, scale: float = 2.0) -> Drawn:
    """Return the p99 latency against the connections that the database gets.

    A line per scale of the fleet, for pools of several sizes; a PgBouncer is a single mark. What
    the database allows is a vertical line. What does not fit during a rolling deploy is hollow.

    Args:
        fleet: The fleet.
        width: In CSS pixels, at least 280.
        scale: Device pixels for one CSS pixel.
    """
    rows = [row for row in fleet.rows if _value(row) is not None]
    scales = sorted({row.replicas for row in rows})
    entries = 2 * len(scales) + 1
    columns = max(1, (width - 20) // 190)
    top = 28 + math.ceil(_LINE * math.ceil(entries / columns))
    figure, (axes,) = style.chart_row(1, width, _HEIGHT + top, top=top, scale=scale)
    info = metric(_METRIC)
    style.dress(axes, f"{info.plain} by connections")
    allowed = fleet.settings.get("max_connections")
    limit = float(allowed) if isinstance(allowed, (int, float)) else None
    _limits(axes, rows, limit)
    handles = []
    for number, replicas in enumerate(scales):
        handles += _scale(axes, number, [row for row in rows if row.replicas == replicas])
    if limit is not None:
        axes.axvline(limit, color=style.INK, linestyle=style.CEILING, linewidth=1.4)
        said = f"allowed: {grouped(limit)}"
        handles.append(
            Line2D([], [], color=style.INK, linestyle=style.CEILING, linewidth=1.4, label=said)
        )
    style.legend_above(axes, handles, columns)
    return Drawn(figure, fleet_words(fleet))


def fleet_words(fleet: Fleet) -> str:
    """Return what the chart says: what to take, and what does not fit."""
    reason = f"{fleet.reason[:1].upper()}{fleet.reason[1:]}."
    warned = [f"{text[:1].upper()}{text[1:]}." for text in fleet.warnings]
    return " ".join(["Latency by connections, for each scale of the fleet.", reason, *warned])


def _value(row: FleetRow) -> float | None:
    return row.metrics.get(_METRIC)


def _values(rows: Sequence[FleetRow]) -> list[float]:
    return [value for row in rows if (value := _value(row)) is not None]


def _limits(axes: Axes, rows: Sequence[FleetRow], allowed: float | None) -> None:
    across = [float(row.connections) for row in rows] + ([allowed] if allowed else [])
    up = _values(rows)
    info = metric(_METRIC)
    x, y = SteppedLimits("", log=True), SteppedLimits(info.unit, log=False)
    x.fit(across or [1.0])
    y.fit(up or [1.0])
    axes.set_xscale("log" if x.log else "linear")
    axes.set_yscale("log" if y.log else "linear")
    axes.set_xlim(x.low, x.high)
    axes.set_ylim(y.low, y.high)
    set_ticks(axes.xaxis, "connections at the database", "", x.low, x.high, log=x.log)
    set_ticks(axes.yaxis, info.label, info.unit, y.low, y.high, log=y.log)


def _scale(axes: Axes, number: int, rows: Sequence[FleetRow]) -> list[Line2D]:
    """Draw the ways to connect at one scale, and return what the legend shows of them."""
    look = style.look(number)
    pools = sorted((row for row in rows if row.way == POOLS), key=lambda row: row.connections)
    named = counted(rows[0].replicas, "replica")
    axes.plot(
        [row.connections for row in pools],
        _values(pools),
        color=look.colour,
        linestyle=look.style,
        linewidth=1.6,
    )
    for row in rows:
        marker = "s" if row.way == PGBOUNCER else look.marker
        face = look.colour if row.fits else style.PAPER
        axes.plot(
            [row.connections],
            _values([row]),
            linestyle="none",
            marker=marker,
            markersize=8 if row.way == PGBOUNCER else 5,
            markerfacecolor=face,
            markeredgecolor=look.colour,
            clip_on=False,
        )
    line = {"color": look.colour, "linestyle": look.style, "marker": look.marker}
    handles = [Line2D([], [], markersize=5, label=f"pools, {named}", **line)]  # type: ignore[arg-type]
    if any(row.way == PGBOUNCER for row in rows):
        square = {"color": look.colour, "marker": "s", "markersize": 7, "linestyle": "none"}
        handles.append(Line2D([], [], label=f"PgBouncer, {named}", **square))  # type: ignore[arg-type]
    return handles
