"""`share_picture`: how much of the mean latency each stage of a service takes, as one bar."""

from __future__ import annotations

from collections.abc import Sequence

from perflab.charts.service.nodes import Share, shares_of
from perflab.charts.service.sheet import Drawn, Sheet, reach_of
from perflab.charts.style import LABEL_SIZE, QUIET
from perflab.service import ServicePrediction
from perflab.units import in_words, percent

_EDGE = 8.0
"""CSS pixels, as all lengths here."""
_TOP, _BAR, _LINE = 26.0, 24.0, 18.0
_SQUARE, _AFTER = 10.0, 18.0
_GAP = 1.0


def share_picture(prediction: ServicePrediction, width: int = 890, scale: float = 2.0) -> Drawn:
    """Return the mean latency of a service as one bar, parted by its stages.

    Each part is named below the bar with its share, in the order in which requests meet them. An
    estimate from a sample is faint.

    Args:
        prediction: Of the service.
        width: In CSS pixels, at least 280.
        scale: Device pixels for one CSS pixel.
    """
    shares = shares_of(prediction)
    mean = in_words(prediction.metrics["latency_seconds_mean"], "seconds")
    named = [f"{each.title} {percent(each.share)}" for each in shares]
    places, rows = _places(named, width)
    height = round(_TOP + _BAR + rows * _LINE + 1.5 * _EDGE)
    sheet = Sheet(width, height, scale, faint=prediction.sampled < 1)
    sheet.text(_EDGE, _TOP / 2, f"Mean latency {mean}, by stage", size=LABEL_SIZE, bold=True)
    _bar(sheet, shares)
    for each, name, (x, row) in zip(shares, named, places, strict=True):
        y = _TOP + _BAR + _EDGE + (row + 0.5) * _LINE
        sheet.block(x, y - _SQUARE / 2, _SQUARE, _SQUARE, each.colour)
        sheet.text(x + _SQUARE + 5, y, name)
    return Drawn(sheet.figure, f"Mean latency {mean}: {', '.join(named)}.")


def _bar(sheet: Sheet, shares: Sequence[Share]) -> None:
    """Draw the parts beside each other, a thin one still as a line."""
    whole = sheet.width - 2 * _EDGE
    total = sum(each.share for each in shares)
    if total <= 0:
        sheet.block(_EDGE, _TOP, whole, _BAR, QUIET)
        return
    x = _EDGE
    for each in shares:
        wide = whole * each.share / total
        sheet.block(x, _TOP, max(wide - _GAP, min(wide, _GAP)), _BAR, each.colour)
        x += wide


def _places(named: Sequence[str], width: int) -> tuple[list[tuple[float, int]], int]:
    """Return where each name begins, x and row, and how many rows there are."""
    x, row = _EDGE, 0
    places = []
    for name in named:
        reach = _SQUARE + 5 + reach_of(name)
        if x > _EDGE and x + reach > width - _EDGE:
            x, row = _EDGE, row + 1
        places.append((x, row))
        x += reach + _AFTER
    return places, row + 1
