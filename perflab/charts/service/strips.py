"""`Strips`: load on the database, latency and failures over time, in three strips."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from perflab.charts import style
from perflab.charts.ticks import set_ticks, set_time_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEGEND, NAME = 22, 17
"""CSS pixels of a legend's and of a name's height, as all lengths here."""
_LEFT, _RIGHT = 62, 14
_STRIP, _TITLE, _BOTTOM = 72, 27, 40
_TICKS = 4
_LOGARITHMIC = 1
"""The strip of the latency."""
_BESIDE, _INSET = 5.0, 6.0
_TITLES = ("Load on the database (1/s)", "Latency, p95", "Requests that fail (1/s)")

Floats = npt.NDArray[np.float64]
Windows = dict[str, list[float]]


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """What is drawn through all strips.

    Attributes:
        name: In the legend.
        windows: By column, as `service.scenarios.windows.Windows` has them.
        faint: Whether it is what another is compared with.
    """

    name: str
    windows: Windows
    faint: bool = False

    @property
    def colour(self) -> str:
        """Of the line."""
        return style.QUIET if self.faint else style.COLOURS[1]


class Strips:
    """Three strips below each other over one axis of time.

    Args:
        lines: In drawing order, all over the same windows.
        width: In CSS pixels, at least 280.
        scale: Device pixels for one CSS pixel.

    Attributes:
        figure: The picture.
        axes: The strips.
        width: In CSS pixels.
        height: In CSS pixels.
    """

    def __init__(self, lines: Sequence[Line], width: int, scale: float) -> None:
        top = LEGEND + 2 * NAME
        self.width = width
        self.height = top + 3 * (_STRIP + _TITLE) + _BOTTOM
        size = (width / 100, self.height / 100)
        self.figure = Figure(figsize=size, dpi=100 * scale, facecolor=style.PAPER)
        FigureCanvasAgg(self.figure)
        times = np.asarray(lines[0].windows["ends"])
        self.axes = self._place(top, float(times[-1]))
        step = float(times[1] - times[0]) if len(times) > 1 else 1.0
        values = [_values(line.windows, step) for line in lines]
        for number, (axes, title) in enumerate(zip(self.axes, _TITLES, strict=True)):
            style.dress(axes, title)
            # What is shaded lies behind all strips.
            axes.patch.set_alpha(0.0)
            for line, columns in zip(lines, values, strict=True):
                axes.plot(times, columns[number], **_look(line))
            _limit(axes, number, np.concatenate([columns[number] for columns in values]))
        for axes in self.axes[:-1]:
            axes.tick_params(labelbottom=False)
        handles = [Line2D([], [], label=line.name, **_look(line)) for line in reversed(lines)]
        style.legend_on_top(self.figure, handles)

    def across(self, when: float) -> float:
        """Return where a time is across the figure, from 0 to 1."""
        first = self.axes[0]
        box, (low, high) = first.get_position(), first.get_xlim()
        share = (min(max(when, low), high) - low) / (high - low)
        return float(box.x0 + share * box.width)

    def row(self, number: int) -> float:
        """Return the height of a row of names above the strips, from 0 to 1 of the figure."""
        return 1 - (LEGEND + (number + 0.5) * NAME) / self.height

    @property
    def low(self) -> float:
        """Where the lowest strip ends, from 0 to 1 of the figure."""
        return float(self.axes[-1].get_position().y0)

    def write(
        self,
        x: float,
        y: float,
        text: str,
        at: Literal["left", "center"],
        colour: str = style.INK,
    ) -> tuple[float, float]:
        """Write a text beside or over a place, moved so that it sticks out of no edge.

        Returns:
            Where it begins and ends, in CSS pixels.
        """
        figure = self.figure
        written = figure.text(
            *(x, y, style.literal(text)), ha=at, va="center_baseline", fontsize=style.TICK_SIZE,
            color=colour,
        )  # fmt: skip
        box, room = written.get_window_extent(), figure.bbox
        over = max(float(box.x1 - room.x1) + _INSET, 0.0)
        if at == "left" and over:
            # On the other side of what it stands beside.
            written.set(ha="right", x=x - 2 * _BESIDE / self.width)
        else:
            written.set_x(x - (over - max(_INSET - float(box.x0), 0.0)) / float(room.width))
        box, css = written.get_window_extent(), self.width / float(room.width)
        return float(box.x0) * css, float(box.x1) * css

    def beside(self, when: float) -> float:
        """Return where a text begins that stands behind a time, from 0 to 1 of the figure."""
        return self.across(when) + _BESIDE / self.width

    def _place(self, top: int, last: float) -> list[Axes]:
        strips: list[Axes] = []
        width, height = self.width, self.height
        for number in range(3):
            upper = top + number * (_STRIP + _TITLE) + _TITLE
            low, across = 1 - (upper + _STRIP) / height, (width - _LEFT - _RIGHT) / width
            axes = self.figure.add_axes((_LEFT / width, low, across, _STRIP / height))
            axes.set_xlim(0.0, last)
            most = max(2, (width - _LEFT) // 70)
            set_time_ticks(axes.xaxis, "time" if number == 2 else "", last, int(most))
            strips.append(axes)
        for axes in strips[:-1]:
            axes.set_xlabel("")
        return strips


def _look(line: Line) -> dict[str, Any]:
    dashes = style.BESIDE if line.faint else "-"
    return {"color": line.colour, "linestyle": dashes, "linewidth": 1.3}


def _values(windows: Windows, step: float) -> tuple[Floats, Floats, Floats]:
    """Return load per second, latency in seconds and failures per second, by window."""
    load, p95 = np.asarray(windows["database"], float), np.asarray(windows["p95"], float)
    return load, np.where(p95 > 0, p95, np.nan), np.asarray(windows["failures"], float) / step


def _limit(axes: Axes, number: int, values: Floats) -> None:
    """Set the limits and ticks of one strip: the latency is on a logarithmic axis."""
    known = values[np.isfinite(values)]
    high = float(known.max()) if len(known) else 1.0
    if number == _LOGARITHMIC:
        low = float(known.min()) if len(known) else high / 10
        low, high = 10.0 ** np.floor(np.log10(low)), 10.0 ** np.ceil(np.log10(high * 1.001))
        axes.set_yscale("log")
        axes.set_ylim(low, high)
        set_ticks(axes.yaxis, "", "seconds", low, high, log=True, most=_TICKS)
    else:
        high = high * 1.08 if high > 0 else 1.0
        axes.set_ylim(0.0, high)
        set_ticks(axes.yaxis, "", "", 0.0, high, log=False, most=_TICKS)
    axes.set_ylabel("")
