"""`ErrorBands`: the bands around lines that say how far a sampled answer may be off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection

_ALPHA = 0.22


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

    def update(self, lines: Mapping[str, Any], colours: Mapping[str, str]) -> None:
        """Show the bands of other lines: of those with edges `low` and `high` that differ."""
        wide = {label: line for label, line in lines.items() if _is_wide(line)}
        for label in [label for label in self._bands if label not in wide]:
            self._bands.pop(label).remove()
        for label, line in wide.items():
            data = [np.asarray(values, float) for values in (line[0], line.low, line.high)]
            band = self._bands.get(label)
            if band is None:
                self._bands[label] = self._made(data, colours[label])
            else:
                band.set_data(*data)

    def _made(self, data: list[Any], colour: str) -> FillBetweenPolyCollection:
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


def _is_wide(line: Any) -> bool:
    low, high = getattr(line, "low", ()), getattr(line, "high", ())
    return len(low) > 1 and bool(np.any(np.asarray(low) != np.asarray(high)))
