"""`Served`: starts and durations as an importer finds them, in any order."""

from __future__ import annotations

import math
from array import array

import numpy as np

from perflab.errors import BadInputError
from perflab.workloads.importers.moments import is_number, parse_moment
from perflab.workloads.importers.skipped import Skipped
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.time_units import (
    UNITS,
    in_seconds,
    seconds_note,
    settled,
    unit_notes,
)
from perflab.workloads.kinds.arrivals import Arrivals

MOST_SECONDS = 1e11


class Served:
    """Collects requests; what cannot be is skipped and counted.

    Args:
        source: The file.
        what: What its lines should be, for the error.
        advice: What to do where they are not.
    """

    def __init__(self, source: Source, what: str, advice: str) -> None:
        self._source = source
        self._what = what
        self._advice = advice
        self._starts = array("d")
        self._durations = array("d")
        self._skipped = Skipped()
        self._scaled = array("d")
        self._numbers = 0

    def seconds(self, text: str) -> float:
        """Return what `seconds_of` does; a number too great for seconds is scaled, and counted.

        Raises:
            ValueError: If it is neither a number nor a date.
        """
        unit = self._source.time_unit
        found = seconds_of(text, unit)
        self._numbers += is_number(text)
        if unit is not None:
            return found
        if not found >= MOST_SECONDS:
            return found
        self._scaled.append(found)
        return float(in_seconds(np.array([found]))[0])

    def add(self, line: int, text: str, start: float, duration: float) -> None:
        """Take one request, or skip its line if a value cannot be; NaN is a duration not known."""
        if not 0 <= start < MOST_SECONDS or duration < 0 or math.isinf(duration):
            self.skip(line, text)
            return
        self._starts.append(start)
        self._durations.append(duration)

    def skip(self, line: int, text: str) -> None:
        """Count a line that could not be read."""
        self._skipped.add(line, text)

    def finish(self, lines: int, notes: tuple[str, ...] = ()) -> Arrivals:
        """Return the requests in order of their start.

        Args:
            lines: How many lines were looked at.
            notes: What else there is to say.

        Raises:
            BadInputError: If there is none, or more than half of the lines were skipped.
        """
        place = self._source.place
        self._skipped.refuse_if_most(lines, self._what, self._advice, place)
        if not len(self._starts):
            raise BadInputError(f"has no {self._what}; {self._advice}", place)
        starts = np.array(self._starts)
        durations = np.array(self._durations)
        order = np.argsort(starts, kind="stable")
        known = None if np.isnan(durations).all() else durations[order]
        unit = self._source.time_unit
        of_unit = unit_notes(np.array(self._scaled), place)
        if unit:
            of_unit = settled(starts, place, unit)[1]
        elif self._numbers and not of_unit:
            of_unit = seconds_note(starts)
        said = (*self._skipped.notes(lines), *notes, *of_unit)
        return Arrivals(self._source.stem, starts[order], known, notes=said)


def seconds_of(text: str, unit: str | None = None) -> float:
    """Return a number of seconds, or the seconds since 1970 of a date (UTC where unsaid).

    Args:
        text: The number or date.
        unit: The unit of a number, where it is known.

    Raises:
        ValueError: If it is neither.
    """
    try:
        return float(text) / (UNITS[unit] if unit else 1.0)
    except ValueError:
        found = parse_moment(text)
    if math.isnan(found):
        raise ValueError(text)
    return found
