"""`Sheet`: a figure that is drawn on in CSS pixels, from its upper left corner on."""

from __future__ import annotations

import dataclasses
import io
import threading
from functools import cache, lru_cache
from typing import Literal

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle
from matplotlib.text import Text

from perflab.charts.style import INK, PAPER, QUIET, TICK_SIZE, literal

_ROUND = 3.0
"""CSS pixels of a box's corners."""
_MEASURING = threading.Lock()
BAD = "#C8420A"
"""Of what is wrong: the charts' vermilion, dark enough for a text on paper."""
_TINT, _FAINT = 2 / 14, 7 / 14
"""Of a colour in white; one of the steps that a panel's pictures keep."""
_PALE = "#B5B5B5"
_DASHES = (0, (4, 2))


@dataclasses.dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, and what it says.

    Attributes:
        figure: A CSS pixel is a hundredth of its inch.
        words: The same in a few sentences, for who does not see it.
    """

    figure: Figure
    words: str

    @property
    def width(self) -> int:
        """CSS pixels."""
        return round(float(self.figure.get_size_inches()[0]) * 100)

    @property
    def height(self) -> int:
        """CSS pixels."""
        return round(float(self.figure.get_size_inches()[1]) * 100)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Return the picture as a notebook shows it: a PNG, and its CSS pixels."""
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=self.figure.dpi)
        return file.getvalue(), {"width": self.width, "height": self.height}


class Sheet:
    """A figure with one coordinate per CSS pixel, x to the right and y down.

    Args:
        width: In CSS pixels.
        height: In CSS pixels.
        scale: Device pixels for one CSS pixel.
        faint: Whether it is an estimate that another picture will take the place of: texts are
            grey, colours light, and edges dashed.
    """

    def __init__(self, width: int, height: int, scale: float, *, faint: bool = False) -> None:
        size = (width / 100, height / 100)
        self.figure = Figure(figsize=size, dpi=100 * scale, facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        self.width = width
        self._faint = faint
        self._axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._axes.set(xlim=(0, width), ylim=(height, 0))
        self._axes.set_axis_off()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        colour: str = INK,
        size: float = TICK_SIZE,
        bold: bool = False,
        at: Literal["left", "center", "right"] = "left",
    ) -> Text:
        """Write a line of text, its middle at a height."""
        return self._axes.text(
            x,
            y,
            literal(text),
            color=QUIET if self._faint and colour == INK else colour,
            fontsize=size,
            fontweight="bold" if bold else "normal",
            ha=at,
            va="center_baseline",
        )

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Draw a box of a light tint, with an edge of the full colour."""
        patch = FancyBboxPatch(
            (x + _ROUND, y + _ROUND),
            width - 2 * _ROUND,
            height - 2 * _ROUND,
            boxstyle=f"round,pad={_ROUND},rounding_size={_ROUND}",
            facecolor=tint(colour),
            edgecolor=colour,
            linewidth=1.0,
            linestyle=_DASHES if self._faint else "-",
        )
        self._axes.add_patch(patch)

    def block(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill a rectangle."""
        face = self.shade(colour)
        block = Rectangle((x, y), width, height, facecolor=face, edgecolor="none", linewidth=0)
        self._axes.add_patch(block)

    def shade(self, colour: str) -> str:
        """Return what a colour is filled with here."""
        return to_hex(tint(colour, _FAINT)) if self._faint else colour

    def arrow(self, x: float, y: float, length: float, wide: float, *, down: bool = False) -> None:
        """Draw an arrow from a point on, to the right or down.

        Args:
            x: Where it begins, in the middle of its shaft.
            y: The same.
            length: With its head.
            wide: Of the shaft.
            down: Whether it points down.
        """
        head, half = min(7.0, length / 2), max(wide / 2, 0.5)
        barb = half + 3.5
        shaft = length - head
        right = [(0, -half), (shaft, -half), (shaft, -barb), (length, 0)]
        outline = [*right, *((along, -across) for along, across in reversed(right[:-1]))]
        corners = [(x + b, y + a) if down else (x + a, y + b) for a, b in outline]
        self._axes.add_patch(
            Polygon(corners, facecolor=_PALE if self._faint else QUIET, edgecolor="none")
        )


@cache
def _ruler() -> Figure:
    """Return a figure at one device pixel per CSS pixel, on which texts are measured."""
    figure = Figure(figsize=(1, 1), dpi=100)
    FigureCanvasAgg(figure)
    return figure


@lru_cache(maxsize=2048)
def reach_of(text: str, size: float = TICK_SIZE, *, bold: bool = False) -> float:
    """Return how many CSS pixels a text is wide."""
    weight = "bold" if bold else "normal"
    with _MEASURING:
        written = _ruler().text(0, 0, literal(text), fontsize=size, fontweight=weight)
        wide = float(written.get_window_extent().width)
        written.remove()
    return wide


def tint(colour: str, share: float = _TINT) -> tuple[float, float, float]:
    """Return a colour in white, as light as a paper that is written on where not said otherwise."""
    red, green, blue = (1 + (part - 1) * share for part in to_rgb(colour))
    return red, green, blue
