"""`Served`: starts and durations as an importer finds them, in any order."""

from __future__ import annotations

import datetime as dt
import math
from array import array

import numpy as np

from perflab.errors import BadInputError
from perflab.workloads.importers.skipped import Skipped
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.time_units import in_seconds, unit_notes
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

    def seconds(self, text: str) -> float:
        """Return what `seconds_of` does; a number too great for seconds is scaled, and counted.

        Raises:
            ValueError: If it is neither a number nor a date.
        """
        found = seconds_of(text)
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
        said = (*self._skipped.notes(lines), *notes, *unit_notes(np.array(self._scaled), place))
        return Arrivals(self._source.stem, starts[order], known, notes=said)


def seconds_of(text: str) -> float:
    """Return a number of seconds, or the epoch seconds of an ISO 8601 date (UTC where unsaid).

    Raises:
        ValueError: If it is neither.
    """
    try:
        return float(text)
    except ValueError:
        moment = dt.datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.timestamp()
