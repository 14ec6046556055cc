"""Where the text of a mark stands: the corner that covers the least of lines and other marks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.text import Annotation

from perflab.charts.style import INK, LABEL_SIZE, PAPER

Points = npt.NDArray[np.float64]

CORNERS = ((1, 1), (-1, 1), (1, -1), (-1, -1), (1, -3), (-1, -3), (1, 3), (-1, 3))
"""Right or left of the mark, above or below it, near then far; the first of equals is taken."""

AWAY = 8.0
_CHARACTER = 0.66
_HEIGHT = 1.35
_SPOTS = 9
_APART = 3.0
_MOST_BETWEEN = 400
_MARK_COUNTS = 1000
_PIXEL_COUNTS = 500


def best_corner(
    text: str,
    place: Points,
    marks: Points,
    lines: Sequence[Points],
    box: tuple[float, float, float, float],
    dots_a_point: float,
) -> tuple[int, int]:
    """Return the best of `CORNERS` for a text.

    Args:
        text: What is written, in one line.
        place: The mark's place on the screen, x and y.
        marks: Places of the other marks and what other texts cover, a row each.
        lines: Places of the lines' points, a row each.
        box: Left, bottom, right and top of the axes on the screen.
        dots_a_point: Pixels of the screen for one typographic point.
    """
    away = AWAY * dots_a_point
    costs = []
    for corner in CORNERS:
        frame = _frame(text, place, corner, dots_a_point)
        grown = (frame[0] - away, frame[1] - away, frame[2] + away, frame[3] + away)
        cost = sum(_inside(line, frame) for line in lines)
        costs.append(cost + _MARK_COUNTS * _inside(marks, grown) + _outside(frame, box))
    return CORNERS[int(np.argmin(costs))]


def covered(text: str, place: Points, corner: tuple[int, int], dots_a_point: float) -> Points:
    """Return spots all over a text that was put at a corner, a row each, for others to avoid."""
    left, bottom, right, top = _frame(text, place, corner, dots_a_point)
    grid = np.meshgrid(np.linspace(left, right, _SPOTS), np.linspace(bottom, top, 3))
    return np.column_stack([each.ravel() for each in grid])


def filled(line: Points, dots_a_point: float) -> Points:
    """Return a line with points so close to each other that it passes no text between two.

    Args:
        line: Places on the screen from left to right, a row each.
        dots_a_point: Pixels of the screen for one typographic point.
    """
    known = line[np.isfinite(line).all(axis=1)]
    if len(known) < 2:
        return known
    # Along the line and not along its horizontal axis, since it may be steep.
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(known, axis=0).T))])
    count = min(_MOST_BETWEEN, int(length[-1] / (_APART * dots_a_point)) + 2)
    places = np.linspace(0.0, length[-1], count)
    return np.column_stack([np.interp(places, length, column) for column in known.T])


def text_at(
    axes: Axes, text: str, place: tuple[float, float], corner: tuple[int, int], *, animated: bool
) -> Annotation:
    """Write a mark's text at one of `CORNERS` beside its place in the data."""
    right, up = corner
    return axes.annotate(
        text,
        place,
        xytext=(AWAY * right, AWAY * up),
        textcoords="offset points",
        ha="left" if right > 0 else "right",
        va="bottom" if up > 0 else "top",
        fontsize=LABEL_SIZE,
        fontweight="bold",
        color=INK,
        bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
        animated=animated,
        zorder=5,
        annotation_clip=False,
    )


def _frame(
    text: str, place: Points, corner: tuple[int, int], dots_a_point: float
) -> tuple[float, float, float, float]:
    right, up = corner
    width = len(text) * _CHARACTER * LABEL_SIZE * dots_a_point
    height = _HEIGHT * LABEL_SIZE * dots_a_point
    away = AWAY * dots_a_point
    x0 = place[0] + away if right > 0 else place[0] - away - width
    y0 = place[1] + away * up - (0 if up > 0 else height)
    return x0, y0, x0 + width, y0 + height


def _inside(points: Points, frame: tuple[float, float, float, float]) -> int:
    if not len(points):
        return 0
    x, y = points[:, 0], points[:, 1]
    left, bottom, right, top = frame
    return int(np.count_nonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top)))


def _outside(
    frame: tuple[float, float, float, float], box: tuple[float, float, float, float]
) -> float:
    """Return how many pixels a frame sticks out of the axes, so that such a corner comes last."""
    over = (box[0] - frame[0], box[1] - frame[1], frame[2] - box[2], frame[3] - box[3])
    return _PIXEL_COUNTS * sum(max(0.0, each) for each in over)
