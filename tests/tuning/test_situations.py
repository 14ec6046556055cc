"""What each of forty situations must come to: laws, not texts."""

import re

import pytest

from perflab.bench import load_bench
from perflab.errors import BrokenLimitError
from perflab.instrumentation.catalog import metric
from perflab.lab.alerts import parse_condition
from perflab.tuning.objective import good_enough, parse_objective
from perflab.tuning.recommend import tune
from perflab.tuning.sweep import predict
from tests.helpers.situations import SITUATIONS

GUARDED = {"timeouts": 0.01, "errors": 0.01, "throughput_per_second": 0.1}
LATENCIES = ("latency_seconds_mean", "latency_seconds_p95")


def goal_of(one):
    bench = load_bench(one.pattern)
    goal = parse_objective(one.objective, bench.tuning.objective_for(bench.read(one.settings)[0]))
    own = [c.value for c in map(parse_condition, one.limits) if c.metric == goal.metric]
    if own:
        tightest = max(own) if goal.direction == "max" else min(own)
        return type(goal)(goal.direction, goal.metric, goal.tolerance, tightest)
    return goal


def kept(one, points):
    limits = [parse_condition(text) for text in one.limits]
    return [p for p in points if all(c.holds(p["metrics"][c.metric]) for c in limits)]


def runs(one, settings):
    bench = load_bench(one.pattern)
    try:
        bench.live.check(*bench.read(settings))
    except ValueError:
        return False
    return True


def lost(before, after, name, share):
    if before.get(name) is None or after.get(name) is None:
        return False
    loss = after[name] - before[name]
    loss = -loss if metric(name).better == "higher" else loss
    return loss > share * abs(before[name])


def first_sentence(text):
    return re.split(r"(?<=[a-z0-9)%])\. ", text)[0]


def sizes(one, point):
    bench = load_bench(one.pattern)
    weight = bench.tuning.weighed_by
    moved = bench.tuning.tuned_by(one.settings)
    return point["metrics"][weight] if weight else point["settings"][moved]


@pytest.fixture(params=SITUATIONS, ids=lambda one: one.name)
def situation(request):
    return request.param


def test_there_are_forty_of_them_over_all_benches_and_kinds():
    assert len(SITUATIONS) == 40
    assert len({one.pattern for one in SITUATIONS}) == 7
    assert len({one.kind for one in SITUATIONS}) == 5


def test_advice_is_sensible(situation):
    one = situation
    if one.outcome == "broken":
        check_broken(one)
        return
    found = tune(one.pattern, one.workload, one.objective, one.limits, settings=one.settings)
    assert bool(found.unreached) == (one.outcome == "unreached")
    assert runs(one, found.settings)
    assert kept(one, [{"metrics": found.metrics}])
    assert not re.search(r"\b(nan|inf|None)\b|  ", found.reason)
    goal = goal_of(one)
    check_what_gets_worse(one, found, goal)
    if found.unreached:
        check_unreached(one, found, goal)
    else:
        check_enough(one, found, goal)
    check_wording(one, found, goal)
    names = [
        str(other["settings"]) for other in (*found.alternatives, {"settings": found.settings})
    ]
    assert len(names) == len(set(names))


def check_broken(one):
    with pytest.raises(BrokenLimitError, match="no setting satisfies") as error:
        tune(one.pattern, one.workload, one.objective, one.limits, settings=one.settings)
    for text in one.limits:
        info = metric(parse_condition(text).metric)
        assert re.search(rf"the (lowest|highest) {re.escape(info.plain)}.* is \S", str(error.value))


def check_what_gets_worse(one, found, goal):
    """What today has and the recommended settings lose stands in the first sentence."""
    before, after = found.before_metrics, found.metrics
    if not runs(one, found.before) or found.settings == found.before:
        assert not found.worse
        return
    worse = [name for name, share in GUARDED.items() if lost(before, after, name, share)]
    worse += [name for name in LATENCIES if lost(before, after, name, 0.1)]
    for name in worse:
        if name != goal.metric:
            info = metric(name)
            said = f"{info.plain} {info.format(after[name])} instead of {info.format(before[name])}"
            assert said in found.worse
    if found.worse and not found.unreached:
        assert found.reason.startswith(f"At the cost of {found.worse}, ")
    elif found.worse:
        assert f"at the cost of {found.worse}" in found.reason


