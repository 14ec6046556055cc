"""`contenders_of`: which settings are run in turns, and which of them to ship after it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from perflab.errors import BadInputError
from perflab.instrumentation.catalog import metric
from perflab.lab.alerts import Condition
from perflab.modelling.prediction import Metrics
from perflab.tuning.objective import good_enough
from perflab.tuning.points import NamedPoint, Point
from perflab.tuning.reach import FAILURES, harmed, harms
from perflab.tuning.search import Search
from perflab.tuning.turns.difference import difference_of
from perflab.tuning.turns.judge import Judge
from perflab.tuning.turns.runner import Round, Taken

RECOMMENDED = "recommended"
NOW = "now"
_MOST = 4
_NEAR = 1.1
"""A rival that is larger or smaller by less than this factor is none."""


def contenders_of(
    search: Search, chosen: Point, alternatives: Sequence[NamedPoint]
) -> dict[str, Point]:
    """Return by name what is run in turns: the recommended settings, the present ones, and rivals.

    Args:
        search: What was looked for.
        chosen: The recommended point, which all others are compared with.
        alternatives: Others worth a look. Where no setting reaches what is looked for there is
            none, and the best point is the rival.

    Returns:
        At most four, all of which can run; the present settings, unless they are the recommended
        ones, and rivals that differ from all others by more than a few per cent.
    """
    found: dict[str, Point] = {RECOMMENDED: chosen, NOW: search.before}
    found |= {str(other["name"]): other for other in alternatives}
    if search.unreached:
        found["best"] = search.best_point
    kept: dict[str, Point] = {}
    for name, point in found.items():
        least = 1.0 if name == NOW else _NEAR
        alike = any(_is_near(search, point, other, least) for other in kept.values())
        if not kept or (not alike and _can_run(search, point)):
            kept[name] = point
    return dict(list(kept.items())[:_MOST])


def shipped_of(search: Search, points: Mapping[str, Point], judge: Judge, taken: Taken) -> str:
    """Return the name of what to ship: the smallest contender that is good enough as measured.

    The first stays unless another one is decided to be better or alike, keeps the limits, and
    in what was measured does no harm and breaks no limit that the first keeps. Of those that are
    good enough, the ones that the rounds show to do no harm beside the present settings go before
    the others, of which the first may be one.
    """
    first, *others = points
    rounds = taken.rounds
    own = means_of(rounds, first)
    value = own.get(judge.goal.metric)
    if value is None:
        return first
    known, broken = {first: value}, set(broken_limits(search, own))
    for name in others:
        difference = judge.difference(rounds, name)
        decided = judge.verdict(difference) in ("worse", "alike") and name not in taken.failed
        found = means_of(rounds, name)
        harm = harms(own, found, for_gain=True) or set(broken_limits(search, found)) - broken
        if decided and not harm and search.keeps(points[name]):
            known[name] = difference.before(value)
    best = (max if judge.goal.direction == "max" else min)(known.values())
    enough = [name for name in known if good_enough(judge.goal, known[name], best)]
    if NOW in points and search.keeps(points[NOW]):
        enough = [name for name in enough if not shown_harm(rounds, name, judge)] or enough
    smallest = search.smallest([points[name] for name in enough])
    return next(name for name in enough if points[name] is smallest)


def shown_harm(rounds: Sequence[Round], name: str, judge: Judge) -> list[str]:
    """Return what a contender makes worse than the present settings, by metric.

    Only what the rounds tell apart counts: one timeout in one of them may be chance. Failures are
    shares of the requests of their turn, as turns end by the clock.
    """
    both = [each for each in rounds if name in each and NOW in each]
    found = []
    for key in harmed(means_of(both, NOW), means_of(both, name)):
        pairs = [(_share(each[NOW], key), _share(each[name], key)) for each in both]
        change = difference_of(key, pairs, judge.confidence)
        if change.low > 0 if metric(key).better == "lower" else change.high < 0:
            found.append(key)
    return found


def _share(measured: Metrics, key: str) -> float | None:
    value, requests = measured.get(key), measured.get("requests")
    return value / requests if value is not None and requests and key in FAILURES else value


def broken_limits(search: Search, measured: Metrics) -> list[Condition]:
    """Return the limits that measured metrics do not keep; one that was not measured is kept."""
    known = [(limit, measured.get(limit.metric)) for limit in search.limits]
    return [limit for limit, value in known if value is not None and not limit.holds(value)]


def means_of(rounds: Sequence[Round], name: str) -> Metrics:
    """Return the mean over rounds of each metric that a contender has in all that it was in."""
    own = [each[name] for each in rounds if name in each]
    if not own:
        return {}
    shared = [key for key in own[0] if all(key in each for each in own)]
    return {key: statistics.mean(each[key] for each in own) for key in shared}


def _is_near(search: Search, one: Point, other: Point, factor: float) -> bool:
    """Say whether two points differ by a factor at most in the setting that tuning moves."""
    if search.others(one) != search.others(other):
        return False
    low, high = sorted((search.place(one), search.place(other)))
    return high <= factor * low or high == low


def _can_run(search: Search, point: Point) -> bool:
    try:
        search.bench.live.check(*search.bench.read(point["settings"]))
    except BadInputError:
        return False
    return True
