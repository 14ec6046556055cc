"""The positions of a setting's slider: round values over its span, evenly apart on its scale."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator

from perflab.settings import SettingInfo
from perflab.units import digits

_LINEAR = 200
_POWERS = 60
_LEAST = -12
"""The decade in which the smallest values begin that a slider has a position for."""

_DECADE = (
    *(1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 2.8),
    *(3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9),
)
"""What people round to: two digits, and no step wider than a sixth."""

_SIXTIETHS = (
    *(1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9),
    *(10, 12, 14, 15, 16, 18, 20, 22, 25, 30, 35, 40, 45, 50, 55),
)
"""Minutes and hours, in quarters and halves and then whole."""

_DAYS = (
    *(1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 21, 24, 28),
    *(30, 35, 42, 50, 60, 75, 90, 105, 120, 150, 180, 210, 240, 270, 300, 330, 365),
)
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


class SliderScale:
    """What each position of a slider stands for; an optional setting is off past the last one.

    Args:
        info: A number with a span or with bounds on both sides.
    """

    def __init__(self, info: SettingInfo) -> None:
        low, high = span(info) or (0.0, 1.0)
        self._log = info.scale == "log"
        self.values = _values(info, float(low), float(high))
        self.optional = info.optional

    @property
    def last(self) -> int:
        """The slider's highest position."""
        return len(self.values) - 1 + self.optional

    def value(self, position: int) -> float | None:
        """Return what a position stands for; None where that is off."""
        return self.values[position] if position < len(self.values) else None

    def position(self, value: object) -> int:
        """Return the position nearest to a value, which may lie beyond the span."""
        if not isinstance(value, (int, float)):
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


def _values(info: SettingInfo, low: float, high: float) -> list[float]:
    if info.scale == "log":
        start = low if low > 0 else high / 1e6
        values = {low, high, *(v for v in _round_values(info.unit, high) if start <= v <= high)}
    else:
        whole = info.kind is int and high - low <= _LINEAR
        values = {low, high, *_even(low, high, 1.0 if whole else _step(high - low))}
    if info.low == 0:
        values.add(0.0)
    return sorted({round(v) for v in values} if info.kind is int else values)


def _round_values(unit: str, high: float) -> Iterator[float]:
    """Yield the round values up to one, as a unit is counted: in powers of two, by the clock."""
    if unit == "bytes":
        for power in range(_POWERS):
            yield from (2.0**power * quarters / 4 for quarters in (4, 5, 6, 7))
        return
    clock = unit == "seconds"
    for place in range(_LEAST, math.ceil(math.log10(high)) + 1):
        values = (float(digits(digit * 10.0**place, 2)) for digit in _DECADE)
        yield from (value for value in values if not clock or value < _MINUTE)
    if clock:
        yield from (digit * _MINUTE for digit in _SIXTIETHS)
        yield from (digit * _HOUR for digit in _SIXTIETHS if digit * _HOUR < _DAY)
        yield from (digit * _DAY for digit in _DAYS)


def _step(width: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that takes at most 200 steps."""
    power = 10.0 ** math.floor(math.log10(width / _LINEAR))
    fits = (power * digit for digit in (1, 2, 5, 10) if width / (power * digit) <= _LINEAR * 1.001)
    return float(digits(next(fits), 2))


def _even(low: float, high: float, step: float) -> Iterator[float]:
    """Yield the multiples of a step within two bounds."""
    for count in range(math.ceil(low / step), math.floor(high / step * (1 + 1e-9)) + 1):
        yield float(digits(count * step, 12))
