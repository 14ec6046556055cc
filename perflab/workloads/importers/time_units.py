"""Times that count in milliseconds, microseconds or nanoseconds since 1970, told by their size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.units import exact, grouped

Floats = npt.NDArray[np.float64]

# Seconds reach the first in the year 5138, milliseconds the second in 5138, and so on.
# Seconds since 1970 below this are of before March 1973.
_EPOCH_FROM = 1e8
_MANY = 0.1
_UNITS = (("ms", 1e11, 1e3), ("µs", 1e14, 1e6), ("ns", 1e17, 1e9))


def in_seconds(times: Floats) -> Floats:
    """Return times in seconds; each that is too great for seconds since 1970 is scaled."""
    if not len(times) or not np.nanmax(times, initial=0.0) >= _UNITS[0][1]:
        return times
    scaled = times
    for _, start, factor in _UNITS:
        scaled = np.where(times >= start, times / factor, scaled)
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
    scaled = np.count_nonzero(finite >= _UNITS[0][1])
    if len(finite) and finite.min() < _EPOCH_FROM and scaled >= max(2, _MANY * len(finite)):
        text = (
            f"the times go from {exact(finite.min())} to {exact(finite.max())}, which no unit "
            "since 1970 explains; divide them so that they are seconds from the first request"
        )
        raise BadInputError(text, place)
    found = []
    for (unit, start, _), end in zip(_UNITS, (1e14, 1e17, np.inf), strict=True):
        count = int(np.count_nonzero((times >= start) & (times < end)))
        if count == len(times) and count:
            return (f"times: read as {unit} since 1970",)
        if count:
            found.append(f"{grouped(count)} as {unit}")
    rest = " and the others as seconds" if found else ""
    return (f"times: read {', '.join(found)}{rest} since 1970",) if found else ()
