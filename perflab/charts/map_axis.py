"""`MapAxis`: a setting's values as the columns or rows of a map, with a place for none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from perflab.charts import style
from perflab.charts.picture import Step
from perflab.charts.ticks import axis_unit, linear_ticks, log_ticks
from perflab.settings import SettingInfo
from perflab.units import bare, on_axis

GAP = 0.3
_TICKS_APART = 1.6

Places = npt.NDArray[np.float64]


class MapAxis:
    """An axis whose cells are equally wide: numbers on the setting's scale, or words.

    A cell's middle is its number in the list; none stands at the end, apart by a gap.

    Args:
        info: Of the setting.
        values: In the order of the cells; none may be the last.
    """

    def __init__(self, info: SettingInfo, values: Sequence[object]) -> None:
        self.info = info
        self.values = list(values)
        self.ends_in_none = None in self.values
        self.known = [value for value in self.values if value is not None]
        self._numbers = [float(value) for value in self.known if isinstance(value, (int, float))]
        self.words = info.kind is bool or bool(info.choices)

    @property
    def blocks(self) -> list[tuple[float, float]]:
        """Where cells lie without a gap between them: from and to."""
        spans = [(-0.5, len(self.known) - 0.5)] if self.known else []
        if self.ends_in_none:
            spans.append((self._none - 0.5, self._none + 0.5))
        return spans

    @property
    def edges(self) -> Places:
        """The cells' edges, the gap before none among them as a cell of its own."""
        return np.array([*np.arange(len(self.known) + 1) - 0.5, *self._none_edges])

    @property
    def steps(self) -> list[Step]:
        """Each cell's value, what it is called, and where its middle is."""
        return [
            {"value": value, "text": self.info.title(value), "place": self.place(value)}
            for value in self.values
        ]

    @property
    def span(self) -> tuple[float, float]:
        """From the first edge to the last."""
        return self.blocks[0][0], self.blocks[-1][1]

    @property
    def _none(self) -> float:
        return len(self.known) + GAP if self.known else 0.0

    @property
    def _none_edges(self) -> list[float]:
        if not self.ends_in_none:
            return []
        after = [self._none + 0.5]
        return [self._none - 0.5, *after] if self.known else after

    def spread(self, values: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.float64]:
        """Put an empty cell where the gap is."""
        if not (self.ends_in_none and self.known):
            return values
        return np.insert(values, len(self.known), np.nan, axis=axis)

    def place(self, value: object) -> float:
        """Return where a value stands, at the nearest end if it lies beyond."""
        if value is None:
            return self.span[1] if not self.ends_in_none else self._none
        if self.words:
            return float(self.known.index(value)) if value in self.known else -0.5
        if not self._numbers or not isinstance(value, (int, float)):
            return self._none
        numbers, number = np.array(self._numbers), float(value)
        if self.info.scale == "log":
            numbers, number = np.log(np.maximum(numbers, 1e-12)), np.log(max(number, 1e-12))
        return float(np.interp(number, numbers, np.arange(len(numbers))))

    def set_ticks(self, axis: Axis, most: int = 6) -> None:
        """Set ticks that people read, and a label that names the unit."""
        places, texts, unit = self._ticks(most)
        if self.ends_in_none:
            apart = [i for i, place in enumerate(places) if self._none - place > _TICKS_APART]
            places = [*(places[i] for i in apart), self._none]
            texts = [*(texts[i] for i in apart), "none"]
        axis.set_major_locator(FixedLocator(places))
        axis.set_major_formatter(FixedFormatter(texts))
        axis.set_minor_locator(NullLocator())
        label = self.info.label.removesuffix(f" ({self.info.unit})")
        axis.set_label_text(style.literal(f"{label} ({unit})" if unit else label))

    def _ticks(self, most: int) -> tuple[list[float], list[str], str]:
        info, known = self.info, self.known
        if self.words or len(self._numbers) < 2:
            return list(map(self.place, known)), list(map(info.title, known)), ""
        low, high = self._numbers[0], self._numbers[-1]
        if info.scale == "log":
            values = log_ticks(max(low, 1e-12), high, info.unit, most)
            carried = info.unit in ("seconds", "bytes", "ratio")
            texts = [on_axis(value, info.unit) for value in values]
            return list(map(self.place, values)), texts, "" if carried else info.unit
        unit, factor = axis_unit(info.unit, high)
        values = linear_ticks(low / factor, high / factor, most)
        percent = " %" if info.unit == "ratio" else ""
        places = [self.place(value * factor) for value in values]
        return places, [f"{bare(value)}{percent}" for value in values], unit