def check_wording(one, found, goal):
    """What is lost, however little, stands near the beginning; no time is best at 0 ns."""
    assert not re.search(r"\b0 ns\b", first_sentence(found.reason))
    assert "is 0 ns" not in found.reason
    assert not re.search(r"\d\.\d{3}k", found.reason)
    if found.unreached or found.settings == found.before or not runs(one, found.before):
        return
    before, after = found.before_metrics, found.metrics
    told = [name for name in (*GUARDED, *LATENCIES) if lost(before, after, name, 0.01)]
    info = metric(goal.metric)
    if lost(before, after, goal.metric, 0.0):
        same = info.difference(before[goal.metric], before[goal.metric])
        changed = info.difference(before[goal.metric], after[goal.metric]) != same
        told += [goal.metric] if changed else []
    if told:
        early = found.reason.partition("The largest setting")[0].partition(" Too ")[0]
        assert "Today's " in early
        for name in set(told) - {goal.metric}:
            here = metric(name)
            assert f"{here.plain} {here.format(after[name])} instead of" in early


def check_unreached(one, found, goal):
    """None reaches it, the best is named, nothing gets worse, and what would help is true."""
    assert found.reason.startswith(found.unreached)
    assert found.unreached.startswith("No ")
    assert not found.alternatives
    points = kept(one, found.points)
    values = [point["metrics"][goal.metric] for point in points]
    best = max(values) if goal.direction == "max" else min(values)
    info = metric(goal.metric)
    assert info.format(best) in first_sentence(found.reason)
    if goal.target is not None:
        reached = best >= goal.target if goal.direction == "max" else best <= goal.target
        assert not reached or "keeps up" in found.unreached
    if runs(one, found.before) and kept(one, [{"metrics": found.before_metrics}]):
        for name in GUARDED:
            assert not lost(found.before_metrics, found.metrics, name, 0.01)
    for relief in found.reliefs:
        assert relief["reason"] in found.reason
        # These change what was measured, too: a query's time, or the consumer's own work.
        consumer = one.pattern == "prefetching" and relief["name"] == "load"
        if consumer or relief["name"] == "service time":
            continue
        known = {k: v for k, v in relief["settings"].items() if v is not None}
        there = predict(one.pattern, one.workload, known).iloc[0]
        assert there[goal.metric] == pytest.approx(relief["metrics"][goal.metric], rel=1e-6)
        if goal.target is not None and goal.direction == "min":
            assert there[goal.metric] <= goal.target


def check_enough(one, found, goal):
    """It is good enough, and no smaller one that was looked at is, without harm."""
    points = kept(one, found.points)
    values = [point["metrics"][goal.metric] for point in points]
    best = max(values) if goal.direction == "max" else min(values)
    assert good_enough(goal, found.metrics[goal.metric], best)
    here = {"settings": found.settings, "metrics": found.metrics}
    small = [p for p in points if 1.02 * sizes(one, p) < sizes(one, here)]
    good = [p for p in small if good_enough(goal, p["metrics"][goal.metric], best)]
    before = found.before_metrics
    if found.settings == found.before:
        # For less than a quarter of the size, what is today is kept where others do harm.
        good = [point for point in good if sizes(one, point) < 0.75 * sizes(one, here)]
    for point in good:
        harmed = any(lost(before, point["metrics"], name, s) for name, s in GUARDED.items())
        assert harmed
    for other in found.sensitivity:
        assert other["reason"].endswith(("still good enough", "no longer good enough"))
        assert metric(goal.metric).format(other["metrics"][goal.metric]) in other["reason"]
    if one.kind == "equal" and not good:
        info = metric(goal.metric)
        assert info.format(best) in found.reason or f"no {info.plain}" in found.reason
