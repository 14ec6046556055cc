"""A chart over a workload's own time: live keys by TTL, and the bound that they must fit into."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from perflab.bench import AnyBench, TimeChart
from perflab.charts import style
from perflab.charts.error_bands import ErrorBands
from perflab.charts.limits import SteppedLimits
from perflab.charts.picture import Plot, curve_of, plot_of, scale_of
from perflab.charts.ticks import set_ticks, set_time_ticks
from perflab.instrumentation.catalog import metric
from perflab.modelling.history import History
from perflab.tuning.sharpening import BandedLine
from perflab.units import amount, in_words, percent

_AFAR = 30.0
"""A bound that is further above the lines says so in words, where it would press them flat."""
_ROOM_FOR_TEXT = 1.7 * style.TICK_SIZE
"""Typographic points."""
_DASHES = (0, (4, 2.5))
_LOOKS = {0: 0, -1: 1, 1: 2, -2: 3, 2: 4, -3: 5, 3: 6, -4: 2, 4: 1, -5: 4, 5: 3}
"""By how far a line stands from the present one."""


class OverTimeAxes:
    """A chart over time that can be drawn again and again.

    The present line is the heaviest; those of shorter and longer values have a look by how far
    they stand from it, so that a move of the slider changes names and no colours.

    Args:
        axes: Where it is drawn.
        chart: What it shows.
        bench: Whose settings name lines and bound.
        animated: Leave lines out of a full draw, for blitting.
        legend: Put a legend above the axes; else `handles` are for a legend of the figure.
    """

    def __init__(
        self,
        axes: Axes,
        chart: TimeChart,
        bench: AnyBench,
        *,
        animated: bool = True,
        legend: bool = False,
    ) -> None:
        self.axes, self.chart = axes, chart
        self.metric = metric(chart.metric)
        self._of, self._bound = bench.info(chart.lines), bench.info(chart.limit)
        self._animated, self._legend = animated, legend
        self._limits = SteppedLimits(self.metric.unit, log=True)
        self._seconds = 0.0
        self._lines: dict[int, Line2D] = {}
        self._names: list[str] = []
        self._error_bands = ErrorBands(axes, animated=animated)
        style.dress(axes, chart.title)
        self._level = axes.axhline(
            1.0, color=style.INK, linewidth=1.3, linestyle=_DASHES, zorder=4, animated=animated
        )
        self._text = axes.text(
            0.99,
            1.0,
            "",
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="bottom",
            fontsize=style.TICK_SIZE,
            color=style.INK,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.8},
            zorder=5,
            animated=animated,
        )
        self._note = axes.text(
            0.012,
            0.96,
            "",
            transform=axes.transAxes,
            va="top",
            fontsize=style.TICK_SIZE,
            color=style.QUIET,
            zorder=5,
            animated=animated,
        )
        self.update([], None, None)

    @property
    def artists(self) -> list[Artist]:
        """What moves: bands and lines first, the bound and texts on top."""
        ordered = [self._lines[place] for place in sorted(self._lines, key=abs, reverse=True)]
        shown = [*self._error_bands.artists, *ordered, self._level, self._text, self._note]
        return [artist for artist in shown if artist.get_visible()]

    @property
    def handles(self) -> list[Line2D]:
        """What a legend shows: the lines, from the shortest value to the longest."""
        return [self._lines[place] for place in sorted(self._lines)]

    def refit(self) -> None:
        """Fit title and ticks to axes of another size, at the next update.

        That update says that a full redraw is needed.
        """
        style.entitle(self.axes, self.chart.title)
        self._seconds = 0.0

    def update(
        self, histories: Sequence[History], present: float | None, bound: float | None
    ) -> bool:
        """Show other lines.

        Args:
            histories: Those that are known, in the order of their values.
            present: The value of the present settings.
            bound: Of the limiting setting; none where nothing bounds.

        Returns:
            Whether limits or legend changed, so that a full redraw is needed.
        """
        known = [each for each in histories if self.chart.metric in each.curves]
        self._show_lines(known, present)
        bound = None if bound == self._bound.high else bound
        sampled = min((each.sampled for each in known), default=1.0)
        self._note.set(text=f"sampled {percent(sampled)}" if sampled < 1 else "")
        changed = self._fit(known, bound)
        self._show_bound(bound)
        names = [str(line.get_label()) for line in self.handles]
        if names != self._names:
            self._names, changed = names, True
            if self._legend:
                style.legend_above(self.axes, self.handles, columns=5)
        return changed

    def plot(self) -> Plot:
        """Return what is drawn, as a page reads it: the lines from the shortest value on."""
        curves = [
            curve_of(line, str(place), str(line.get_label()), present=place == 0)
            for place, line in sorted(self._lines.items())
        ]
        if self._level.get_visible():
            bound = Line2D([0.0, self._seconds], np.asarray(self._level.get_ydata(), float))
            bound.set_color(style.INK)
            curves.append(curve_of(bound, self._bound.key, self._bound.name))
        info = self.metric
        return plot_of(
            self.axes,
            self.chart.title,
            scale_of(self.axes, "x", "seconds", "time of the workload", "seconds"),
            scale_of(self.axes, "y", info.name, info.label, info.unit),
            curves=curves,
        )

    def _show_lines(self, known: Sequence[History], present: float | None) -> None:
        here = _longest(present)
        below = sum(_longest(each.value) < here for each in known)
        missing = all(_longest(each.value) != here for each in known)
        places = [number - below + int(missing and number >= below) for number in range(len(known))]
        for place in [place for place in self._lines if place not in places]:
            self._lines.pop(place).remove()
        bands = {}
        for place, each in zip(places, known, strict=True):
            line = self._lines.get(place) or self._add_line(place)
            curve = each.curves[self.chart.metric]
            line.set_data(each.seconds, curve)
            line.set_label(self._name(each.value))
            if self.chart.metric in each.errors:
                off = each.errors[self.chart.metric]
                band = BandedLine(([*each.seconds], [*curve]))
                band.low, band.high = [*np.maximum(curve - off, 0.0)], [*(curve + off)]
                bands[str(place)] = band
        colours = {str(place): str(line.get_color()) for place, line in self._lines.items()}
        self._error_bands.update(bands, colours)

    def _name(self, value: float | None) -> str:
        name = self._of.label.removesuffix(f" ({self._of.unit})")
        return (
            f"{style.literal(name)} {'none' if value is None else in_words(value, self._of.unit)}"
        )

    def _add_line(self, place: int) -> Line2D:
        look = style.look(_LOOKS.get(place, abs(place)))
        line = Line2D(
            [],
            [],
            color=look.colour,
            linestyle=look.style,
            linewidth=1.4 if place else 2.5,
            zorder=2 if place else 3,
            animated=self._animated,
        )
        self._lines[place] = self.axes.add_line(line)
        return line

    def _fit(self, known: Sequence[History], bound: float | None) -> bool:
        name = self.chart.metric
        tops = [each.peaks[name] for each in known]
        typical = [float(np.median(each.curves[name])) for each in known]
        near = bound is not None and bound <= _AFAR * max(tops, default=1.0)
        shown = [bound] if bound is not None and near else []
        changed = self._limits.fit([*tops, *typical, *shown])
        seconds = max((float(each.seconds[-1]) for each in known), default=self._seconds) or 1.0
        if not changed and seconds == self._seconds:
            return False
        self._seconds = seconds
        self.axes.set_xlim(0.0, seconds)
        set_time_ticks(self.axes.xaxis, "time of the workload", seconds)
        fitted = self._limits
        self.axes.set_yscale("log" if fitted.log else "linear")
        self.axes.set_ylim(fitted.low, fitted.high)
        info = self.metric
        set_ticks(self.axes.yaxis, info.label, info.unit, fitted.low, fitted.high, log=fitted.log)
        return True

    def _show_bound(self, bound: float | None) -> None:
        for artist in (self._level, self._text):
            artist.set_visible(bound is not None)
        if bound is None:
            return
        label = self._bound.label.removesuffix(f" ({self._bound.unit})")
        low, high = self.axes.get_ylim()
        above = bound > high
        self._level.set_ydata([min(bound, high)] * 2)
        self._level.set_visible(not above)
        under = above or self._room_above(min(bound, high)) < _ROOM_FOR_TEXT
        self._text.set(
            text=f"{label} {amount(bound, self._bound.unit)}" + (", far above" if above else ""),
            y=min(max(bound, low), high),
            va="top" if under else "bottom",
        )

    def _room_above(self, y: float) -> float:
        """Return how far below the upper edge of the axes a value stands, in points."""
        _, place = self.axes.transData.transform((0.0, y))
        dots = self.axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
        return float(self.axes.bbox.y1 - place) / dots


def draw_over_time(
    ax: Axes,
    chart: TimeChart,
    histories: Sequence[History],
    *,
    present: float | None,
    bound: float | None,
    bench: AnyBench,
) -> None:
    """Draw a chart over time once, with its legend above the axes.

    Args:
        ax: Where.
        chart: What it shows.
        histories: Its lines, in the order of their values.
        present: The value of the settings that it is about.
        bound: Of the limiting setting; none where nothing bounds.
        bench: Whose settings name lines and bound.
    """
    OverTimeAxes(ax, chart, bench, animated=False, legend=True).update(histories, present, bound)


def _longest(value: float | None) -> float:
    return math.inf if value is None else value
