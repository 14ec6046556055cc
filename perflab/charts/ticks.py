"""Axes as people read them: 10k and 1M, 30 % and 250 µs, 512 MiB and 6 h."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from perflab.charts.style import css_height, css_width, literal
from perflab.currency import currency
from perflab.units import bare, on_axis

_SECONDS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
_BYTES = (
    ("GiB", float(2**30)),
    ("MiB", float(2**20)),
    ("KiB", float(2**10)),
    ("bytes", 1.0),
)
_LONG_TIMES = (1.0, 10.0, 60.0, 600.0, 3600.0, 21600.0, 86400.0, 604800.0, 2592000.0, 31536000.0)
_CLOCK = (("days", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))
_FEW = 3.0
_CLOCK_STEPS = (
    *(digit * unit for unit in (1.0, 60.0) for digit in (1, 2, 5, 10, 15, 30)),
    *(hours * 3600.0 for hours in (1, 2, 3, 6, 12)),
    *(days * 86400.0 for days in (1, 2, 5, 7, 10, 15, 30, 50, 60, 100, 200, 365, 730, 1825)),
)
_MOST = 6
_WIDEST = 42
"""CSS pixels of a tick that carries its unit."""
_TALLEST = 22
"""CSS pixels from one tick to the next above it."""
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def set_ticks(
    axis: Axis, label: str, unit: str, low: float, high: float, *, log: bool, most: int = _MOST
) -> None:
    """Set scale-fitting ticks and a label that names the unit.

    Args:
        axis: Its scale is set by whoever owns the limits.
        label: What it shows, without the unit.
        unit: ``ratio``, ``seconds``, ``bytes`` or what is counted.
        low: The lower limit.
        high: The upper limit.
        log: Whether the scale is logarithmic.
        most: The most ticks.
    """
    if log:
        values = log_ticks(low, high, unit, most)
        axis.set_major_locator(FixedLocator(values))
        axis.set_major_formatter(FuncFormatter(lambda value, _: on_axis(value, unit)))
        shown = "" if unit in ("seconds", "bytes", "ratio", "") else unit
    else:
        shown, factor = axis_unit(unit, high)
        values = linear_ticks(low / factor, high / factor, most)
        axis.set_major_locator(FixedLocator([value * factor for value in values]))
        percent = " %" if unit == "ratio" else ""
        axis.set_major_formatter(FuncFormatter(lambda v, _: bare(v / factor) + percent))
    axis.set_minor_locator(NullLocator())
    shown = currency() or shown if unit == "currency" else shown
    # "connections open" and "entries held" name what they count.
    axis.set_label_text(literal(f"{label} ({shown})" if shown and shown not in label else label))


def set_time_ticks(axis: Axis, label: str, high: float, most: int = 8) -> None:
    """Set ticks from 0 to some seconds at round minutes, hours or days, named in the label."""
    if high < _FEW:
        set_ticks(axis, label, "seconds", 0.0, high, log=False, most=most)
        return
    unit, factor = next(step for step in _CLOCK if high >= step[1] * _FEW)
    axis.set_major_locator(FixedLocator(clock_ticks(high, most)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: bare(value / factor)))
    axis.set_minor_locator(NullLocator())
    axis.set_label_text(literal(f"{label} ({unit})"))


def clock_ticks(high: float, most: int) -> list[float]:
    """Return times from 0 to some seconds, round ones of a clock, with at most so many steps."""
    step = next((step for step in _CLOCK_STEPS if high / step <= most), _CLOCK_STEPS[-1])
    return [place * step for place in range(int(high / step) + 1)]


def most_across(axes: Axes, unit: str) -> int:
    """Return how many ticks of a unit have room beside each other under axes."""
    return min(_MOST, int(css_width(axes) / _WIDEST)) if unit in ("seconds", "bytes") else _MOST


def most_up(axes: Axes) -> int:
    """Return how many ticks have room above each other beside axes."""
    return max(2, min(_MOST, int(css_height(axes) / _TALLEST)))


def axis_unit(unit: str, high: float) -> tuple[str, float]:
    """Return the unit in which a linear axis up to `high` is written, and its factor."""
    if unit == "ratio":
        return "", 0.01
    if unit in ("seconds", "bytes"):
        steps = _SECONDS if unit == "seconds" else _BYTES
        return next((step for step in steps if high >= step[1]), steps[-1])
    return unit, 1.0


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most so many round values between two limits."""
    rough = (high - low) / max(1, most - 1)
    if rough <= 0 or not math.isfinite(rough):
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]


def log_ticks(low: float, high: float, unit: str, most: int) -> list[float]:
    """Return at most so many round values between two limits, evenly apart on a log scale."""
    if unit == "bytes":
        values = _powers(low, high, 2.0, (1, 2, 3, 5, 10), most)
    elif unit == "seconds":
        values = [value for value in _long_and_short(low, high) if low <= value <= high]
        values = values[:: -(-len(values) // most)] if values else []
    else:
        values = _powers(low, high, 10.0, (1, 2, 3, 4), most)
    if len(values) > 1:
        return values
    if unit == "bytes":
        doublings = range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)
        fine = [part * 2.0**place for place in doublings for part in (1, 1.25, 1.5, 1.75)]
        kept = [value for value in fine if low <= value <= high]
        return kept[:: max(1, -(-len(kept) // most))]
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 5) if high < low * 1000 else (1,)
    fine = [digit * 10.0**decade for decade in decades for digit in digits]
    kept = [value for value in fine if low * 0.999 <= value <= high * 1.001]
    return kept[:: max(1, -(-len(kept) // (most + 3)))]


def _powers(
    low: float, high: float, base: float, strides: tuple[int, ...], most: int
) -> list[float]:
    first = math.ceil(math.log(low, base) - 1e-9)
    last = math.floor(math.log(high, base) + 1e-9)
    for stride in strides:
        places = [place for place in range(first, last + 1) if place % stride == 0]
        if len(places) <= most:
            return [base**place for place in places]
    return [base**place for place in places[:: -(-len(places) // most)]]


def _long_and_short(low: float, high: float) -> list[float]:
    below = math.floor(math.log10(min(low, 1.0)))
    decades = [10.0**place for place in range(below, 0)]
    tens = [10.0**place for place in range(1, 9)] if high < 60 else []
    return sorted({*decades, *(tens or _LONG_TIMES), 1.0})
