"""`BestStrip`: which line of a chart is the best, and from where to where, in a strip under it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb

from perflab.bench import WhatIfChart
from perflab.charts import style

Line = tuple[Sequence[float], Sequence[float]]
Lines = Mapping[str, Line]
Span = tuple[float, float, str]
_HEIGHT = 9.0
_ABOVE = 4.5
_CHARACTER = 5.7
_DARK = 0.19


def best_spans(lines: Lines, *, higher: bool, log: bool) -> list[Span]:
    """Return spans of the horizontal axis, each with the label of the line that is best there.

    Lines that have points are compared where all of them are known; a change lies halfway
    between two such places. Among equals the line that was best before goes on.

    Args:
        lines: By label, places and values.
        higher: Whether a higher value is better.
        log: Whether halfway is by ratio.
    """
    lines = {label: line for label, line in lines.items() if len(line[0])}
    known = [dict(zip(*line, strict=True)) for line in lines.values()]
    if len(known) < 2:
        return []
    places = sorted(set.intersection(*(set(line) for line in known)))
    if len(places) < 2:
        return []
    sign = 1.0 if higher else -1.0
    values = sign * np.array([[line[x] for x in places] for line in known])
    labels = list(lines)
    spans: list[Span] = []
    begin, holder = places[0], int(np.argmax(values[:, 0]))
    for number in range(1, len(places)):
        column = values[:, number]
        if column[holder] < column.max():
            left, right = places[number - 1], places[number]
            middle = float(np.sqrt(left * right)) if log and left > 0 else (left + right) / 2
            spans.append((begin, middle, labels[holder]))
            begin, holder = middle, int(np.argmax(column))
    spans.append((begin, places[-1], labels[holder]))
    return spans


def rivals(chart: WhatIfChart, lines: Lines, choices: Container[str]) -> dict[str, Line]:
    """Return the lines that compete: those that can run, and neither a ceiling nor another metric.

    Args:
        chart: Whose lines.
        lines: All of them.
        choices: The labels of those that can run.
    """
    apart = (str(chart.ceiling), *chart.also)
    return {label: line for label, line in lines.items() if label in choices and label not in apart}


class BestStrip:
    """A strip under a chart that says which line is the best where, in the lines' colours.

    Args:
        axes: The chart's.
        animated: Leave it out of a full draw, for blitting; then it has no names in it, for text
            is what takes longest to draw again.
    """

    def __init__(self, axes: Axes, *, animated: bool) -> None:
        self._axes, self._animated = axes, animated
        self._shown: tuple[list[Span], tuple[float, float]] = ([], (0.0, 0.0))
        self._best = axes.text(
            -0.012,
            0.0,
            "best",
            transform=axes.transAxes,
            ha="right",
            va="center",
            fontsize=style.TICK_SIZE,
            color=style.QUIET,
            visible=False,
        )
        self.artists: list[Artist] = []

    def refit(self) -> None:
        """Redraw the strip at the next update, since its axes have another size."""
        self._shown = (self._shown[0], (0.0, 0.0))

    def update(
        self, spans: Sequence[Span], colours: Mapping[str, str], names: Mapping[str, str]
    ) -> bool:
        """Show other spans; say if the strip came or went, so that ticks must make room.

        Args:
            spans: Each with the label of its line.
            colours: Of the lines, by label.
            names: What people call them, by label.
        """
        came_or_went = bool(spans) != bool(self._shown[0])
        shown = (list(spans), self._axes.get_xlim())
        if shown != self._shown:
            self._shown = shown
            for old in self.artists:
                old.remove()
            self.artists = self._drawn(spans, colours, names) if spans else []
        if came_or_went:
            self._best.set_visible(bool(spans))
            # Ticks stand below the strip, at its height of typographic points.
            pad = 3.0 + (_HEIGHT + _ABOVE if spans else 0.0)
            self._axes.tick_params(axis="x", pad=pad, length=0 if spans else 3)
        return came_or_went

    def _drawn(
        self, spans: Sequence[Span], colours: Mapping[str, str], names: Mapping[str, str]
    ) -> list[Artist]:
        axes = self._axes
        dots = axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
        tall = axes.bbox.height / dots
        top, bottom = -_ABOVE / tall, -(_ABOVE + _HEIGHT) / tall
        across = axes.get_xaxis_transform()
        low, high = axes.get_xlim()
        corners = [
            [(a, top), (b, top), (b, bottom), (a, bottom)]
            for a, b in ((max(a, low), min(b, high)) for a, b, _ in spans)
        ]
        strip = PolyCollection(
            corners,
            transform=across,
            facecolors=[colours[label] for _, _, label in spans],
            edgecolors=style.PAPER,
            linewidths=0.8,
            clip_on=False,
            animated=self._animated,
        )
        axes.add_collection(strip, autolim=False)
        self._best.set_y((top + bottom) / 2)
        if self._animated:
            return [strip]
        texts: list[Artist] = []
        for (_, _, label), box in zip(spans, corners, strict=True):
            places = axes.transData.transform([(box[0][0], 0.5), (box[1][0], 0.5)])
            room = (places[1][0] - places[0][0]) / dots
            if len(names[label]) * _CHARACTER < room:
                middle = axes.transAxes.inverted().transform(places.mean(axis=0))[0]
                texts.append(self._name(names[label], middle, (top + bottom) / 2, colours[label]))
        return [strip, *texts]

    def _name(self, name: str, x: float, y: float, colour: str) -> Artist:
        return self._axes.text(
            x,
            y,
            style.literal(name),
            transform=self._axes.transAxes,
            ha="center",
            va="center",
            fontsize=style.TICK_SIZE,
            color=_readable_on(colour),
        )


def _readable_on(colour: str) -> str:
    """Return white or ink, whichever stands out more; weights of ITU-R BT.709."""
    red, green, blue = to_rgb(colour)
    bright = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return style.MAP_PAPER if bright < _DARK else style.MAP_INK
