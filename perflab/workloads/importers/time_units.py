"""Times that count in other units than seconds, or from another year, told by their size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.units import exact, grouped

Floats = npt.NDArray[np.float64]

# Seconds since 1970 below this are of before March 1973.
_EPOCH_FROM = 1e8
_MANY = 0.1
_SINCE_1970 = " since 1970"
# From 1601 and from the year 1 to 1970.
_WINDOWS_SECONDS = 11_644_473_600.0
_YEAR_1_SECONDS = 62_135_596_800.0


def _counted(times: Floats, per_second: float, before: float = 0.0) -> Floats:
    return times / per_second - before


def _written(times: Floats) -> Floats:
    """Return the seconds of ``20240610061320``; what is no date in such digits is milliseconds."""
    year, month, day = times // 1e10, times // 1e8 % 100, times // 1e6 % 100
    hour, minute, second = times // 1e4 % 100, times // 100 % 100, times % 100
    is_date = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    is_date &= (hour < 24) & (minute < 60) & (second < 61)
    months = np.where(is_date, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.float64) + day - 1
    return np.where(is_date, 86400 * days + 3600 * hour + 60 * minute + second, times / 1e3)


# Seconds reach the first in the year 5138, milliseconds the first microseconds in 5138, and so on.
# Where others begin that programs write, these would be of years in which nobody logged.
_MS, _US, _NS = (partial(_counted, per_second=unit) for unit in (1e3, 1e6, 1e9))
_KINDS: tuple[tuple[str, float, Callable[[Floats], Floats]], ...] = (
    (f"ms{_SINCE_1970}", 1e11, _MS),
    ("dates of 14 digits, in UTC", 1.97e13, _written),
    (f"ms{_SINCE_1970}", 2.1e13, _MS),
    (f"µs{_SINCE_1970}", 1e14, _US),
    ("µs since 1601", 1.1644e16, partial(_counted, per_second=1e6, before=_WINDOWS_SECONDS)),
    (f"µs{_SINCE_1970}", 1.6e16, _US),
    (f"ns{_SINCE_1970}", 1e17, _NS),
    ("100 ns since 1601", 1.1644e17, partial(_counted, per_second=1e7, before=_WINDOWS_SECONDS)),
    (f"ns{_SINCE_1970}", 2.5e17, _NS),
    ("100 ns since year 1", 6.3e17, partial(_counted, per_second=1e7, before=_YEAR_1_SECONDS)),
    (f"ns{_SINCE_1970}", 6.6e17, _NS),
)
_SCALED_FROM = _KINDS[0][1]

# How many of a unit are a second, by the word for it.
UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_SHOWN = {"us": "µs"}


def settled(
    times: Floats, place: str, unit: str | None = None, *, dated: bool = False
) -> tuple[Floats, tuple[str, ...]]:
    """Return times in seconds, and the note on their unit.

    Args:
        times: As the file has them, or in seconds where a unit was known when they were read.
        place: The file, for the error.
        unit: The unit that numbers were read in, one of `UNITS`.
        dated: Whether the file has dates, whose unit needs no note.

    Raises:
        BadInputError: As `unit_notes` does.
    """
    if unit is None:
        said = unit_notes(times, place)
        return in_seconds(times), said if said or dated else seconds_note(times)
    named = _SHOWN.get(unit, unit)
    found = f"dates; the unit {named} has no effect" if dated else f"{named}{_since(times)}"
    return times, (f"times: {found}",)


def seconds_note(times: Floats) -> tuple[str, ...]:
    """Return the note on times that are read as seconds, for lack of another unit."""
    return (f"times: read as s{_since(times)}",) if len(times) else ()


def _since(times: Floats) -> str:
    is_since = _EPOCH_FROM <= np.nanmin(times, initial=np.inf) < np.inf
    return " since 1970" if is_since else ", relative"


def in_seconds(times: Floats) -> Floats:
    """Return times in seconds; each that is too great for seconds since 1970 is scaled."""
    if not len(times) or not np.nanmax(times, initial=0.0) >= _SCALED_FROM:
        return times
    scaled = times.copy()
    for _, where, convert in _bands(times):
        scaled[where] = convert(times[where])
    return scaled


def unit_notes(times: Floats, place: str) -> tuple[str, ...]:
    """Return in which units times are that `in_seconds` scales; nothing where all are seconds.

    Args:
        times: As the file has them.
        place: The file, for the error.

    Raises:
        BadInputError: If they count from a start of their own, in a unit that only the later ones
            are great enough to show.
    """
    finite = times[np.isfinite(times) & (times >= 0)]
    scaled = np.count_nonzero(finite >= _SCALED_FROM)
    if len(finite) and finite.min() < _EPOCH_FROM and scaled >= max(2, _MANY * len(finite)):
        text = (
            f"the times go from {exact(finite.min())} to {exact(finite.max())}, which no unit "
            "since 1970 explains; name the unit with --time-unit, such as --time-unit ms"
        )
        raise BadInputError(text, place)
    counts: Counter[str] = Counter()
    for word, where, _ in _bands(times):
        counts[word] += int(np.count_nonzero(where))
    if not counts:
        return ()
    if counts.total() == len(times) and len(counts) == 1:
        return (f"times: read as {next(iter(counts))}",)
    rest = " and the others as seconds" if counts.total() < len(times) else ""
    found = ", ".join(
        f"{grouped(count)} as {word.removesuffix(_SINCE_1970)}" for word, count in counts.items()
    )
    return (f"times: read {found}{rest}{_SINCE_1970}",)


def _bands(
    times: Floats,
) -> list[tuple[str, npt.NDArray[np.bool_], Callable[[Floats], Floats]]]:
    """Return which of some times are of each kind that there is, and what makes them seconds."""
    ends = [*(start for _, start, _ in _KINDS[1:]), np.inf]
    bands = (
        (word, (times >= start) & (times < end), convert)
        for (word, start, convert), end in zip(_KINDS, ends, strict=True)
    )
    return [band for band in bands if band[1].any()]
