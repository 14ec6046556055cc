"""`Joins`: a dotted line from the prediction for a run's own history to the curve, and why."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from perflab.charts import style
from perflab.charts.marks import MARK_LOOKS, MOVES, Mark

SHORTEST = 12.0
"""CSS pixels; a shorter line lies under its dots."""
_DOTS = (0, (1, 1.5))
_AWAY = 4.5


class Joins:
    """One line on axes, made once and moved by `update`; hidden where there is nothing to join.

    Args:
        axes: The chart's.
        animated: Leave it out of a full draw, for blitting.
    """

    def __init__(self, axes: Axes, *, animated: bool) -> None:
        self._axes = axes
        colour = MARK_LOOKS["refitted"]["markeredgecolor"]
        self._line = Line2D(
            [], [], color=colour, linewidth=1.3, linestyle=_DOTS, zorder=3.4, animated=animated
        )
        axes.add_line(self._line)
        self._text = axes.annotate(
            "",
            (0.0, 0.0),
            xytext=(_AWAY, 0.0),
            textcoords="offset points",
            va="center",
            fontsize=style.TICK_SIZE,
            color=style.INK,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 0.6},
            zorder=4.5,
            animated=animated,
        )
        for artist in self.artists:
            artist.set_gid(MOVES)
            artist.set_visible(False)

    @property
    def artists(self) -> list[Artist]:
        """What is drawn, visible or not."""
        return [self._line, self._text]

    def update(self, marks: Sequence[tuple[float, Mark]]) -> None:
        """Show the line of the mark that joins its curve, if there is one.

        Args:
            marks: Each with its place on the horizontal axis, as it is drawn.
        """
        x, mark = next(((x, mark) for x, mark in marks if mark.joins is not None), (0.0, None))
        shown = mark is not None and self._length(mark) >= SHORTEST
        self._line.set_visible(shown)
        self._text.set_visible(shown and mark is not None and bool(mark.label))
        if mark is None or mark.joins is None or not shown:
            return
        self._line.set_data([x, x], [mark.y, mark.joins])
        place = self._axes.transData
        middle = sum(place.transform((x, y))[1] for y in (mark.y, mark.joins)) / 2
        at = place.inverted().transform((place.transform((x, mark.y))[0], middle))
        self._text.xy = (float(at[0]), float(at[1]))
        left = place.transform((x, mark.y))[0] > self._axes.bbox.x0 + self._axes.bbox.width / 2
        self._text.set(text=mark.label, ha="right" if left else "left")
        self._text.set_position((-_AWAY if left else _AWAY, 0.0))

    def _length(self, mark: Mark) -> float:
        """Return how long the line is, in CSS pixels."""
        if mark.joins is None:
            return 0.0
        ends = [self._axes.transData.transform((1.0, y))[1] for y in (mark.y, mark.joins)]
        dots = self._axes.get_figure(root=True).dpi / 100  # type: ignore[union-attr]
        return abs(float(ends[0] - ends[1])) / dots
