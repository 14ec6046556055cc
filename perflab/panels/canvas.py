"""`BlitCanvas`: a matplotlib figure blitted into one `ipywidgets.Image`."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from perflab.charts import style
from perflab.charts.heat_map import map_colours
from perflab.charts.marks import MOVES
from perflab.panels.byte_budget import ByteBudget
from perflab.panels.pointer import PointerLayer, Steering
from perflab.panels.pointer.layer import Charted
from perflab.settings import Settings

_TINTS = 14
_GREYS = 30
_READ_SECONDS = 0.5
"""The least time between two messages with the numbers of a live picture that is pointed at."""


class BlitCanvas:
    """Draws a figure's moving artists over its kept background, and sends one small PNG.

    The palette is fixed: each colour of the charts in steps down to white, greys and the map's
    shades. Mapping to
    it costs a quarter of the time of a true-colour PNG and half its bytes. Safe to use from
    several threads.

    Over it lies a layer that answers the pointer. While a page shows that, what moves in it is
    left to it: marks that `charts.marks` calls moving are in its numbers and not in the picture.

    Args:
        figure: At any resolution; its animated artists are what `draw` is given.
        widest: The most CSS pixels at which it is shown; it fills the room up to there.
        again: Draws what is shown once more; called when a page begins to show the layer.

    Attributes:
        image: The picture.
        layer: What lies over it.
        widget: The two, one over the other.
        budget: What its pictures are taken off; shared by all of a panel.
    """

    def __init__(
        self, figure: Figure, widest: int, again: Callable[[], None] | None = None
    ) -> None:
        self.figure = figure
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
            picture = self._paint(shown, full=full)
            if picture != self.image.value:
                self.image.value = picture
                self.budget.spend(len(picture))
            self._bare = left_out
        self.tell(charts, now)

    def whole(self, artists: Iterable[Artist]) -> bytes:
        """Return the picture as PNG with all of these, also what is left to the layer."""
        with self._lock:
            return self._paint(artists, full=False)

    def tell(self, charts: Sequence[Charted], now: Settings | None = None) -> None:
        """Send the layer its numbers, and no picture."""
        if charts and self.layer.ready:
            with self._lock:
                self.layer.show(self.figure, charts, now, self._steering)

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

    def _paint(self, artists: Iterable[Artist], *, full: bool) -> bytes:
        if full or self._background is None:
            self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(self.figure.bbox)
        else:
            self._canvas.restore_region(self._background)
        for artist in artists:
            if artist.axes is not None:
                artist.axes.draw_artist(artist)
        return _encode(self._canvas)


def still_image(figure: Figure, widest: int) -> widgets.Image:
    """Return a picture of a figure that is drawn once.

    Args:
        figure: At any resolution.
        widest: The most CSS pixels at which it is shown; it fills the room up to there.
    """
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    layout = widgets.Layout(width="100%", max_width=f"{widest}px")
    return widgets.Image(value=_encode(canvas), format="png", layout=layout)


def _encode(canvas: Any) -> bytes:
    pixels = np.asarray(canvas.buffer_rgba())
    height, width = pixels.shape[:2]
    picture = Image.frombuffer("RGBA", (width, height), pixels, "raw", "RGBA", 0, 1)
    indexed = picture.convert("RGB").quantize(palette=_palette(), dither=Image.Dither.NONE)
    file = io.BytesIO()
    indexed.save(file, "png", compress_level=1)
    return file.getvalue()


@cache
def _palette() -> Image.Image:
    """Return an image whose palette holds the charts' colours, their tints, greys and the map's."""
    white = np.ones(3)
    rows = [white * step for step in np.linspace(0, 1, _GREYS)]
    for colour in style.COLOURS:
        full = np.array(to_rgb(colour))
        rows += [
            white + (full - white) * share for share in np.linspace(1, 0, _TINTS, endpoint=False)
        ]
    rows += list(map_colours()(np.linspace(0, 1, style.MAP_SHADES))[:, :3])
    ink = np.array(to_rgb(style.MAP_INK))
    rows += [shade + (ink - shade) / 2 for shade in map_colours()(np.linspace(0, 1, 9))[:, :3]]
    for colour in (style.GRID, style.QUIET, style.INK, style.BAD, style.MAP_INK):
        rows.append(np.array(to_rgb(colour)))
    values = np.round(np.array(rows) * 255).astype(np.uint8)
    holder = Image.new("P", (1, 1))
    holder.putpalette(values.tobytes())
    return holder
