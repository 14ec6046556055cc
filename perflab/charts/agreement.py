"""`draw_agreement`: predicted, refitted and measured values of several metrics in one picture."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from perflab.charts import style
from perflab.charts.limits import ceiling
from perflab.charts.ticks import set_ticks
from perflab.instrumentation.catalog import MetricInfo

ROW = 50
TOP = 60
_LEFT, _RIGHT = 24, 24
_LOOKS: dict[str, dict[str, Any]] = {
    "predicted before": {
        "marker": "s",
        "markersize": 10,
        "markerfacecolor": "none",
        "markeredgecolor": style.COLOURS[0],
        "markeredgewidth": 1.8,
    },
    "refitted": {
        "marker": "o",
        "markersize": 9,
        "markerfacecolor": "none",
        "markeredgecolor": style.COLOURS[2],
        "markeredgewidth": 1.8,
    },
    "measured": {
        "marker": "o",
        "markersize": 5.5,
        "markerfacecolor": style.COLOURS[1],
        "markeredgecolor": style.COLOURS[1],
    },
}
_BAND: dict[str, Any] = {"color": style.COLOURS[5], "alpha": 0.45, "linewidth": 9}


@dataclasses.dataclass(frozen=True, slots=True)
class Agreement:
    """One metric as it was predicted, predicted again from the run's own times, and measured.

    Attributes:
        info: The metric.
        predicted: From the calibration; None where it was not.
        half_width: Half the width of the band around it, in the metric's unit; None without one.
        fitted: From the run itself; None where it was not.
        measured: What was measured.
        difference: How far that is from what was predicted, in words.
    """

    info: MetricInfo
    predicted: float | None
    half_width: float | None
    fitted: float | None
    measured: float
    difference: str


def draw_agreement(rows: Sequence[Agreement], title: str, width: int) -> Figure:
    """Return a figure with a row of its own scale, from zero, for each metric.

    Args:
        rows: At least one.
        title: Of the figure.
        width: In CSS pixels.
    """
    height = TOP + ROW * len(rows)
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=style.PAPER)
    FigureCanvasAgg(figure)
    figure.text(
        _LEFT / width,
        1 - 14 / height,
        style.literal(title),
        fontsize=style.TITLE_SIZE,
        fontweight="bold",
        color=style.INK,
        va="center",
    )
    for place, row in enumerate(rows):
        bottom = height - TOP - ROW * place - 30
        box = (_LEFT / width, bottom / height, (width - _LEFT - _RIGHT) / width, 12 / height)
        _draw_row(figure, box, row)
    _legend(figure, rows, 40 / height)
    return figure


def _draw_row(figure: Figure, box: tuple[float, float, float, float], row: Agreement) -> None:
    axes = figure.add_axes(box)
    axes.set_facecolor(style.PAPER)
    axes.set_yticks([])
    axes.set_ylim(-1, 1)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#B5B5B5")
    axes.tick_params(
        labelsize=style.TICK_SIZE, color="#B5B5B5", labelcolor=style.QUIET, length=3, pad=2
    )
    values = {"predicted before": row.predicted, "refitted": row.fitted, "measured": row.measured}
    band = row.half_width if row.predicted is not None else None
    reach = [value for value in values.values() if value is not None]
    if band is not None and row.predicted is not None and math.isfinite(band):
        low, top = max(0.0, row.predicted - band), row.predicted + band
        axes.plot([low, top], [0, 0], solid_capstyle="butt", zorder=1, **_BAND)
        reach.append(top)
    high = ceiling(max(reach), row.info.unit)
    axes.set_xlim(0, high)
    set_ticks(axes.xaxis, "", row.info.unit, 0.0, high, log=False)
    unit = axes.get_xlabel().strip(" ()")
    axes.set_xlabel("")
    for name, value in values.items():
        if value is not None:
            axes.plot([value], [0], linestyle="none", clip_on=False, zorder=3, **_LOOKS[name])
    label = f"{row.info.label}{f' ({unit})' if unit and unit not in row.info.label else ''}"
    text = {"fontsize": style.LABEL_SIZE, "va": "bottom", "transform": axes.transAxes}
    axes.text(0, 1.35, style.literal(label), color=style.INK, ha="left", **text)  # type: ignore[arg-type]
    said = f"{row.info.format(row.measured)}{f'  ({row.difference})' if row.difference else ''}"
    axes.text(1, 1.35, style.literal(said), color=style.INK, ha="right", **text)  # type: ignore[arg-type]


def _legend(figure: Figure, rows: Sequence[Agreement], height: float) -> None:
    handles = [Line2D([], [], label="band", solid_capstyle="butt", **_BAND)]
    if all(row.half_width is None for row in rows):
        handles = []
    known = {
        "predicted before": any(row.predicted is not None for row in rows),
        "refitted": any(row.fitted is not None for row in rows),
        "measured": True,
    }
    handles += [
        Line2D([], [], linestyle="none", label=name, **look)
        for name, look in _LOOKS.items()
        if known[name]
    ]
    figure.legend(
        handles=handles,
        loc="center left",
        bbox_to_anchor=(_LEFT / (figure.get_figwidth() * 100), 1 - height),
        ncols=len(handles),
        frameon=False,
        handlelength=1.6,
        handletextpad=0.5,
        columnspacing=1.2,
        borderaxespad=0.0,
        borderpad=0.0,
        labelcolor=style.INK,
        fontsize=style.TICK_SIZE,
    )
