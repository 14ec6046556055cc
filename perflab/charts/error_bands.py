"""`ErrorBands`: the bands around lines that say how far a sampled answer may be off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection

from perflab.lab.row_table import Numbers

_ALPHA = 0.22

Lines = Mapping[str, tuple[Sequence[float], Sequence[float]]]
"""By label, the places of a line and its values there."""


class ErrorBands:
    """A band for each line that has edges, in the line's colour; its artists are made once.

    Args:
        axes: The chart's.
        animated: Leave them out of a full draw, for blitting.
    """

    def __init__(self, axes: Axes, *, animated: bool) -> None:
        self._axes, self._animated = axes, animated
        self._bands: dict[str, FillBetweenPolyCollection] = {}

    @property
    def artists(self) -> list[FillBetweenPolyCollection]:
        """The bands that are shown."""
        return list(self._bands.values())

    def update(self, lines: Lines, colours: Mapping[str, str]) -> None:
        """Show the bands of other lines: of those with edges `low` and `high` that differ."""
        edges = {label: edges_of(line) for label, line in lines.items()}
        wide = {label: both for label, both in edges.items() if both is not None}
        for label in [label for label in self._bands if label not in wide]:
            self._bands.pop(label).remove()
        for label, (low, high) in wide.items():
            data = [np.asarray(lines[label][0], float), low, high]
            band = self._bands.get(label)
            if band is None:
                self._bands[label] = self._made(data, colours[label])
            else:
                band.set_data(*data)

    def _made(self, data: Sequence[Numbers], colour: str) -> FillBetweenPolyCollection:
        band = FillBetweenPolyCollection(
            "x",
            *data,
            facecolor=colour,
            edgecolor="none",
            alpha=_ALPHA,
            zorder=1.5,
            animated=self._animated,
        )
        self._axes.add_collection(band, autolim=False)
        return band


def edges_of(line: object) -> tuple[Numbers, Numbers] | None:
    """Return the lower and the upper edge of a line's band; None where it has none to draw."""
    low = np.asarray(getattr(line, "low", ()), float)
    high = np.asarray(getattr(line, "high", ()), float)
    return (low, high) if len(low) > 1 and bool(np.any(low != high)) else None
