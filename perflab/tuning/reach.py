"""Whether a search found what was requested, and what its answer costs and brings besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perflab.bench.parts import Objective
from perflab.instrumentation.catalog import METRICS, metric
from perflab.lab.documents import AboutWorkload
from perflab.tuning.objective import good_enough
from perflab.tuning.points import Point
from perflab.units import percent, points, times

Metrics = Mapping[str, float]

FAILURES = ("timeouts", "errors", "callers_refused")
"""What counts requests that fail."""
GUARDED = ("timeouts", "errors", "throughput_per_second")
"""What no recommendation may make worse where its own target is out of reach."""

_WATCHED = (*FAILURES, "throughput_per_second")
_NOTICED = 0.01
_NOTHING = 5e-4
_OVERLOADED = 0.1
_LATENCIES = ("latency_seconds_mean", "latency_seconds_p95")
ACCEPTED_LOSS = 0.1
"""How much throughput may fall where what is looked for is reached."""
_ACCEPTED = {"throughput_per_second": ACCEPTED_LOSS, **dict.fromkeys(_LATENCIES, 0.1)}


def reaches(objective: Objective, value: float) -> bool:
    """Return whether a value is at or beyond the target; true where there is no target."""
    if objective.target is None:
        return True
    if objective.direction == "max":
        return value >= objective.target
    return value <= objective.target


def all_useless(objective: Objective, best: float) -> bool:
    """Return whether even the best setting brings no more than the tolerance, such as no hits."""
    if objective.direction != "max" or metric(objective.metric).unit != "ratio":
        return False
    return best <= max(_NOTHING, objective.tolerance)


def unreached(
    objective: Objective,
    noun: str,
    best: float,
    timed_out: float = 0.0,
    *,
    behind: bool = False,
) -> str:
    """Return what no setting reaches, in a sentence without its stop; empty where one does.

    Args:
        objective: What was looked for.
        noun: What was tuned, such as *pool size*.
        best: The best value of the objective's metric among all settings looked at.
        timed_out: The lowest share of requests that time out with any of them.
        behind: Whether requests come faster than they are served, with all of them.
    """
    info = metric(objective.metric)
    if not reaches(objective, best):
        return f"No {noun} reaches {info.format(objective.target)}"
    if all_useless(objective, best):
        return f"No {noun} brings a {info.plain} above {info.format(max(best, 0.0))}"
    if timed_out >= _OVERLOADED:
        text = percent(timed_out)
        least = "all" if text == percent(1.0) else f"{text} of the requests or more"
        return f"No {noun} keeps up ({least} time out)"
    if behind and _is_of_time(objective):
        return f"No {noun} keeps up with the load"
    return ""


def _is_of_time(objective: Objective) -> bool:
    return metric(objective.metric).unit in ("seconds", "1/s")


def all_behind(found: Sequence[Point]) -> bool:
    """Return whether requests come faster than they are served at all of some points."""
    return all(point.get("behind", False) for point in found)


def fewest_timed_out(found: Sequence[Point], workload: AboutWorkload) -> float:
    """Return the lowest share of requests that time out at any point; 0 where it is not known.

    Args:
        found: The points looked at.
        workload: What a result says of its workload; the summary has the number of requests.
    """
    requests = requests_of(workload)
    counts = [p["metrics"].get("timeouts") for p in found]
    known = [count for count in counts if count is not None]
    return min(known) / requests if known and requests else 0.0


def requests_of(workload: AboutWorkload) -> float:
    """Return how many requests a workload has; 0 where a result does not say it."""
    return float((workload.get("summary") or {}).get("requests") or 0)


def failed(metrics: Metrics) -> float:
    """Return how many requests fail: they time out, end in an error or are refused."""
    return sum(metrics.get(name) or 0.0 for name in FAILURES)


def serving(found: Sequence[Point], among: Sequence[Point], requests: float) -> list[Point]:
    """Return the points that let few requests fail; all of them where none does.

    Args:
        found: Points to choose from.
        among: Points of which the one with the fewest failures is measured against.
        requests: How many requests there are.

    Returns:
        Those that fail one per cent of the requests more than that, at most.
    """
    most = min((failed(point["metrics"]) for point in among), default=0.0) + _NOTICED * requests
    return [point for point in found if failed(point["metrics"]) <= most] or list(found)


def harms(before: Metrics, after: Metrics, *, for_gain: bool = False) -> bool:
    """Return whether timeouts, errors or throughput get worse by more than one per cent.

    Args:
        before: The metrics of today.
        after: Those of other settings.
        for_gain: Whether those settings reach what is looked for, at which throughput may fall by
            ten per cent.
    """
    return bool(_harmed(before, after, for_gain=for_gain))


def harmed(before: Metrics, after: Metrics) -> list[str]:
    """Return what `harms` finds of settings that reach what is looked for, by metric."""
    return _harmed(before, after, for_gain=True)


def _harmed(before: Metrics, after: Metrics, *, for_gain: bool) -> list[str]:
    accepted = _ACCEPTED if for_gain else {}
    return [
        name
        for name in _WATCHED
        if _worse(name, before.get(name), after.get(name), accepted.get(name, _NOTICED))
    ]


def least_harmful(found: Sequence[Point]) -> list[Point]:
    """Return the points with the fewest timeouts, then errors, then the highest throughput.

    Points within one per cent of the best count as equal.
    """
    left = list(found)
    for name in _WATCHED:
        known = [p["metrics"][name] for p in left if p["metrics"].get(name) is not None]
        if not known:
            continue
        best = max(known) if METRICS[name].better == "higher" else min(known)
        left = [p for p in left if not _worse(name, best, p["metrics"].get(name))]
    return left


def _worse(name: str, before: float | None, after: float | None, noticed: float = _NOTICED) -> bool:
    if before is None or after is None:
        return False
    loss = before - after if METRICS[name].better == "higher" else after - before
    return loss > noticed * abs(before)


def worsened(
    before: Metrics,
    after: Metrics,
    objective: Objective | None = None,
    usual: Objective | None = None,
) -> str:
    """Return what gets worse for the sake of an objective; empty if nothing does.

    Throughput counts where it falls by more than ten per cent, latency where it rises by more, and
    the metric of the objective, and of what the pattern is for, where it is no longer good enough.

    Args:
        before: The metrics of today.
        after: Those of other settings.
        objective: What was looked for.
        usual: What a pattern is tuned for where nobody says what else.
    """
    own = "" if objective is None else objective.metric
    worse = [
        name
        for name in (*_WATCHED, *_LATENCIES)
        if name != own
        and _worse(name, before.get(name), after.get(name), _ACCEPTED.get(name, _NOTICED))
    ]
    for goal in (usual, objective):
        if goal is None or goal.metric not in after or goal.metric not in before:
            continue
        if not good_enough(goal, after[goal.metric], before[goal.metric]):
            worse = [goal.metric, *(name for name in worse if name != goal.metric)]
    return changes(worse, before, after)


def accepted_losses(before: Metrics, after: Metrics, objective: Objective) -> str:
    """Return what gets worse by more than one per cent, but not by more than is accepted.

    Args:
        before: The metrics of today.
        after: Those of other settings.
        objective: What was looked for, whose own metric is left out.
    """
    names = (*_WATCHED, *_LATENCIES)
    return changes(
        [
            name
            for name in names
            if name != objective.metric
            and _worse(name, before.get(name), after.get(name))
            and not _worse(name, before.get(name), after.get(name), _ACCEPTED.get(name, _NOTICED))
        ],
        before,
        after,
    )


def missed_by(objective: Objective, value: float) -> str:
    """Return by how much a value misses the target: ``1,000×`` that, or 20 % or 3 points more.

    It is empty where there is no target, or it is reached.
    """
    target = objective.target
    if target is None or reaches(objective, value):
        return ""
    word = "less" if value < target else "more"
    if metric(objective.metric).unit == "ratio":
        return f"{points(abs(value - target)).lstrip('+')} {word}"
    if target > 0 and value >= 2 * target:
        return f"{times(value / target)} that"
    return f"{percent(abs(value - target) / target)} {word}" if target > 0 else ""


def gained(before: Metrics, after: Metrics) -> str:
    """Return what gets better by more than one per cent, as the end of a sentence."""
    known = [n for n in _WATCHED if before.get(n) is not None and after.get(n) is not None]
    better = [name for name in known if _worse(name, after[name], before[name])]
    return f", with {changes(better, before, after)}" if better else ""


def changes(names: list[str], before: Metrics, after: Metrics) -> str:
    """Return how some metrics change, in words: ``errors 40 instead of 0 and ...``."""
    infos = [metric(name) for name in names]
    return " and ".join(
        f"{info.plain} {info.format(after[info.name])} instead of {info.format(before[info.name])}"
        for info in infos
    )
