"""`sensitivity_of`: whether recommended settings stay good enough when load or service change."""

from __future__ import annotations

from perflab.instrumentation.catalog import metric
from perflab.tuning.lookup import AnyChange, Lookup
from perflab.tuning.points import NamedPoint, Point, named_point
from perflab.tuning.relief import likely_values
from perflab.tuning.search import Search
from perflab.units import percent

SHARE = 0.2


def sensitivity_of(search: Search, lookup: Lookup, chosen: Point) -> list[NamedPoint]:
    """Return what is predicted at the chosen settings with other load and slower service.

    Args:
        search: What was looked for.
        lookup: Predicts.
        chosen: The recommended point.

    Returns:
        A point for 20 % less load, 20 % more, and a service time 20 % longer; what means nothing
        for the pattern and workload is left out. Its reason says what becomes of the objective.
    """
    more = percent(SHARE)
    tuning = search.tuning
    found: list[NamedPoint] = []
    for name, change, factor in (
        (f"{more} less load", tuning.busier, 1 - SHARE),
        (f"{more} more load", tuning.busier, 1 + SHARE),
        (f"{more} slower {tuning.serves}", tuning.slower, 1 + SHARE),
    ):
        if change is None:
            continue
        point = lookup.under(change, factor, search.tuned(chosen))
        if point is None:
            continue
        enough = _is_enough(search, lookup, change, factor, chosen, point)
        said = _said(search, chosen, point, enough=enough)
        found.append(named_point(name, point, said))
    return found


def _is_enough(
    search: Search, lookup: Lookup, change: AnyChange, factor: float, chosen: Point, point: Point
) -> bool:
    """Say whether a point still keeps the limits and is as near to what is then the best."""
    if not search.keeps(point) or search.missed([point]):
        return False
    if search.goal.target is not None or search.value(point) == search.value(chosen):
        return True
    rivals = lookup.all_under(change, factor, likely_values(search))
    rivals = [rival for rival in rivals if search.keeps(rival)]
    return bool(search.enough([point], search.pick([*rivals, point])))


def _said(search: Search, chosen: Point, point: Point, *, enough: bool) -> str:
    info = metric(search.goal.metric)
    now, then = info.format(search.value(chosen)), info.format(search.value(point))
    value = f"{info.plain} {then}"
    value += ", as before" if now == then else f" instead of {now}"
    known = point["metrics"]
    limits = [limit for limit in search.further if limit.metric in known]
    broken = [limit for limit in limits if not limit.holds(known[limit.metric])]
    if broken:
        found = (metric(limit.metric).format(point["metrics"][limit.metric]) for limit in broken)
        said = (f"{limit} ({now})" for limit, now in zip(broken, found, strict=True))
        return f"{value}, but it breaks {' and '.join(said)}"
    if not enough and now == then and (missed := search.missed([point])):
        return f"{value}, but {missed[0].lower()}{missed[1:]}"
    return f"{value}: {'still good enough' if enough else 'no longer good enough'}"
