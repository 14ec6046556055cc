"""`budget_picture`: what a service gains from more memory, and from more connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from perflab.charts import style
from perflab.charts.limits import SteppedLimits
from perflab.charts.marks import MARK_LOOKS
from perflab.charts.service.sheet import Drawn
from perflab.charts.ticks import set_ticks
from perflab.instrumentation.catalog import MetricInfo, metric
from perflab.service import Service
from perflab.service.connections import connections_of
from perflab.units import in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from perflab.service.budget import Budget, BudgetPoint

_HEIGHT, _TOP = 230, 44
_NARROW = 560
"""CSS pixels; a narrower picture has its charts below each other."""
_MOST_TICKS = 5


def budget_picture(budget: Budget, width: int = 890, scale: float = 2.0) -> Drawn:
    """Return the objective of a budget at other amounts of memory, and of connections.

    The shares of the recommended split are kept along the first curve, its memory along the
    second. Its own place on both is marked.

    Args:
        budget: The budget.
        width: In CSS pixels, at least 280.
        scale: Device pixels for one CSS pixel.
    """
    info = metric(budget.objective.partition(":")[2])
    curves = [("memory", "memory of all caches", "bytes", _by_memory(budget))]
    by_connections = _by_connections(budget)
    if len(by_connections) > 1:
        curves.append(("connections", "connections at the database", "", by_connections))
    figure, row = style.chart_row(len(curves), width, _HEIGHT, top=_TOP, scale=scale)
    if width < _NARROW and len(curves) > 1:
        figure.set_size_inches(width / 100, 2 * _HEIGHT / 100)
        across = (width - style.LEFT - 16) / width
        for place, axes in enumerate(row):
            low = ((1 - place) * _HEIGHT + 41) / (2 * _HEIGHT)
            high = (_HEIGHT - 41 - _TOP) / (2 * _HEIGHT)
            axes.set_position((style.LEFT / width, low, across, high))
            beside = (style.LEFT - 16) / (width - style.LEFT - 16)
            axes.yaxis.set_label_coords(-beside, 0.5)
    for axes, (name, label, unit, points) in zip(row, curves, strict=True):
        _curve(axes, f"{info.plain} by {name}", (label, unit), info, points, budget)
    return Drawn(figure, budget_words(budget))


def budget_words(budget: Budget) -> str:
    """Return what the curves say, and where the next step pays."""
    info = metric(budget.objective.partition(":")[2])
    said = [
        f"{in_words(taken, 'bytes')}: {info.format(value)}" for taken, value in _by_memory(budget)
    ]
    pays = [
        f"{point.name}: {info.format(point.metrics.get(info.name))}" for point in budget.next_steps
    ]
    steps = f" One step more: {'; '.join(pays)}." if pays else ""
    name = f"{info.plain[:1].upper()}{info.plain[1:]}"
    return f"{name} by memory of all caches: {', '.join(said)}.{steps}"


def _by_memory(budget: Budget) -> list[tuple[float, float]]:
    return _values(budget, [(point.total_bytes, point) for point in budget.curve])


def _by_connections(budget: Budget) -> list[tuple[float, float]]:
    return _values(
        budget, [(_connections(budget, point), point) for point in budget.connections_curve]
    )


def _values(
    budget: Budget, points: Sequence[tuple[float, BudgetPoint]]
) -> list[tuple[float, float]]:
    name = budget.objective.partition(":")[2]
    known = [(x, point.metrics.get(name)) for x, point in points]
    return sorted((x, y) for x, y in known if y is not None)


def _connections(budget: Budget, point: BudgetPoint) -> float:
    if point.shared is not None:
        return float(point.shared)
    processes = connections_of(Service.from_mapping(budget.settings)).processes
    return float(point.connections * processes)


def _curve(
    axes: Axes,
    title: str,
    across: tuple[str, str],
    info: MetricInfo,
    points: Sequence[tuple[float, float]],
    budget: Budget,
) -> None:
    style.dress(axes, f"{title[:1].upper()}{title[1:]}")
    label, unit = across
    xs, ys = [x for x, _ in points], [y for _, y in points]
    chosen = budget.chosen
    here = chosen.total_bytes if unit == "bytes" else _connections(budget, chosen)
    value = budget.metrics.get(info.name)
    known = [y for y in (*ys, value) if y is not None]
    for side, axis, values in (("x", axes.xaxis, [*xs, here]), ("y", axes.yaxis, known)):
        limits = SteppedLimits(unit if side == "x" else info.unit, log=side == "x")
        limits.fit(values or [1.0])
        scale = "log" if limits.log else "linear"
        (axes.set_xscale if side == "x" else axes.set_yscale)(scale)
        (axes.set_xlim if side == "x" else axes.set_ylim)(limits.low, limits.high)
        words, of = (label, unit) if side == "x" else (info.label, info.unit)
        told = (words, of, limits.low, limits.high)
        set_ticks(axis, *told, log=limits.log, most=_MOST_TICKS)
    axes.plot(xs, ys, color=style.COLOURS[0], marker=".", linewidth=1.6)
    if value is not None:
        look = MARK_LOOKS["recommended"]
        axes.plot([here], [value], linestyle="none", clip_on=False, **look)
        style.legend_above(axes, [Line2D([], [], linestyle="none", label="recommended", **look)])
