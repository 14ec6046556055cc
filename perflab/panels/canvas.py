"""`BlitCanvas`: a matplotlib figure blitted into one `ipywidgets.Image`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import BboxBase

from perflab.charts.marks import MOVES
from perflab.charts.themes import LIGHT, Theme
from perflab.panels.byte_budget import ByteBudget
from perflab.panels.palette import Box, encoded
from perflab.panels.pointer import PointerLayer, Steering
from perflab.panels.pointer.layer import Charted
from perflab.settings import Settings

_READ_SECONDS = 0.5
"""The least time between two messages with the numbers of a live picture that is pointed at."""


class BlitCanvas:
    """Draws a figure's moving artists over its kept background, and sends one small PNG.

    Its colours are those of a theme, whatever it is drawn in. Safe to use from several threads.

    Over it lies a layer that answers the pointer. While a page shows that, what moves in it is
    left to it: marks that `charts.marks` calls moving are in its numbers and not in the picture.

    Args:
        figure: At any resolution; its animated artists are what `draw` is given.
        widest: The most CSS pixels at which it is shown; it fills the room up to there.
        again: Draws what is shown once more; called when a page begins to show the layer.
        maps: The axes of the figure that are maps, whose colours, like those of their bars, are
            the same in every theme.

    Attributes:
        image: The picture.
        layer: What lies over it.
        widget: The two, one over the other.
        budget: What its pictures are taken off; shared by all of a panel.
        theme: In whose colours it is shown, from the next drawing on.
    """

    def __init__(
        self,
        figure: Figure,
        widest: int,
        again: Callable[[], None] | None = None,
        maps: Sequence[Axes] = (),
    ) -> None:
        self.figure = figure
        self.theme = LIGHT
        self._maps = maps
        self.image = widgets.Image(
            format="png", layout=widgets.Layout(width="100%", max_width=f"{widest}px")
        )
        self.layer = PointerLayer()
        self.widget = widgets.Box(
            [self.image, self.layer],
            layout=widgets.Layout(width="100%", max_width=f"{widest}px", overflow="hidden"),
        )
        self.widget.add_class("perflab-pictured")
        self._again = again
        self._steering: Steering | None = None
        self._told = 0.0
        self._bare = False
        self.budget = ByteBudget()
        self.layer.observe(self._begin, ["ready", "hovered"])
        self._canvas: Any = FigureCanvasAgg(figure)
        self._background: object = None
        self._lock = threading.Lock()

    @property
    def moves_alone(self) -> bool:
        """Whether moving marks need no new picture, as the layer alone shows them."""
        return self._bare

    def fit(self, width: int) -> None:
        """Show it so many CSS pixels wide, or as wide as the room is where that is less."""
        self.image.layout.max_width = self.widget.layout.max_width = "100%"
        self.widget.layout.width = f"{width}px"

    def steer(self, steering: Steering) -> None:
        """Let the dot of the present settings be moved."""
        self._steering = steering
        self.layer.observe(self._move, "wanted")

    def draw(
        self,
        artists: Iterable[Artist],
        *,
        full: bool = False,
        charts: Sequence[Charted] = (),
        now: Settings | None = None,
    ) -> None:
        """Show the figure with these artists where they are now.

        Args:
            artists: What moves, in drawing order.
            full: Draw axes, ticks and legends again too, since they changed.
            charts: Whose numbers the layer needs.
            now: The settings that their mark of the present stands for.
        """
        left_out = self.layer.ready and bool(charts)
        with self._lock:
            shown = (each for each in artists if not (left_out and each.get_gid() == MOVES))
            self._paint(shown, full=full)
            picture = self._encoded(self.theme)
            if picture != self.image.value:
                self.image.value = picture
                self.budget.spend(len(picture))
            self._bare = left_out
        self.tell(charts, now)

    def whole(self, artists: Iterable[Artist]) -> bytes:
        """Return it as PNG on white with all of these, also what is left to the layer."""
        with self._lock:
            self._paint(artists, full=False)
            return self._encoded(LIGHT)

    def tell(self, charts: Sequence[Charted], now: Settings | None = None) -> None:
        """Send the layer its numbers, and no picture."""
        if charts and self.layer.ready:
            with self._lock:
                self.layer.show(self.figure, charts, self.theme, now, self._steering)

    def tell_pointed(self, charts: Sequence[Charted]) -> None:
        """Send the numbers of a picture that changes all the time, while it is pointed at."""
        if self.layer.hovered and time.monotonic() - self._told >= _READ_SECONDS:
            self._told = time.monotonic()
            self.tell(charts)

    def _begin(self, change: Mapping[str, bool]) -> None:
        if change["new"] and self._again is not None:
            self._again()

    def _move(self, change: Mapping[str, Any]) -> None:
        wanted = change["new"]
        if self._steering is not None and not self._steering.take(wanted):
            self.layer.refused = int(wanted["turn"])

    def _paint(self, artists: Iterable[Artist], *, full: bool) -> None:
        if full or self._background is None:
            self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self.figure.bbox)
        else:
            self._canvas.restore_region(self._background)
        for artist in artists:
            if artist.axes is not None:
                artist.axes.draw_artist(artist)

    def _encoded(self, theme: Theme) -> bytes:
        pixels = np.asarray(self._canvas.buffer_rgba())
        maps = [part for axes in self._maps for part in (axes, *axes.child_axes)]
        return encoded(pixels, theme, [_box(part.bbox, len(pixels)) for part in maps])


def _box(axes: BboxBase, height: int) -> Box:
    """Return the pixels that axes cover in a picture of some height."""
    left, bottom, right, top = axes.extents
    return round(left), height - round(top), round(right), height - round(bottom)


class StillImage:
    """A picture of a figure that is drawn once.

    Args:
        figure: At any resolution.
        widest: The most CSS pixels at which it is shown; it fills the room up to there.
        theme: What its colours are shown as.

    Attributes:
        widget: The picture.
    """

    def __init__(self, figure: Figure, widest: int, theme: Theme) -> None:
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        self._pixels = np.array(canvas.buffer_rgba())
        layout = widgets.Layout(width="100%", max_width=f"{widest}px")
        self.widget = widgets.Image(format="png", layout=layout)
        self.widget.add_class("perflab-picture")
        self.wear(theme)

    def wear(self, theme: Theme) -> None:
        """Show it in the colours of a theme."""
        self.widget.value = encoded(self._pixels, theme)
