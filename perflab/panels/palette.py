"""`encoded`: pixels as a small PNG in a fixed palette, whose colours are those of a theme.

The palette holds each colour of the charts in steps down to the paper, and greys. Mapping to it
costs a quarter of the time of a true-colour PNG and half its bytes. Pixels are found by how they
are drawn, and shown as the theme has them. Those of a map have entries of their own, which are the
same in every theme.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_rgb
from PIL import Image

from perflab.charts import style
from perflab.charts.heat_map import map_colours
from perflab.charts.themes import LIGHT, Rgb, Theme

_TINTS = 14
_GREYS = 30
_MAP_RAMP = 16
_MAP_TINTS = 4
_MOST = 256

Pixels = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels from the upper left corner."""


def encoded(pixels: Pixels, theme: Theme = LIGHT, maps: Sequence[Box] = ()) -> bytes:
    """Return a picture as PNG.

    Args:
        pixels: Shape ``(height, width, 4)``, as it is drawn; opaque.
        theme: What its colours are shown as.
        maps: Where it shows a map.
    """
    height, width = pixels.shape[:2]
    drawn = Image.frombuffer("RGBA", (width, height), pixels, "raw", "RGBA", 0, 1).convert("RGB")
    indexed = drawn.quantize(palette=_of_charts(), dither=Image.Dither.NONE)
    for box in maps:
        inner = drawn.crop(box).quantize(palette=_of_maps(), dither=Image.Dither.NONE)
        indexed.paste(inner.point([*_behind_charts()]), box)
    indexed.putpalette(_shown(theme))
    file = io.BytesIO()
    indexed.save(file, "png", compress_level=1)
    return file.getvalue()


def _chart_rows(theme: Theme) -> list[Rgb]:
    greys = [theme.grey(step) for step in np.linspace(0, 1, _GREYS)]
    greys += [theme.grey(to_rgb(grey)[0]) for grey in (style.GRID, style.QUIET, style.INK)]
    shares = np.linspace(1, 0, _TINTS, endpoint=False)
    tints = [theme.tint(place, share) for place in range(len(style.COLOURS)) for share in shares]
    return [*((grey, grey, grey) for grey in greys), *tints]


def _map_rows(theme: Theme) -> list[Rgb]:
    """Return the colours in a map: its own, those of marks, and what is behind unknown cells."""
    ink, paper = np.array(to_rgb(style.MAP_INK)), np.array(to_rgb(style.MAP_PAPER))
    shades = map_colours()(np.linspace(0, 1, style.MAP_SHADES))[:, :3]
    coarse = map_colours()(np.linspace(0, 1, 9))[:, :3]
    rows = [*shades, *(coarse + (ink - coarse) / 2)]
    rows += [paper + (ink - paper) * share for share in np.linspace(0, 1, _MAP_RAMP)]
    shares = np.linspace(1, 0, _MAP_TINTS, endpoint=False)
    rows += [LIGHT.tint(place, share) for place in range(len(style.COLOURS)) for share in shares]
    rows += [(theme.grey(grey),) * 3 for grey in (1.0, 0.95, to_rgb(style.GRID)[0])]
    return [(float(red), float(green), float(blue)) for red, green, blue in rows]


@cache
def _of_charts() -> Image.Image:
    return _holder(_chart_rows(LIGHT))


@cache
def _of_maps() -> Image.Image:
    return _holder(_map_rows(LIGHT))


@cache
def _behind_charts() -> Sequence[int]:
    """Return by its place among a map's colours the place of a colour among all."""
    first = len(_chart_rows(LIGHT))
    return [min(first + place, _MOST - 1) for place in range(_MOST)]


@cache
def _shown(theme: Theme) -> bytes:
    return _bytes([*_chart_rows(theme), *_map_rows(theme)])


def _holder(rows: Sequence[Rgb]) -> Image.Image:
    # What is left of 256 places repeats the first, which is found before them.
    holder = Image.new("P", (1, 1))
    holder.putpalette(_bytes([*rows, *[rows[0]] * (_MOST - len(rows))]))
    return holder


def _bytes(rows: Sequence[Rgb]) -> bytes:
    return np.round(np.array(rows) * 255).astype(np.uint8).tobytes()
