"""Rounds of turns: false alarms are as rare as is said, and a real change is found."""

import math
import random

import pytest

from perflab.bench.registry import load_bench
from perflab.lab.alerts import parse_condition
from perflab.tuning.check.allowance import allowances_of
from perflab.tuning.check.paired import judged

CACHE = load_bench("cache")
LATENCY, RATE, HITS = "latency_seconds_mean", "throughput_per_second", "hit_rate"


def rounds_of(chance, count=10, slower=1.0, noise=0.04, drift=0.3):
    """Return rounds in which all of a machine drifts, and one contender is slower."""
    found = []
    for _ in range(count):
        machine = math.exp(chance.gauss(0, drift))
        turns = {}
        for name, factor in (("a", 1.0), ("b", slower)):
            took = 1e-5 * machine * factor * math.exp(chance.gauss(0, noise))
            turns[name] = {LATENCY: took, RATE: 1 / took, HITS: 0.5}
        found.append(turns)
    return found


def verdicts(rounds, limits=(), **worse):
    found = judged(
        rounds, "a", "b", [parse_condition(each) for each in limits], allowances_of(CACHE, worse)
    )
    return [each["verdict"] for each in found]


def test_false_alarms_among_several_metrics_are_rarer_than_one_in_a_hundred():
    chance = random.Random(5)
    alarms = sum(
        "broken" in verdicts(rounds_of(chance), **{LATENCY: "0%", RATE: "0%"}) for _ in range(1000)
    )
    # At most 5 of 1,000 are expected; 15 would come by chance once in some ten thousand times.
    assert alarms <= 15


def test_ten_per_cent_more_are_found_beyond_three_that_are_allowed():
    chance = random.Random(6)
    for _ in range(50):
        found = verdicts(rounds_of(chance, slower=1.10, noise=0.02), **{LATENCY: "3%", RATE: "3%"})
        assert found == ["broken", "broken"]


def test_a_change_within_what_is_allowed_holds():
    chance = random.Random(7)
    for _ in range(50):
        (found,) = verdicts(rounds_of(chance, slower=1.02, noise=0.01), **{LATENCY: "10%"})
        assert found == "held"


def test_noise_that_may_hide_a_change_is_said():
    (found,) = verdicts(rounds_of(random.Random(8), noise=0.5), **{LATENCY: "1%"})
    assert found == "open"


def test_values_without_noise_are_decided_exactly():
    rounds = [{"a": {HITS: 0.80}, "b": {HITS: 0.78}}] * 4
    assert verdicts(rounds, **{HITS: "1pt"}) == ["broken"]
    assert verdicts(rounds, **{HITS: "2pt"}) == ["held"]
    assert verdicts(rounds, ["hit_rate>=0.8"]) == ["broken"]
    assert verdicts(rounds, ["hit_rate>=0.78"]) == ["held"]
    assert verdicts(rounds, ["hit_rate<=0.78"]) == ["held"]


def test_an_allowance_of_all_never_breaks():
    rounds = [{"a": {RATE: 100.0}, "b": {RATE: 1.0}}] * 4
    assert verdicts(rounds, **{RATE: "100%"}) == ["held"]


def test_of_three_tests_the_clearest_comes_first():
    """Holm: one broken metric is found beside two that are as before."""
    chance = random.Random(9)
    rounds = rounds_of(chance, slower=1.0, noise=0.02)
    for each in rounds:
        each["b"][LATENCY] *= 1.2
    found = judged(
        rounds, "a", "b", [], allowances_of(CACHE, {HITS: "1pt", RATE: "5%", LATENCY: "5%"})
    )
    assert [each["verdict"] for each in found] == ["held", "held", "broken"]
    broken = found[2]
    assert broken["change"].startswith("+")
    low, high = broken["interval"].split(" to ")
    assert low.startswith("+")
    assert high.startswith("+")


@pytest.mark.parametrize("comparison", ["<", ">"])
def test_a_limit_is_on_the_checked_settings_alone(comparison):
    chance = random.Random(10)
    rounds = rounds_of(chance, slower=2.0, noise=0.01, drift=0.01)
    (found,) = judged(rounds, "a", "b", [parse_condition(f"{LATENCY}{comparison}15us")], [])
    assert found["verdict"] == ("broken" if comparison == "<" else "held")
    assert found["after"] == pytest.approx(2e-5, rel=0.05)


@pytest.mark.parametrize(
    ("limit", "values", "interval"),
    [
        ("errors<=5", (0, 0, 0, 1), "0 to 1.71"),
        ("errors>=0", (0, 0, 0, 1), "0 to 1.71"),
        ("hit_rate>=0.5", (0.99, 0.99, 0.99, 0.9), "83.6 % to 100 %"),
    ],
)
def test_the_interval_of_a_limit_is_of_values_that_can_be(limit, values, interval):
    bound = parse_condition(limit)
    rounds = [{"a": {bound.metric: each}, "b": {bound.metric: each}} for each in values]
    (found,) = judged(rounds, "a", "b", [bound], [])
    assert found["interval"] == interval


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [("errors<1", "broken"), ("errors<=1", "held"), ("errors>1", "broken"), ("errors>=1", "held")],
)
def test_a_strict_limit_without_noise_is_broken_at_its_bound(limit, verdict):
    rounds = [{"a": {"errors": 1.0}, "b": {"errors": 1.0}}] * 3
    assert verdicts(rounds, [limit]) == [verdict]
