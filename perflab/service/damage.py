"""What a file of a service's result must hold before anything is drawn or said from it.

Files of results come from other people, too: a number that is missing, no number, or beyond any
that a service has would end in the middle of a report, and not in a sentence that names it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from perflab.errors import BadInputError

_MOST = 1e18
"""No rate, time, size or count of a service is as large."""
_OF_READS = "latency_seconds"
"""What begins so is of reads, and lacks its number where a workload has none."""


def check_metrics(
    metrics: Mapping[str, float], needed: Iterable[str] = (), place: str = "metrics"
) -> None:
    """Refuse metrics that lack a name, or hold a number that a service cannot have.

    Args:
        metrics: By name, as a file holds them.
        needed: The names without which nothing can be said of the result.
        place: What to name where something is wrong.

    Raises:
        BadInputError: If one is missing or too large.
    """
    for name in needed:
        unread = name in metrics and name.startswith(_OF_READS)
        if metrics.get(name) is None and not unread:
            raise BadInputError(f"is damaged: {name} is missing", place)
    for name, value in metrics.items():
        if value is not None and not _plausible(value):
            raise BadInputError(f"is damaged: {name} is not a number of a service", place)


def check_column(name: str, values: Iterable[float], place: str) -> None:
    """Refuse a column of windows that holds what no window has; NaN is a window without requests.

    Args:
        name: The column's.
        values: Its numbers.
        place: What to name where something is wrong.

    Raises:
        BadInputError: If a number is below 0 or too large.
    """
    if not all(math.isnan(value) or 0 <= value <= _MOST for value in values):
        raise BadInputError(f"is damaged: {name} holds a number that no window has", place)


def check_events(events: Iterable[Mapping[str, object]]) -> None:
    """Refuse events of a run that lack a time or words.

    Raises:
        BadInputError: If one does.
    """
    for event in events:
        seconds, words = event.get("seconds"), event.get("words")
        whole = isinstance(seconds, (int, float)) and _plausible(seconds)
        if not whole or not isinstance(words, str):
            raise BadInputError("is damaged: one has no seconds or no words", "events")


def _plausible(value: float) -> bool:
    return not isinstance(value, bool) and (math.isnan(value) or abs(value) <= _MOST)
