"""`reliefs_of`: what would bring a target within reach that no setting reaches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from perflab.instrumentation.catalog import metric
from perflab.tuning.lookup import AnyChange, Lookup
from perflab.tuning.points import NamedPoint, Point, named_point
from perflab.tuning.search import Search, keeps_limits
from perflab.units import percent

_MOST = 95
"""Per cent; who would have to give up more than that is not helped."""
_PATIENCE_SECONDS = 20.0
_PLACES = 4
_STEPS = 6
_CORNERS = 3

Item = TypeVar("Item")
Attempt = Callable[[int], Point | None]


def reliefs_of(search: Search, lookup: Lookup) -> list[NamedPoint]:
    """Return what would do, each computed with the model: the least of each kind.

    They are less load, a shorter service time, more of another setting, and a looser limit; what
    would not do, or means nothing for the pattern, is left out. Each has the settings that then
    reach the target, and what is predicted there.
    """
    found = [*_of_conditions(search, lookup), *_of_settings(search, lookup)]
    return [*found, *_of_limits(search)]


def _of_conditions(search: Search, lookup: Lookup) -> Iterator[NamedPoint]:
    tuning = search.tuning
    slower = f"{tuning.serves} that take {{share}} less time"
    for name, change, words in (
        ("load", tuning.busier, "{share} less load"),
        ("service time", tuning.slower, slower),
    ):
        if change is None:
            continue
        found = _least(_MOST, _under(search, lookup, change))
        if found is not None:
            share, point = found
            said = f"{words.format(share=percent(share / 100))} ({search.write(point)})"
            yield named_point(name, point, said)


def _under(search: Search, lookup: Lookup, change: AnyChange) -> Attempt:
    values = likely_values(search)

    def attempt(share: int) -> Point | None:
        for here in list(values):
            point = lookup.under(change, 1 - share / 100, here)
            if point is None:
                return None
            if _reached(search, point):
                # What does at one share most likely does at the next that is tried.
                values.remove(here)
                values.insert(0, here)
                return point
        return None

    return attempt


def _of_settings(search: Search, lookup: Lookup) -> Iterator[NamedPoint]:
    for key in search.tuning.relieved_by:
        info = lookup.bench.info(key)
        now = getattr(lookup.present.settings, key)
        axis = [*lookup.bench.axis(key, lookup.workload), *([None] if info.optional else [])]
        if now is None:
            continue
        above = [value for value in axis if value is None or value > now]
        below = [value for value in reversed(axis) if value is not None and value < now]
        for values in (above, below):
            found = _nearest(len(values), _with(search, lookup, key, values))
            if found is not None:
                place, point = found
                value = info.in_full(values[place - 1])
                yield named_point(key, point, f"{key} {value} ({search.write(point)})")
                break


def _with(search: Search, lookup: Lookup, key: str, values: Sequence[object]) -> Attempt:
    def attempt(place: int) -> Point | None:
        changed = {key: values[place - 1]}
        settings = lookup.present.settings.change(**changed)
        sweep = lookup.bench.tuning_sweep(lookup.workload, settings)
        corners: list[dict[str, object]] = [changed]
        for name, choices in sweep.items():
            corners = [
                {**corner, name: choice}
                for corner in corners
                for choice in spread(choices, _CORNERS)
            ]
        points = lookup.all_at(corners)
        return next((point for point in points if _reached(search, point)), None)

    return attempt


def _of_limits(search: Search) -> Iterator[NamedPoint]:
    """Yield by how much a limit would have to give way, where that is the only one to do so."""
    for limit in search.limits:
        if limit.metric == search.goal.metric:
            continue
        others = [other for other in search.limits if other is not limit]
        enough = [
            point
            for point in search.points
            if limit.metric in point["metrics"]
            and keeps_limits(point, others)
            and not search.missed([point])
        ]
        if enough:
            nearest = min(enough, key=lambda p: abs(p["metrics"][limit.metric] - limit.value))
            info = metric(limit.metric)
            value = info.format(nearest["metrics"][limit.metric])
            yield named_point("limit", nearest, f"{info.plain} {value} ({search.write(nearest)})")


def _least(most: int, attempt: Attempt) -> tuple[int, Point] | None:
    """Return the least of 1 to `most` at which an attempt succeeds, if it does with the most.

    On a large workload, where attempts take long, it is one that succeeds but not the least.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    point = attempt(most)
    if point is None:
        return None
    low, high = 0, most
    while high - low > 1 and time.monotonic() < until:
        middle = (low + high) // 2
        tried = attempt(middle)
        if tried is None:
            low = middle
        else:
            high, point = middle, tried
    return high, point


def _nearest(most: int, attempt: Attempt) -> tuple[int, Point] | None:
    """Return the least of 1 to `most` at which an attempt succeeds, where more may be too much."""
    until = time.monotonic() + _PATIENCE_SECONDS
    last = 0
    for place in spread(range(1, most + 1), _STEPS):
        point = attempt(place)
        if point is not None:
            found = _least(place - last, lambda step, last=last: attempt(last + step))  # type: ignore[misc]
            return (last + found[0], found[1]) if found else (place, point)
        if time.monotonic() > until:
            return None
        last = place
    return None


def _reached(search: Search, point: Point) -> bool:
    return search.keeps(point) and not search.missed([point])


def likely_values(search: Search) -> list[dict[str, object]]:
    """Return the settings at which a target is most likely reached, when something else changes.

    They are the recommended and the best point, and some along their lines from end to end.
    """
    chosen, best = search.choose(), search.best_point
    lines = search.lines()
    found = [search.tuned(chosen), search.tuned(best)]
    for others in dict.fromkeys((search.others(chosen), search.others(best))):
        found += [search.tuned(point) for point in spread(lines.get(others, []), _PLACES)]
    return [values for place, values in enumerate(found) if values not in found[:place]]


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many items of a sequence, evenly from its first to its last."""
    if len(items) <= most:
        return list(items)
    step = (len(items) - 1) / (most - 1)
    return [items[round(place * step)] for place in range(most)]
