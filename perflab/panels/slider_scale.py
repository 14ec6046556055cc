"""The positions of a setting's slider: round values over its span, evenly apart on its scale."""

from __future__ import annotations

import bisect
import math
from typing import Any

from perflab.settings import SettingInfo
from perflab.units import digits

_A_DECADE = 24
_LINEAR = 200
_APART = 1.06
_ANCHORS = (
    *(digit * unit for unit in (1.0, 60.0) for digit in (1, 2, 5, 10, 15, 30)),
    *(hours * 3600.0 for hours in (1, 2, 6, 12, 24, 48, 168, 336, 720)),
)
_UNITS = {
    "seconds": (86400.0, 3600.0, 60.0, 1.0, 1e-3, 1e-6, 1e-9),
    "bytes": (2.0**40, 2.0**30, 2.0**20, 2.0**10, 1.0),
}


class SliderScale:
    """What each position of a slider stands for; an optional setting is off past the last one.

    Args:
        info: A number with a span or with bounds on both sides.
    """

    def __init__(self, info: SettingInfo) -> None:
        low, high = span(info) or (0.0, 1.0)
        self._log = info.scale == "log"
        self.values: list[Any] = _values(info, float(low), float(high))
        self.optional = info.optional

    @property
    def last(self) -> int:
        """The slider's highest position."""
        return len(self.values) - 1 + self.optional

    def value(self, position: int) -> float | int | None:
        """Return what a position stands for; None where that is off."""
        return self.values[position] if position < len(self.values) else None

    def position(self, value: float | None) -> int:
        """Return the position nearest to a value, which may lie beyond the span."""
        if value is None:
            return self.last
        place = bisect.bisect_left(self.values, value)
        if place in (0, len(self.values)):
            return min(place, len(self.values) - 1)
        below, above = self.values[place - 1], self.values[place]
        if self._log and below > 0:
            return place - int(value / below < above / value)
        return place - int(value - below < above - value)


def span(info: SettingInfo) -> tuple[float, float] | None:
    """Return the values that a slider covers; None where the setting has no bounds for one."""
    if info.span is not None:
        return info.span
    return None if info.low is None or info.high is None else (info.low, info.high)


def _values(info: SettingInfo, low: float, high: float) -> list[Any]:
    if info.scale == "log":
        start = low if low > 0 else high / 1e6
        count = max(1, round(_A_DECADE * math.log10(high / start)))
        raw = [start * (high / start) ** (step / count) for step in range(count + 1)]
    else:
        whole = info.kind is int and high - low <= _LINEAR
        count = round(high - low) if whole else _LINEAR
        raw = [low + (high - low) * step / count for step in range(count + 1)]
    most = 2 if info.scale == "log" else 3
    values = {low, high, *(_round(value, info.unit, most) for value in raw)}
    if info.unit == "seconds" and info.scale == "log":
        values = {value for value in values if not _is_near_anchor(value)} | {low, high, *_ANCHORS}
    kept = sorted(value for value in values if low <= value <= high)
    if info.low == 0 and low > 0:
        kept.insert(0, 0.0)
    return sorted({round(value) for value in kept}) if info.kind is int else kept


def _is_near_anchor(value: float) -> bool:
    return any(anchor / _APART < value < anchor * _APART for anchor in _ANCHORS)


def _round(value: float, unit: str, most: int) -> float:
    """Round in the unit that the value is written in, so that its text is short."""
    if value == 0:
        return 0.0
    factor = next((step for step in _UNITS.get(unit, ()) if value >= step * 0.9995), 1.0)
    rounded = float(digits(value / factor, most))
    return float(digits(rounded * factor, 12))
