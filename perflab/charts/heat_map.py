"""A map of predictions: a metric over two settings, with lines of equal value."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from matplotlib import patheffects
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from perflab.bench import AnyBench, HeatMap
from perflab.charts import style
from perflab.charts.labels import AWAY, best_corner
from perflab.charts.levels import Levels
from perflab.charts.map_axis import MapAxis
from perflab.charts.marks import (
    MARK_LOOKS,
    MARK_NAMES,
    MOVES,
    MOVING,
    Mark,
    MarkKind,
    mark_handle,
)
from perflab.charts.notation import notation
from perflab.charts.picture import Cells, Plot, Spot, look_of, numbers, plot_of, scale_of
from perflab.instrumentation.catalog import metric
from perflab.units import on_axis

BAR_ROOM = 74
"""CSS pixels beside a map for the bar of its colours."""

Values = npt.NDArray[np.float64]


class HeatMapAxes:
    """A heat map that can be drawn again and again; lines are redrawn when values change.

    Args:
        axes: Where it is drawn.
        heat_map: What it shows.
        bench: Whose settings name the axes.
        columns: The values of the horizontal axis, none last.
        rows: Those of the vertical one.
        animated: Leave cells, lines and marks out of a full draw, for blitting.
        legend: Put a legend above the axes; else `handles` are for a legend of the figure.
    """

    def __init__(
        self,
        axes: Axes,
        heat_map: HeatMap,
        bench: AnyBench,
        columns: Sequence[object],
        rows: Sequence[object],
        *,
        animated: bool = True,
        legend: bool = False,
    ) -> None:
        self.axes, self.heat_map = axes, heat_map
        self.metric = metric(heat_map.metric)
        self.x = MapAxis(bench.info(heat_map.along), columns)
        self.y = MapAxis(bench.info(heat_map.against), rows)
        self._animated, self._legend = animated, legend
        self._levels = Levels(self.metric.unit)
        self._values: Values | None = None
        self._lines: list[Artist] = []
        self._text: Artist | None = None
        self._corner = (1, 1)
        self._spots: list[Spot] = []
        self._cells: Cells | None = None
        style.dress(axes, heat_map.title)
        axes.grid(visible=False)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        axes.set_xlim(*self.x.span)
        axes.set_ylim(*self.y.span)
        self.x.set_ticks(axes.xaxis)
        self.y.set_ticks(axes.yaxis)
        self._add_unknown()
        empty = np.full((len(self.y.edges) - 1, len(self.x.edges) - 1), np.nan)
        self._mesh = axes.pcolormesh(
            self.x.edges,
            self.y.edges,
            np.ma.masked_invalid(empty),
            cmap=map_colours(),
            norm=Normalize(0, 1),
            edgecolors="face",
            linewidth=0.3,
            antialiased=False,
            animated=animated,
            zorder=1,
        )
        self._bar = axes.inset_axes((1.025, 0.0, 0.03, 1.0))
        self._show_bar()
        self._marks = {kind: self._add_mark(kind) for kind in MARK_LOOKS}
        self._note = axes.text(
            0.015,
            0.97,
            "",
            transform=axes.transAxes,
            va="top",
            fontsize=style.TICK_SIZE,
            color=style.MAP_INK,
            bbox={"facecolor": style.MAP_PAPER, "edgecolor": "none", "pad": 1.5},
            animated=animated,
            visible=False,
        )

    @property
    def artists(self) -> list[Artist]:
        """What moves: cells first, lines over them, marks and texts on top."""
        marks = [mark for mark in self._marks.values() if mark.get_visible()]
        texts = [text for text in (self._note, self._text) if text and text.get_visible()]
        return [self._mesh, *self._lines, *marks, *texts]

    @property
    def handles(self) -> list[Line2D]:
        """What a legend shows: the marks in use."""
        return [mark_handle(kind) for kind in MARK_NAMES if self._marks[kind].get_visible()]

    def refit(self) -> None:
        """Fit title and lines to axes of another size, at the next update."""
        style.entitle(self.axes, self.heat_map.title)
        self._values = None

    def update(self, values: Values, marks: Sequence[Mark] = (), note: str = "") -> bool:
        """Show other values and marks.

        Args:
            values: Shape ``(rows, columns)``; NaN is not known.
            marks: Points to mark, by their places on both axes.
            note: What stands in the map's corner, such as how much of it is known.

        Returns:
            Whether colours or legend changed, so that a full redraw is needed.
        """
        known = [handle.get_label() for handle in self.handles]
        changed = False
        if self._values is None or not np.array_equal(values, self._values, equal_nan=True):
            self._values, self._cells = np.array(values, float), None
            changed = self._show_values(self._values)
        self._note.set(text=note, visible=bool(note))
        self._show_marks(marks)
        if [handle.get_label() for handle in self.handles] != known:
            changed = True
            if self._legend:
                style.legend_above(self.axes, self.handles)
        return changed

    @property
    def keeps_cells(self) -> bool:
        """Whether its cells are as they were when `plot` was last asked."""
        return self._cells is not None

    def plot(self) -> Plot:
        """Return what is drawn, as a page reads it; places on its axes are numbers of cells."""
        shown = [axis.info for axis in (self.x, self.y)]
        known = self._values
        if known is None:
            known = np.full((len(self.y.values), len(self.x.values)), np.nan)
        if self._cells is None:
            self._cells = {
                "columns": self.x.steps,
                "rows": self.y.steps,
                "values": [numbers(row) for row in known],
                "name": self.metric.label,
                "words": notation(self.metric.unit),
            }
        return plot_of(
            self.axes,
            self.heat_map.title,
            scale_of(self.axes, "x", shown[0].key, shown[0].name, shown[0].unit),
            scale_of(self.axes, "y", shown[1].key, shown[1].name, shown[1].unit),
            spots=self._spots,
            looks={kind: look_of(mark) for kind, mark in self._marks.items()},
            cells=self._cells,
        )

    def _show_values(self, values: Values) -> bool:
        changed = self._levels.fit(values)
        if changed:
            kind = LogNorm if self._levels.log else Normalize
            self._mesh.set_norm(kind(self._levels.low, self._levels.high))
            self._show_bar()
        # A value without bound, such as a wait in an overload, has the colour of the highest.
        bounded = np.where(np.isposinf(values), self._levels.high, values)
        spread = self.y.spread(self.x.spread(bounded, 1), 0)
        self._mesh.set_array(np.ma.masked_invalid(spread))
        self._show_lines(np.where(np.isposinf(values), np.nan, values))
        return changed

    def _show_lines(self, values: Values) -> None:
        if self._lines:
            # Its labels go with it.
            self._lines[0].remove()
        self._lines = []
        if self.x.words or self.y.words:
            return
        inner = np.ma.masked_invalid(values[: len(self.y.known), : len(self.x.known)])
        levels = [v for v in self._levels.values if inner.count() and inner.min() < v < inner.max()]
        if min(inner.shape) < 2 or not levels:
            return
        drawn = self.axes.contour(inner, levels=levels, colors=[style.MAP_INK], linewidths=0.9)
        drawn.set(animated=self._animated, zorder=2)
        unit = self.metric.unit
        texts = self.axes.clabel(
            drawn, fontsize=style.TICK_SIZE, fmt=lambda v: on_axis(v, unit), inline=False
        )
        for text in texts:
            text.set(color=style.MAP_INK, animated=self._animated, path_effects=_halo(2.6))
        # Its labels go with the drawn lines, so that one in the way is hidden and not removed.
        self._lines = [drawn, *_apart(texts)]

    def _show_marks(self, marks: Sequence[Mark]) -> None:
        self._corner = (1, 1)
        for kind, line in self._marks.items():
            chosen = [mark for mark in marks if mark.kind == kind]
            line.set_data([mark.x for mark in chosen], [mark.y for mark in chosen])
            line.set_visible(bool(chosen))
        if self._text is not None:
            self._text.remove()
        now = next((mark for mark in marks if mark.label), None)
        self._text = None if now is None else self._label(now, marks)
        self._spots = [
            {
                "kind": mark.kind,
                "name": MARK_NAMES[mark.kind],
                "text": mark.label,
                "corner": self._corner,
                "x": mark.x,
                "y": mark.y,
                "joins": None,
            }
            for mark in marks
        ]

    def _label(self, mark: Mark, marks: Sequence[Mark]) -> Artist:
        places = np.array([self.axes.transData.transform((each.x, each.y)) for each in marks])
        here = np.asarray(self.axes.transData.transform((mark.x, mark.y)))
        apart = places[np.abs(places - here).max(axis=1) > 1.0]
        box = self.axes.bbox
        dots = self.axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
        right, up = best_corner(mark.label, here, apart, [], (box.x0, box.y0, box.x1, box.y1), dots)
        self._corner = (right, up)
        return self.axes.annotate(
            mark.label,
            (mark.x, mark.y),
            xytext=(AWAY * right, AWAY * up),
            textcoords="offset points",
            ha="left" if right > 0 else "right",
            va="bottom" if up > 0 else "top",
            fontsize=style.LABEL_SIZE,
            fontweight="bold",
            color=style.MAP_INK,
            bbox={"facecolor": style.MAP_PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1.2},
            animated=self._animated,
            zorder=5,
            annotation_clip=False,
            gid=MOVES,
        )

    def _add_unknown(self) -> None:
        """Hatch what lies behind the cells, so that one not known yet is seen to be so."""
        for left, right in self.x.blocks:
            for low, high in self.y.blocks:
                behind = Rectangle((left, low), right - left, high - low, zorder=0.5)
                behind.set(facecolor=style.PAPER, edgecolor=style.GRID, linewidth=0, hatch="////")
                self.axes.add_patch(behind)

    def _add_mark(self, kind: MarkKind) -> Line2D:
        looks = {
            **MARK_LOOKS[kind],
            **({"markeredgecolor": style.MAP_INK} if kind == "now" else {}),
        }
        mark = Line2D([], [], linestyle="none", zorder=4, animated=self._animated, **looks)
        mark.set_gid(MOVES if kind in MOVING else None)
        mark.set(clip_on=False, visible=False, path_effects=_halo(looks["markeredgewidth"] + 2.0))
        return self.axes.add_line(mark)

    def _show_bar(self) -> None:
        bar, levels = self._bar, self._levels
        bar.clear()
        edges = (np.geomspace if levels.log else np.linspace)(
            levels.low, levels.high, style.MAP_SHADES + 1
        )
        shades = np.arange(style.MAP_SHADES)[:, None]
        bar.pcolormesh([0, 1], edges, shades, cmap=map_colours(), edgecolors="face", linewidth=0.3)
        bar.set_yscale("log" if levels.log else "linear")
        bar.set_ylim(levels.low, levels.high)
        bar.yaxis.tick_right()
        bar.set_xticks([])
        bar.yaxis.set_minor_locator(NullLocator())
        if self._values is None:
            bar.set_yticks([])
        else:
            bar.yaxis.set_major_locator(FixedLocator(levels.values))
            bar.yaxis.set_major_formatter(FuncFormatter(lambda v, _: on_axis(v, self.metric.unit)))
        bar.tick_params(labelsize=style.TICK_SIZE, labelcolor=style.QUIET, length=0, pad=3)
        for spine in bar.spines.values():
            spine.set_visible(False)


def draw_heat_map(
    ax: Axes,
    heat_map: HeatMap,
    values: Values,
    columns: Sequence[object],
    rows: Sequence[object],
    *,
    settings: Sequence[tuple[MarkKind, object, object]] = (),
    bench: AnyBench,
) -> Plot:
    """Draw a heat map once, with its legend above the axes, and return it as a page reads it.

    Args:
        ax: Where; `BAR_ROOM` is wanted on its right.
        heat_map: What it shows.
        values: Shape ``(rows, columns)``; NaN is not known.
        columns: The values of the horizontal axis, none last.
        rows: Those of the vertical one.
        settings: What to mark: its kind and its values on both axes.
        bench: Whose settings name the axes.
    """
    drawn = HeatMapAxes(ax, heat_map, bench, columns, rows, animated=False, legend=True)
    marks = [Mark("", drawn.x.place(x), drawn.y.place(y), kind) for kind, x, y in settings]
    drawn.update(values, marks)
    return drawn.plot()


@cache
def map_colours() -> LinearSegmentedColormap:
    """Return the colours of a map, from low to high."""
    return LinearSegmentedColormap.from_list("perflab", style.MAP_COLOURS, style.MAP_SHADES)


def _apart(texts: Sequence[Text]) -> list[Text]:
    """Return the texts that cover none before them, and hide the others."""
    kept: list[Text] = []
    for text in texts:
        box = text.get_window_extent()
        if any(box.overlaps(other.get_window_extent()) for other in kept):
            text.set_visible(False)
        else:
            kept.append(text)
    return kept


def _halo(width: float) -> list[patheffects.AbstractPathEffect]:
    return [patheffects.withStroke(linewidth=width, foreground=style.MAP_PAPER)]
