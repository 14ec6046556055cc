"""A chart of predictions: a metric along one setting, a line for each value of another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

from perflab.bench import AnyBench, WhatIfChart
from perflab.charts import style
from perflab.charts.best_strip import BestStrip, best_spans, rivals
from perflab.charts.error_bands import ErrorBands, Lines, edges_of
from perflab.charts.joins import Joins
from perflab.charts.labels import Points, best_corner, covered, filled, text_at
from perflab.charts.limits import SteppedLimits
from perflab.charts.marks import (
    MARK_LOOKS,
    MARK_NAMES,
    MOVES,
    MOVING,
    Mark,
    MarkKind,
    mark_handle,
)
from perflab.charts.observed import Observations
from perflab.charts.picture import (
    Curve,
    Plot,
    Spot,
    choice_of,
    curve_of,
    look_of,
    plot_of,
    scale_of,
)
from perflab.charts.ticks import most_across, most_up, set_ticks
from perflab.instrumentation.catalog import metric
from perflab.tuning.standing import runnable
from perflab.units import amount, grouped, on_axis


class WhatIfAxes:
    """A what-if chart that can be drawn again and again; its artists are made once.

    Args:
        axes: Where it is drawn.
        chart: What it shows.
        bench: Whose settings name the horizontal axis.
        animated: Leave lines and marks out of a full draw, for blitting.
        legend: Put a legend above the axes; else `handles` are for a legend of the figure.
        looks_from: The first look of its lines, where others stand in the same legend.

    Attributes:
        along_label: What the horizontal axis is called.
    """

    def __init__(
        self,
        axes: Axes,
        chart: WhatIfChart,
        bench: AnyBench,
        *,
        animated: bool = True,
        legend: bool = False,
        looks_from: int = 0,
    ) -> None:
        self.axes = axes
        self.along_label, self._labelled = "", True
        self._looks_from = looks_from
        self._bench = bench
        self._animated = animated
        self._legend = legend
        style.dress(axes, chart.title)
        self._lines: dict[str, Line2D] = {}
        self._shown: tuple[Lines, str | None] = ({}, None)
        self._marks: dict[MarkKind, Line2D] = {}
        self._texts: list[Annotation] = []
        self._curves: list[Curve] | None = None
        self._spots: list[Spot] = []
        self.turn_to(chart)
        self._best_strip = BestStrip(axes, animated=animated)
        self._error_bands = ErrorBands(axes, animated=animated)
        self._observed = Observations(axes, animated=animated)
        self._axis = axes.axvline(1.0, color="#9A9A9A", linewidth=0.9, animated=animated)
        self._axis.set_visible(False)
        self._axis.set_gid(MOVES)
        self._joins = Joins(axes, animated=animated)
        for kind, drawn in MARK_LOOKS.items():
            mark = Line2D([], [], linestyle="none", zorder=4, animated=animated, **drawn)
            mark.set_clip_on(False)
            mark.set_gid(MOVES if kind in MOVING else None)
            mark.set_visible(False)
            self._marks[kind] = axes.add_line(mark)

    @property
    def artists(self) -> list[Artist]:
        """What moves: bands and lines first, marks over them, texts on top."""
        lines = [*self._error_bands.artists, self._axis, *self._lines.values()]
        lines += self._joins.artists
        shown = [*lines, *self._observed.artists, *self._marks.values(), *self._texts]
        return [artist for artist in [*shown, *self._best_strip.artists] if artist.get_visible()]

    @property
    def handles(self) -> list[Line2D]:
        """What a legend shows: the lines, if they are several, then the marks in use."""
        lines = list(self._lines.values()) if self._several else []
        used = [kind for kind in MARK_NAMES if self._marks[kind].get_visible()]
        return [*lines, *self._observed.handles, *(mark_handle(kind) for kind in used)]

    @property
    def _several(self) -> bool:
        return self.chart.lines is not None or bool(self.chart.also)

    def turn_to(self, chart: WhatIfChart) -> None:
        """Show another chart from the next update on; how far its axis goes is not known yet."""
        self.chart = chart
        self.info = self._bench.info(chart.along)
        self.metric = metric(chart.metric)
        self._compared = self._bench.info(chart.lines) if chart.lines else None
        self._limits = SteppedLimits(self.metric.unit)
        self._span: tuple[float, float] | None = None
        self._reach: tuple[float, float] | None = None
        self._curves = None
        self._choices = runnable(chart, self._bench)
        style.entitle(self.axes, chart.title)

    def reach(self, low: float, high: float) -> None:
        """Fix how far the horizontal axis goes at least, while curves are still to come."""
        self._reach = (float(low), float(high))

    def label(self, *, labelled: bool) -> None:
        """Label the horizontal axis from the next update on, or leave that to the figure."""
        if labelled != self._labelled:
            self._labelled, self._span = labelled, None

    def refit(self) -> None:
        """Fit title, ticks and texts to axes that have another size or place, at the next update.

        That update says that a full redraw is needed.
        """
        style.entitle(self.axes, self.chart.title)
        self._best_strip.refit()
        self._span = None

    def update(
        self, lines: Lines, marks: Sequence[Mark] = (), *, highlight: str | None = None
    ) -> bool:
        """Show other lines and marks.

        Args:
            lines: By label, the values of the setting and of the metric; a line with edges `low`
                and `high` has a band. The same mapping again is not looked at again.
            marks: Points to mark.
            highlight: The label of the line that the present settings are on.

        Returns:
            Whether limits or legend changed, so that a full redraw is needed.
        """
        known = [handle.get_label() for handle in self.handles]
        self._show_lines(lines, highlight)
        if self.chart.marks_best:
            marks = [*marks, *self._best(lines, highlight)]
        changed = self._fit(lines, marks)
        changed |= self._show_band(lines)
        self._show_marks(marks)
        if [handle.get_label() for handle in self.handles] != known:
            changed = True
            if self._legend:
                style.legend_above(self.axes, self.handles)
        return changed

    @property
    def keeps_lines(self) -> bool:
        """Whether lines and their looks are as they were when `plot` was last asked."""
        return self._curves is not None

    def plot(self) -> Plot:
        """Return what is drawn, as a page reads it."""
        lines, highlight = self._shown
        if self._curves is None:
            self._curves = [
                curve_of(
                    drawn,
                    label,
                    str(drawn.get_label()) if self._several else self.metric.label,
                    present=label == highlight,
                    band=edges_of(lines[label]),
                    choice=choice_of(self._choices, label, self.named(label)),
                )
                for label, drawn in self._lines.items()
            ]
        along, info = self.info, self.metric
        return plot_of(
            self.axes,
            self.chart.title,
            scale_of(self.axes, "x", along.key, along.name, along.unit),
            scale_of(self.axes, "y", info.name, info.label, info.unit),
            curves=self._curves,
            spots=self._spots,
            looks={kind: look_of(mark) for kind, mark in self._marks.items()},
            lines=self.chart.lines or "",
        )

    def _show_lines(self, lines: Lines, highlight: str | None) -> None:
        if self._shown[0] is lines and self._shown[1] == highlight:
            return
        self._shown = (lines, highlight)
        self._curves = None
        for label in [label for label in self._lines if label not in lines]:
            self._lines.pop(label).remove()
        for label, (xs, ys) in lines.items():
            line = self._lines.get(label) or self._add_line(label)
            line.set_data(np.asarray(xs, float), np.asarray(ys, float))
            line.set_linewidth(2.6 if label == highlight else 1.5)
            line.set_zorder(3 if label == highlight else 2)
        colours = {label: str(line.get_color()) for label, line in self._lines.items()}
        self._error_bands.update(lines, colours)

    def _best(self, lines: Lines, highlight: str | None) -> list[Mark]:
        """Return the best point of the line of the present settings, with its place in words."""
        xs, ys = lines.get(highlight or "", next(iter(lines.values()), ([], [])))
        known = [(float(y), float(x)) for x, y in zip(xs, ys, strict=True) if math.isfinite(y)]
        if not known:
            return []
        higher = self.metric.better == "higher"
        y, x = (max if higher else min)(known)
        counts = self.info.kind is int and self.info.unit != "bytes"
        place = grouped(round(x)) if counts else on_axis(x, self.info.unit)
        return [Mark(f"{'most' if higher else 'least'} at {place}", x, y, "best")]

    def _show_band(self, lines: Lines) -> bool:
        """Show which line is best where, for charts that compare with a reference."""
        if self.chart.reference is None:
            return False
        log, higher = self.info.scale == "log", self.metric.better != "lower"
        spans = best_spans(rivals(self.chart, lines, self._choices), higher=higher, log=log)
        colours = {label: str(line.get_color()) for label, line in self._lines.items()}
        names = {label: self.named(label) for label in colours}
        return self._best_strip.update(spans, colours, names)

    def _add_line(self, label: str) -> Line2D:
        values = [str(value) for value in self.chart.values]
        place = values.index(label) if label in values else len(self._lines)
        beside = self.chart.lines is not None and label in self.chart.also
        top = label == str(self.chart.ceiling)
        place += self._looks_from
        drawn = style.look_beside() if beside else style.look(place, ceiling=top)
        line = Line2D(
            [],
            [],
            color=drawn.colour,
            linestyle=drawn.style,
            label=style.literal(self._name(label)),
            animated=self._animated,
        )
        self._lines[label] = self.axes.add_line(line)
        return line

    def _name(self, label: str) -> str:
        """Return what a legend calls a line; a number with its unit, since it is shared."""
        info = self._compared
        if info is None or info.kind not in (int, float) or label in self.chart.also:
            return style.line_name(label, info, self.chart.ceiling)
        return amount(float(label), info.unit)

    def named(self, label: str) -> str:
        """Return the value that a line stands for, as people read it."""
        return label if self._compared is None else self._compared.title(label)

    def _fit(self, lines: Lines, marks: Sequence[Mark]) -> bool:
        ys = [y for _, values in lines.values() for y in _finite(values)]
        changed = self._limits.fit([*ys, *(mark.y for mark in marks)])
        span = self._wanted_span([*(xs for xs, _ in lines.values()), [m.x for m in marks]])
        if not changed and span == self._span:
            return False
        self._span = span
        log = self.info.scale == "log" and span[0] > 0
        self.axes.set_xscale("log" if log else "linear")
        self.axes.set_xlim(*span)
        label = self.info.label.removesuffix(f" ({self.info.unit})")
        most = most_across(self.axes, self.info.unit)
        set_ticks(self.axes.xaxis, label, self.info.unit, *span, log=log, most=most)
        self.along_label = self.axes.get_xlabel()
        self.axes.set_xlabel(self.along_label if self._labelled else "")
        fitted = self._limits
        self.axes.set_yscale("log" if fitted.log else "linear")
        self.axes.set_ylim(fitted.low, fitted.high)
        unit, label = self.metric.unit, self._measure
        most = most_up(self.axes)
        set_ticks(self.axes.yaxis, label, unit, fitted.low, fitted.high, log=fitted.log, most=most)
        style.fit_upright(self.axes, style.literal(self._measure))
        return True

    @property
    def _measure(self) -> str:
        """What the vertical axis is called: what its metrics have in common, if they are like."""
        label = self.metric.label
        head = label.partition(",")[0]
        alike = [metric(name).label.partition(",")[0] == head for name in self.chart.also]
        return head if alike and all(alike) else label

    def _wanted_span(self, columns: Sequence[Sequence[float]]) -> tuple[float, float]:
        values = [value for column in columns for value in _finite(column)]
        if self.info.scale == "log":
            values = [value for value in values if value > 0]
        values += self._reach or ()
        low, high = (min(values), max(values)) if values else self.info.span or (1.0, 10.0)
        return (low, high) if high > low else (low * 0.5, low * 2.0 or 1.0)

    def _show_marks(self, marks: Sequence[Mark]) -> None:
        assert self._span is not None  # noqa: S101 - set by _fit
        low, high = self._span
        self._observed.update(marks, {n: str(line.get_color()) for n, line in self._lines.items()})
        self._joins.update([(_clamp(mark.x, low, high), mark) for mark in marks])
        for kind, line in self._marks.items():
            chosen = [mark for mark in marks if mark.kind == kind and math.isfinite(mark.y)]
            line.set_data([_clamp(m.x, low, high) for m in chosen], [m.y for m in chosen])
            line.set_visible(bool(chosen))
        for text in self._texts:
            text.remove()
        shown = [
            mark for mark in marks if mark.label and math.isfinite(mark.y) and mark.joins is None
        ]
        places = {id(mark): self._place(_clamp(mark.x, low, high), mark.y) for mark in marks}
        dots = self.axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
        placed = (self._place(*line.get_data()) for line in self._lines.values())
        lines = [filled(line, dots) for line in placed] if shown else []
        self._texts, corners = [], {}
        taken = [np.empty((0, 2))]
        for mark in shown:
            here = places[id(mark)]
            apart = [place for place in places.values() if np.abs(place - here).max() > 1.0]
            avoid, box = np.concatenate([*taken, *apart]), self.axes.bbox.extents
            corner = best_corner(mark.label, here[0], avoid, lines, box, dots)
            corners[id(mark)] = corner
            taken.append(covered(mark.label, here[0], corner, dots))
            at = (_clamp(mark.x, low, high), mark.y)
            text = text_at(self.axes, mark.label, at, corner, animated=self._animated)
            text.set_gid(MOVES if mark.kind in MOVING else None)
            self._texts.append(text)
        self._spots = [
            {
                "kind": mark.kind,
                "name": MARK_NAMES.get(mark.kind, mark.source),
                "text": mark.label,
                "corner": corners.get(id(mark), (1, 1)),
                "x": float(_clamp(mark.x, low, high)),
                "y": float(mark.y),
                "joins": mark.joins,
            }
            for mark in marks
            if math.isfinite(mark.y)
        ]
        now = next((mark for mark in marks if mark.kind == "now"), None)
        self._axis.set_visible(now is not None)
        if now is not None:
            self._axis.set_xdata([_clamp(now.x, low, high)] * 2)

    def _place(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Points:
        """Return where points of the data are on the screen, a row each."""
        columns = np.column_stack([np.atleast_1d(x), np.atleast_1d(y)]).astype(float)
        return np.asarray(self.axes.transData.transform(columns))


def draw_what_if(
    ax: Axes,
    chart: WhatIfChart,
    lines: Lines,
    *,
    marks: Sequence[Mark] = (),
    bench: AnyBench,
    highlight: str | None = None,
) -> None:
    """Draw a what-if chart once, with its legend above the axes.

    Args:
        ax: Where.
        chart: What it shows.
        lines: By label, the values of the setting and of the metric.
        marks: Points to mark, such as the present settings and the recommended ones.
        bench: Whose settings name the horizontal axis.
        highlight: The label of the line that the present settings are on.
    """
    drawn = WhatIfAxes(ax, chart, bench, animated=False, legend=True)
    drawn.update(lines, marks, highlight=highlight)


def _finite(values: Sequence[float]) -> list[float]:
    array = np.asarray(values, float)
    return [float(value) for value in array[np.isfinite(array)]]


def _clamp(x: float, low: float, high: float) -> float:
    return min(max(x, low), high) if not math.isnan(x) else high
