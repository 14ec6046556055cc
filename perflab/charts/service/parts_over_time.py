"""`parts_picture`: each stage's share of the latency over time, measured above predicted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from perflab.charts import style
from perflab.charts.service.sheet import Drawn
from perflab.charts.ticks import set_ticks, set_time_ticks
from perflab.units import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEFT, _RIGHT = 62, 14
"""CSS pixels, as all lengths here."""
_ABOVE, _TITLE, _STRIP, _BOTTOM = 4, 27, 86, 40
_EDGE = 0.7
"""Of the line between two parts, so that they are told apart without colours."""

Parts = Mapping[str, Sequence[float]]
Floats = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True)
class PartsOverTime:
    """What is drawn.

    Attributes:
        ends: When each window ends, in seconds.
        measured: By part, the mean seconds that it adds in each window; NaN where none came.
        predicted: The same from the calibration.
        titles: What each part is called, in the order in which requests meet them.
        colours: Of each part, in that order.
    """

    ends: Sequence[float]
    measured: Parts
    predicted: Parts
    titles: Mapping[str, str]
    colours: Sequence[str]


def parts_picture(shown: PartsOverTime, width: int = 890, scale: float = 2.0) -> Drawn:
    """Return two strips of shares of the mean latency, stacked: measured, and predicted before.

    Args:
        shown: The parts.
        width: In CSS pixels, at least 280.
        scale: Device pixels for one CSS pixel.
    """
    names, looks = list(shown.titles), dict(zip(shown.titles, shown.colours, strict=True))
    figure = Figure(figsize=(width / 100, 1), dpi=100 * scale, facecolor=style.PAPER)
    FigureCanvasAgg(figure)
    handles = [Patch(facecolor=looks[name], label=shown.titles[name]) for name in names]
    legend = style.legend_on_top(figure, handles)  # type: ignore[arg-type]
    top = math.ceil(float(legend.get_window_extent().height) / scale) + _ABOVE
    height = top + 2 * (_TITLE + _STRIP) + _BOTTOM
    figure.set_size_inches(width / 100, height / 100)
    kinds = (
        ("Share of the measured latency", shown.measured),
        ("Predicted before", shown.predicted),
    )
    for number, (title, parts) in enumerate(kinds):
        upper = top + number * (_TITLE + _STRIP) + _TITLE
        low, across = 1 - (upper + _STRIP) / height, (width - _LEFT - _RIGHT) / width
        axes = figure.add_axes((_LEFT / width, low, across, _STRIP / height))
        style.dress(axes, title)
        _stack(axes, shown.ends, [_column(parts, name, shown) for name in names], looks, names)
        _limit(axes, float(shown.ends[-1]), width, last_row=number == 1)
    return Drawn(figure, parts_words(shown))


def parts_words(shown: PartsOverTime) -> str:
    """Return the shares over all windows, in words."""
    said = []
    for kind, parts in (("Measured", shown.measured), ("Predicted", shown.predicted)):
        sums = {name: float(np.nansum(_column(parts, name, shown))) for name in shown.titles}
        total = sum(sums.values())
        if total > 0:
            each = [
                f"{shown.titles[name]} {percent(seconds / total)}"
                for name, seconds in sums.items()
                if seconds > 0
            ]
            said.append(f"{kind}: {', '.join(each)}.")
    return " ".join(["Share of the latency by stage, over time.", *(said or ["Nothing yet."])])


def _column(parts: Parts, name: str, shown: PartsOverTime) -> Floats:
    found = parts.get(name)
    return np.zeros(len(shown.ends)) if found is None else np.asarray(found, float)


def _stack(
    axes: Axes,
    ends: Sequence[float],
    columns: Sequence[Floats],
    looks: Mapping[str, str],
    names: Sequence[str],
) -> None:
    if not columns:
        return
    seconds = np.nan_to_num(np.array(columns))
    total = seconds.sum(axis=0)
    shares = np.divide(seconds, total, out=np.zeros_like(seconds), where=total > 0)
    edges = np.concatenate([[0.0], np.asarray(ends, float)])
    upper = np.concatenate([np.zeros((1, len(ends))), np.cumsum(shares, axis=0)])
    for number, name in enumerate(names):
        low, high = (np.concatenate([each[:1], each]) for each in upper[number : number + 2])
        axes.fill_between(
            *(edges, low, high), step="pre", facecolor=looks[name], edgecolor=style.PAPER,
            linewidth=_EDGE, zorder=2,
        )  # fmt: skip


def _limit(axes: Axes, last: float, width: int, *, last_row: bool = False) -> None:
    axes.set_xlim(0.0, last)
    axes.set_ylim(0.0, 1.0)
    set_ticks(axes.yaxis, "", "ratio", 0.0, 1.0, log=False, most=3)
    axes.set_ylabel("")
    set_time_ticks(axes.xaxis, "time" if last_row else "", last, max(2, (width - _LEFT) // 70))
    if not last_row:
        axes.set_xlabel("")
        axes.tick_params(labelbottom=False)
