"""Points that were measured elsewhere, each in the colour of the line that it stands beside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from perflab.bench import Observed, WhatIfChart
from perflab.charts import style
from perflab.charts.marks import Mark

_SIZE = 6.5
_EDGE = 1.5


def observed_marks(chart: WhatIfChart, observed: Observed | None) -> list[Mark]:
    """Return a mark for each metric of a chart that was measured along its setting."""
    if observed is None or observed.along != chart.along or chart.lines is not None:
        return []
    return [
        Mark("", place, metrics[name], "observed", name, observed.source)
        for place, metrics in zip(observed.places, observed.metrics, strict=False)
        for name in (chart.metric, *chart.also)
        if metrics.get(name) is not None and math.isfinite(metrics[name])
    ]


class Observations:
    """Triangles on axes, open, so that they hide no line; made once, moved by `update`."""

    def __init__(self, axes: Axes, *, animated: bool) -> None:
        self._points = axes.scatter(
            [], [], s=_SIZE**2, marker="^", linewidths=_EDGE, zorder=3.5, animated=animated
        )
        self._points.set_clip_on(False)
        self._points.set_facecolor(style.PAPER)
        self._points.set_visible(False)
        self._source = ""

    @property
    def artists(self) -> list[Artist]:
        """What is drawn, visible or not."""
        return [self._points]

    @property
    def handles(self) -> list[Line2D]:
        """What a legend shows: where the points come from; nothing where there are none."""
        if not self._points.get_visible():
            return []
        return [
            Line2D(
                [],
                [],
                linestyle="none",
                marker="^",
                markersize=_SIZE,
                markerfacecolor=style.PAPER,
                markeredgecolor=style.INK,
                markeredgewidth=_EDGE,
                label=style.literal(self._source),
            )
        ]

    def update(self, marks: Sequence[Mark], colours: Mapping[str, str]) -> None:
        """Show the observed ones of some marks.

        Args:
            marks: All marks of a chart.
            colours: Those of the lines, by label; a chart's only line is everybody's.
        """
        shown = [mark for mark in marks if mark.kind == "observed"]
        only = next(iter(colours.values()), style.INK) if len(colours) == 1 else style.INK
        self._points.set_visible(bool(shown))
        self._points.set_offsets(np.array([(mark.x, mark.y) for mark in shown]).reshape(-1, 2))
        self._points.set_edgecolor([colours.get(mark.line, only) for mark in shown])
        self._source = shown[0].source if shown else ""
