"""A chart of a run: measured lines over its seconds, and what was predicted, dashed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from perflab.bench import LiveChart
from perflab.charts import style
from perflab.charts.limits import SteppedLimits, time_ceiling
from perflab.charts.picture import Moment, Plot, curve_of, plot_of, scale_of
from perflab.charts.ticks import clock_ticks, most_across, most_up, set_ticks
from perflab.instrumentation.catalog import PREDICTED, SINCE_CHANGE, metric
from perflab.lab.documents import Change
from perflab.lab.row_table import Numbers, RowTable
from perflab.lab.run_events import RunEvent
from perflab.units import on_axis

if TYPE_CHECKING:
    from matplotlib.typing import LineStyleType

MOST_POINTS = 500
_MOST_EVENTS = 50
_DASHES: LineStyleType = (0, (4, 2.5))
_APART = 0.1

Rows = Iterable[Mapping[str, float | None]]


class LiveAxes:
    """A live chart that can be drawn again and again; its artists are made once.

    For each metric: a solid line since the last change of settings (the last second's value
    faintly behind it), and the prediction over the same requests, dashed in the same colour.

    Args:
        axes: Where it is drawn.
        chart: What it shows.
        animated: Leave lines out of a full draw, for blitting.
        strip: Low axes under another chart: no title, and ticks that carry their unit, so that the
            time needs no label.
    """

    def __init__(
        self, axes: Axes, chart: LiveChart, *, animated: bool = True, strip: bool = False
    ) -> None:
        self.axes = axes
        self.chart = chart
        self._strip = strip
        infos = [metric(name) for name in chart.metrics]
        self._label, self._names = _common(tuple(info.label for info in infos))
        self._unit = infos[0].unit
        self._limits = SteppedLimits(self._unit)
        self._seconds = 0.0
        self._events: list[Moment] = []
        self._predicted_known = False
        style.dress(axes, "" if strip else chart.title)
        self._changes = axes.add_line(
            Line2D([], [], color="#9A9A9A", linewidth=0.9, animated=animated)
        )
        self._changes.set_transform(axes.get_xaxis_transform())
        self._faint = self._add_lines(animated, linewidth=1.0, alpha=0.32, zorder=2)
        self._solid = self._add_lines(animated, linewidth=1.9, zorder=4)
        self._dashed = self._add_lines(animated, linewidth=1.5, linestyle=_DASHES, zorder=3)
        self._ends = self._add_lines(animated, markersize=5.5, zorder=5)
        for place, end in enumerate(self._ends):
            end.set_marker(style.END_MARKERS[place % len(style.END_MARKERS)])
            end.set_clip_on(False)
            end.set_visible(False)
        self._hint = axes.text(
            0.5,
            0.5,
            "no run yet",
            transform=axes.transAxes,
            ha="center",
            color=style.QUIET,
            fontsize=style.LABEL_SIZE,
            animated=animated,
        )
        self._fit([], 0.0)
        self._show_legend()

    @property
    def artists(self) -> list[Artist]:
        """What moves, in drawing order."""
        moving = [self._changes, *self._faint, *self._dashed, *self._solid, *self._ends]
        return [*moving, self._hint] if self._hint.get_visible() else list(moving)

    def refit(self) -> None:
        """Fit ticks and legend to axes that have another size, at the next update.

        That update says that a full redraw is needed.
        """
        if not self._strip:
            style.entitle(self.axes, self.chart.title)
        self._seconds = 0.0
        self._show_legend()

    def update(
        self,
        rows: Rows,
        *,
        predicted: Mapping[str, float] | None = None,
        changes: Sequence[Change] = (),
        events: Sequence[RunEvent] = (),
    ) -> bool:
        """Show a run so far.

        Args:
            rows: The run's rows; at most 500 points a line are drawn.
            predicted: Values by metric name, for rows that carry no prediction themselves.
            changes: The changes of settings, each with its ``seconds``, to mark.
            events: What else to mark, in words for a page.

        Returns:
            Whether limits or legend changed, so that a full redraw is needed.
        """
        names = self.chart.metrics
        asked = [(name, f"{name}{SINCE_CHANGE}", f"{PREDICTED}{name}") for name in names]
        found = RowTable.of(rows).columns("seconds", *itertools.chain.from_iterable(asked))
        picked = thin(found[0])
        seconds, *lines = (column[picked] for column in found)
        self._hint.set_visible(not len(seconds))
        values: list[float] = []
        for place, name in enumerate(names):
            now, since, dashed = lines[3 * place : 3 * place + 3]
            shown = np.where(np.isnan(since), now, since)
            if predicted and name in predicted and np.isnan(dashed).all():
                dashed = np.full(len(seconds), float(predicted[name]))
            self._faint[place].set_data(seconds, now)
            self._solid[place].set_data(seconds, shown)
            self._dashed[place].set_data(seconds, dashed)
            self._ends[place].set_data(seconds[-1:], shown[-1:])
            self._ends[place].set_visible(bool(np.isfinite(shown[-1:]).any()))
            values += [*_known(now), *_known(shown), *_known(dashed)]
        self._events = [{"x": each.seconds, "text": each.words} for each in events[-_MOST_EVENTS:]]
        times = [float(change["seconds"]) for change in changes[-_MOST_EVENTS:]]
        times += [event["x"] for event in self._events]
        self._changes.set_data(
            [x for second in times for x in (second, second, np.nan)],
            [0.0, 1.0, np.nan] * len(times),
        )
        return self._fit(values, float(seconds[-1]) if len(seconds) else 0.0) | self._relabel()

    def plot(self) -> Plot:
        """Return what is drawn, as a page reads it: lines since the change, and as predicted."""
        names = self._names if len(self._names) > 1 else ("measured",)
        curves = [
            curve_of(line, key, name, present=True)
            for line, key, name in zip(self._solid, self.chart.metrics, names, strict=True)
        ]
        if self._predicted_known:
            curves += [
                curve_of(line, f"{PREDICTED}{key}", "predicted" + f", {name}" * (len(names) > 1))
                for line, key, name in zip(self._dashed, self.chart.metrics, names, strict=True)
            ]
        return plot_of(
            self.axes,
            self.chart.title,
            scale_of(self.axes, "x", "seconds", "time of the run", "seconds"),
            scale_of(self.axes, "y", self.chart.metrics[0], self._label, self._unit),
            curves=curves,
            events=self._events,
        )

    def _add_lines(self, animated: bool, **look: Any) -> list[Line2D]:
        return [
            self.axes.add_line(
                Line2D([], [], color=style.look(place).colour, animated=animated, **look)
            )
            for place in range(len(self.chart.metrics))
        ]

    def _fit(self, values: Sequence[float], seconds: float) -> bool:
        moved = self._limits.fit(values)
        until = time_ceiling(seconds)
        if not moved and until == self._seconds:
            return False
        self._seconds = until
        fitted = self._limits
        self.axes.set_xlim(0.0, until)
        self._set_time_ticks(until)
        self.axes.set_yscale("log" if fitted.log else "linear")
        self.axes.set_ylim(fitted.low, fitted.high)
        most = most_up(self.axes)
        limits = (fitted.low, fitted.high)
        set_ticks(self.axes.yaxis, self._label, self._unit, *limits, log=fitted.log, most=most)
        if self._strip:
            style.fit_upright(self.axes, style.literal(self._label))
        return True

    def _set_time_ticks(self, until: float) -> None:
        axis = self.axes.xaxis
        if not self._strip:
            set_ticks(axis, "time of the run (s)", "", 0.0, until, log=False)
            return
        steps = most_across(self.axes, "seconds") - 1
        axis.set_major_locator(FixedLocator(clock_ticks(until, steps)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: on_axis(value, "seconds")))
        axis.set_minor_locator(NullLocator())

    def _relabel(self) -> bool:
        known = any(np.isfinite(line.get_ydata()).any() for line in self._dashed)
        if known == self._predicted_known:
            return False
        self._predicted_known = known
        self._show_legend()
        return True

    def _show_legend(self) -> None:
        names = self._names if len(self._names) > 1 else ("measured",)
        handles = [
            Line2D(
                [],
                [],
                color=end.get_color(),
                marker=end.get_marker(),
                markersize=4.5,
                label=style.literal(name),
            )
            for end, name in zip(self._ends, names, strict=True)
        ]
        if self._predicted_known:
            colour = style.QUIET if len(names) > 1 else self._ends[0].get_color()
            handles.append(Line2D([], [], color=colour, linestyle=_DASHES, label="predicted"))
        style.legend_above(self.axes, handles)


def draw_live(
    ax: Axes,
    chart: LiveChart,
    rows: Rows,
    *,
    predicted: Mapping[str, float] | None = None,
    changes: Sequence[Change] = (),
) -> None:
    """Draw a live chart once, with its legend above the axes.

    Args:
        ax: Where.
        chart: What it shows.
        rows: The run's rows.
        predicted: Values by metric name, for rows that carry no prediction themselves.
        changes: The changes of settings, each with its ``seconds``.
    """
    LiveAxes(ax, chart, animated=False).update(rows, predicted=predicted, changes=changes)


def thin(seconds: Numbers, most: int = MOST_POINTS) -> npt.NDArray[np.intp]:
    """Return the places of at most so many moments, the last of them included.

    Time is cut into steps, and the first moment of each is taken, so that those taken stay the
    same while a run goes on, and what is new is not drawn denser than what is old.
    """
    if len(seconds) <= most:
        return np.arange(len(seconds))
    step, whole = _APART, float(seconds[-1])
    while whole / step >= most - 2:
        step *= 2
    numbers = np.floor(seconds / step)
    picked = np.flatnonzero(np.diff(numbers, prepend=-1.0))
    last = len(seconds) - 1
    return picked if picked[-1] == last else np.append(picked, last)


def _known(values: Numbers) -> list[float]:
    kept = values[np.isfinite(values)]
    return [float(kept.min()), float(kept.max())] if len(kept) else []


def _common(labels: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Split ``latency, p50`` and ``latency, p95`` into ``latency`` and the rest."""
    if len(labels) == 1:
        return labels[0], labels
    parts = [label.partition(", ") for label in labels]
    heads = [head for head, _, _ in parts]
    names = tuple(
        (rest or "ours") if heads.count(head) > 1 else label
        for label, (head, _, rest) in zip(labels, parts, strict=True)
    )
    return ", ".join(dict.fromkeys(heads)), names
