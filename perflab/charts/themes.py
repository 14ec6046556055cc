"""`Theme`: what the colours of `style` are on a light or a dark screen.

A chart is always drawn in the colours of `style`, and a panel turns them into those of the theme in
force, one by one, so that a theme can change without a new drawing. A map's own colours are the
same in both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from matplotlib.colors import to_hex, to_rgb

from perflab.charts import style
from perflab.charts.picture import Plot, SpotLook

Rgb = tuple[float, float, float]


@dataclasses.dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a screen.

    Attributes:
        name: As a page calls it.
        greys: Pairs of a grey as it is drawn and as it is shown, each from 0 to 255, the first of
            them rising; what lies between two is shown between theirs.
        colours: Those that are shown for `style.COLOURS`, in that order.
    """

    name: str
    greys: tuple[tuple[int, int], ...]
    colours: tuple[str, ...]

    @property
    def ink(self) -> str:
        """The colour of texts."""
        return self.of(style.INK)

    @property
    def paper(self) -> str:
        """The colour behind everything."""
        return self.of(style.PAPER)

    def of(self, colour: str) -> str:
        """Return what a colour of `style` is shown as; a map's own stays as it is.

        Args:
            colour: As ``#rrggbb``, or a name that matplotlib knows.
        """
        drawn = to_hex(colour)
        place = _PLACES.get(drawn)
        if place is not None:
            return to_hex(self.colours[place])
        red, green, blue = to_rgb(drawn)
        return to_hex((self.grey(red),) * 3) if red == green == blue else drawn

    def grey(self, drawn: float) -> float:
        """Return what a grey is shown as; both from 0 to 1."""
        before, after = zip(*self.greys, strict=True)
        return float(np.interp(drawn * 255, before, after)) / 255

    def tint(self, place: int, share: float) -> Rgb:
        """Return a colour as it is shown where it covers a share of the paper.

        Args:
            place: Of `style.COLOURS`.
            share: From 0, the paper, to 1, the colour.
        """
        paper, full = np.array(to_rgb(self.paper)), np.array(to_rgb(self.colours[place]))
        red, green, blue = paper + (full - paper) * share
        return float(red), float(green), float(blue)

    def plot(self, plot: Plot) -> Plot:
        """Return a plot as a page reads it, with its curves and marks as they are shown."""
        if plot["cells"] is not None:
            return plot
        return {
            **plot,
            "curves": [{**curve, "colour": self.of(curve["colour"])} for curve in plot["curves"]],
            "looks": self._looks(plot["looks"]),
        }

    def _looks(self, looks: Mapping[str, SpotLook]) -> dict[str, SpotLook]:
        return {
            kind: {
                **look,
                "face": None if look["face"] is None else self.of(look["face"]),
                "edge": self.of(look["edge"]),
            }
            for kind, look in looks.items()
        }


_PLACES = {colour.lower(): place for place, colour in enumerate(style.COLOURS)}

LIGHT = Theme("light", ((0, 0), (255, 255)), style.COLOURS)
DARK = Theme(
    "dark",
    # Black, ink, quiet text, edges, the grid and the paper, which is JupyterLab's own.
    ((0, 255), (0x22, 0xE8), (0x6B, 0xAB), (0xB5, 0x55), (0xE6, 0x2B), (0xFF, 0x11)),
    ("#4BA9E6", "#F58A4B", "#2FC497", "#DE97BD", "#F0B73A", "#7CC8F2", "#C7A53F"),
)
"""Of the same hues as the light one, and the same colours as a report has on a dark screen."""
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
