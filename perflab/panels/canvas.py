"""`BlitCanvas`: a matplotlib figure blitted into one `ipywidgets.Image`."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
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

_TINTS = 14
_GREYS = 30


class BlitCanvas:
    """Draws a figure's moving artists over its kept background, and sends one small PNG.

    The palette is fixed: each colour of the charts in steps down to white, greys and the map's
    shades. Mapping to
    it costs a quarter of the time of a true-colour PNG and half its bytes. Safe to use from
    several threads.

    Args:
        figure: At any resolution; its animated artists are what `draw` is given.
        widest: The most CSS pixels at which it is shown; it fills the room up to there.
    """

    def __init__(self, figure: Figure, widest: int) -> None:
        self.figure = figure
        self.image = widgets.Image(
            format="png", layout=widgets.Layout(width="100%", max_width=f"{widest}px")
        )
        self._canvas: Any = FigureCanvasAgg(figure)
        self._background: object = None
        self._lock = threading.Lock()

    def draw(self, artists: Iterable[Artist], *, full: bool = False) -> None:
        """Show the figure with these artists where they are now.

        Args:
            artists: What moves, in drawing order.
            full: Draw axes, ticks and legends again too, since they changed.
        """
        with self._lock:
            if full or self._background is None:
                self._canvas.draw()
                self._background = self._canvas.copy_from_bbox(self.figure.bbox)
            else:
                self._canvas.restore_region(self._background)
            for artist in artists:
                if artist.axes is not None:
                    artist.axes.draw_artist(artist)
            picture = self._encode()
            if picture != self.image.value:
                self.image.value = picture

    def _encode(self) -> bytes:
        pixels = np.asarray(self._canvas.buffer_rgba())
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
