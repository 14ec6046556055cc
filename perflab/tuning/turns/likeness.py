"""`unlike_the_whole`: whether turns ran a part of a workload that is like all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from perflab.instrumentation.catalog import metric
from perflab.tuning.lookup import Lookup
from perflab.tuning.points import Point
from perflab.tuning.search import Search
from perflab.units import counted

_STATE = "hit_rate"
"""The metric that tells whether what a pattern keeps is there yet."""
_POINTS = 0.02


def unlike_the_whole(
    search: Search,
    lookup: Lookup,
    points: Mapping[str, Point],
    ran: Callable[[str], slice | None],
) -> str:
    """Return that turns were too short for a cache to fill, in a sentence; empty where they were.

    While it fills, a large one is as good as a small one. So the hit rate that is predicted for
    the requests that were run is compared with the one for all of them.

    Args:
        search: What was looked for.
        lookup: Predicts.
        points: The contenders.
        ran: Returns which requests a contender's turns ran; none for all of them.
    """
    info = metric(_STATE)
    for name, point in points.items():
        whole, part = point["metrics"].get(_STATE), ran(name)
        if whole is None or part is None:
            continue
        found = lookup.at(search.tuned(point), part)
        there = None if found is None else found["metrics"].get(_STATE)
        if there is not None and abs(there - whole) > _POINTS:
            return (
                f"These turns say little about the whole workload: with {search.write(point)} they "
                f"ran {counted(part.stop - part.start, 'request')}, for which the predicted "
                f"{info.plain} is {info.format(there)}, against {info.format(whole)} for all of "
                "it; longer turns or a larger budget say more."
            )
    return ""
