"""Laws of turns, on made-up measurements: seeded noise, and a clock that only they move."""

import itertools

import numpy as np
import pytest

from perflab.bench.parts import Objective
from perflab.errors import BadInputError
from perflab.tuning.turns.difference import difference_of
from perflab.tuning.turns.judge import Judge
from perflab.tuning.turns.runner import take_turns

LATENCY = Objective("min", "latency_seconds_mean", tolerance=0.01)
HITS = Objective("max", "hit_rate", tolerance=0.01)


class Machine:
    """Measures what contenders truly take, with noise, and is slower by and by."""

    def __init__(self, true, seed=0, noise=0.03, drift=0.0, metric="latency_seconds_mean"):
        self.true, self.noise, self.drift, self.metric = true, noise, drift, metric
        self.random = np.random.default_rng(seed)
        self.now = 0.0
        self.order = []

    def __call__(self, name):
        self.order.append(name)
        self.now += 1.0
        factor = np.exp(self.noise * self.random.normal() + self.drift * self.now)
        return {self.metric: self.true[name] * factor}

    def turns(self, goal=LATENCY, budget=60.0, **more):
        names = list(self.true)
        judge = Judge(goal, names, 0.95)
        taken = take_turns(names, self, judge.settled, budget, clock=lambda: self.now, **more)
        found = {name: judge.difference(taken.rounds, name) for name in names[1:]}
        return taken, {name: judge.verdict(each) for name, each in found.items()}, found


def test_equal_contenders_are_told_apart_in_at_most_one_of_twenty():
    wrong = 0
    for seed in range(400):
        _, verdicts, _ = Machine({"a": 1e-3, "b": 1e-3, "c": 1e-3}, seed).turns(budget=61)
        wrong += any(verdict in ("better", "worse") for verdict in verdicts.values())
    assert wrong <= 20


def test_a_tenth_is_decided_in_few_rounds_and_rightly():
    rounds = []
    for seed in range(100):
        taken, verdicts, found = Machine({"a": 0.9e-3, "b": 1e-3}, seed).turns()
        assert taken.ended == "decided"
        assert verdicts == {"b": "better"}
        assert found["b"].low < -0.1 < found["b"].high or found["b"].rounds < 6
        rounds.append(len(taken.rounds))
    assert np.median(rounds) <= 8
    assert max(rounds) <= 16


def test_four_contenders_are_decided_one_by_one():
    true = {"a": 1.0, "b": 1.3, "c": 1.1, "d": 0.9}
    taken, verdicts, _ = Machine(true).turns(budget=120)
    assert verdicts == {"b": "better", "c": "better", "d": "worse"}
    ran = {name: sum(name in each for each in taken.rounds) for name in true}
    assert ran["b"] < ran["a"] == len(taken.rounds)
    for name, count in ran.items():
        assert all(name in each for each in taken.rounds[:count])


def test_the_order_is_balanced_and_the_first_round_left_out():
    machine = Machine({"a": 1.0, "b": 1.0, "c": 1.0}, noise=0.5)
    taken, _, _ = machine.turns(budget=15)
    assert "".join(machine.order) == "abcabccbaabccba"
    assert len(taken.rounds) == 4
    assert taken.warm_up["a"] not in [each["a"] for each in taken.rounds]


@pytest.mark.parametrize("drift", [0.02, -0.05])
def test_a_machine_that_gets_slower_all_the_time_favours_none(drift):
    wrong = 0
    for seed in range(50):
        machine = Machine({"a": 1.0, "b": 1.0}, seed, noise=0.01, drift=drift)
        _, verdicts, found = machine.turns(budget=42)
        wrong += verdicts["b"] in ("better", "worse")
        assert abs(found["b"].mean) < 0.02
    assert wrong <= 3


def test_the_budget_ends_it_and_says_so():
    taken, verdicts, _ = Machine({"a": 1.0, "b": 1.001}, noise=0.3).turns(budget=11.5)
    assert taken.ended == "budget"
    assert taken.seconds <= 11.5
    assert len(taken.rounds) == 4
    assert verdicts == {"b": "open"}


def test_a_budget_for_less_than_a_round_measures_what_it_can():
    taken, verdicts, _ = Machine({"a": 1.0, "b": 1.0}).turns(budget=0.5)
    assert (taken.ended, taken.rounds) == ("budget", ())
    assert set(taken.warm_up) == {"a"}
    assert verdicts == {"b": "open"}


def test_equals_within_the_tolerance_are_decided_too():
    alike = Objective("min", "latency_seconds_mean", tolerance=0.1)
    taken, verdicts, _ = Machine({"a": 1.0, "b": 1.01}, noise=0.02).turns(alike)
    assert taken.ended == "decided"
    assert verdicts == {"b": "alike"}


@pytest.mark.parametrize(("other", "verdict"), [(0.7, "better"), (0.805, "alike"), (0.9, "worse")])
def test_ratios_are_compared_in_points_and_exact_ones_at_once(other, verdict):
    machine = Machine({"a": 0.8, "b": other}, noise=0.0, metric="hit_rate")
    taken, verdicts, found = machine.turns(HITS)
    assert verdicts == {"b": verdict}
    assert len(taken.rounds) == 3
    assert found["b"].mean == pytest.approx(0.8 - other)
    assert "points" in found["b"].mean_words


def test_a_slow_round_changes_nothing_as_all_were_slow_in_it():
    factors = itertools.cycle([1.0, 7.0, 0.5])
    true, left = {"a": 1.0, "b": 1.2}, []

    def measure(name):
        if not left:
            left.extend([next(factors)] * 2)
        return {"latency_seconds_mean": true[name] * left.pop()}

    judge = Judge(LATENCY, list(true), 0.95)
    clock = itertools.count()
    taken = take_turns(list(true), measure, judge.settled, 1e9, clock=lambda: next(clock))
    assert judge.difference(taken.rounds, "b").mean == pytest.approx(1 / 1.2 - 1)
    assert len(taken.rounds) == 3


def test_ctrl_c_keeps_whole_rounds():
    machine = Machine({"a": 1.0, "b": 1.0}, noise=0.3)

    def measure(name):
        if len(machine.order) == 9:
            raise KeyboardInterrupt
        return machine(name)

    judge = Judge(LATENCY, ["a", "b"], 0.95)
    taken = take_turns(["a", "b"], measure, judge.settled, 60, clock=lambda: machine.now)
    assert taken.ended == "interrupted"
    assert [set(each) for each in taken.rounds] == [{"a", "b"}] * 3


def test_a_first_turn_that_takes_long_does_not_stand_for_the_others():
    """Only a contender's first turn starts its server."""
    machine = Machine({"a": 1.0, "b": 1.0}, noise=0.5)

    def measure(name):
        machine.now += 9.0 if machine.order.count(name) == 0 else 0.0
        return machine(name)

    judge = Judge(LATENCY, ["a", "b"], 0.95)
    taken = take_turns(["a", "b"], measure, judge.settled, 26.5, clock=lambda: machine.now)
    assert (taken.ended, taken.seconds) == ("budget", 26.0)
    assert len(taken.rounds) == 3


def test_it_can_be_cancelled_between_turns_and_tells_its_progress():
    machine, told = Machine({"a": 1.0, "b": 1.0}, noise=0.3), []
    more = {"cancelled": lambda: len(told) == 5, "progress": lambda *spent: told.append(spent)}
    taken, _, _ = machine.turns(budget=60, **more)
    assert taken.ended == "cancelled"
    assert told == [(1, 60), (2, 60), (3, 60), (4, 60), (5, 60)]
    assert len(taken.rounds) == 1


def test_a_contender_that_cannot_run_leaves_and_is_named():
    machine = Machine({"a": 1.0, "b": 1.0, "c": 2.0})

    def measure(name):
        if name == "b":
            raise BadInputError("no such table", "query")
        return machine(name)

    judge = Judge(LATENCY, ["a", "b", "c"], 0.95)
    names = ["a", "b", "c"]
    taken = take_turns(names, measure, judge.settled, 60, clock=lambda: machine.now)
    assert taken.failed == {"b": "query: no such table"}
    assert taken.ended == "decided"
    assert judge.verdict(judge.difference(taken.rounds, "c")) == "better"


def test_nothing_is_compared_where_the_first_cannot_run():
    def measure(name):
        raise BadInputError(f"{name} does not run")

    with pytest.raises(BadInputError, match="a does not run"):
        take_turns(["a", "b"], measure, Judge(LATENCY, ["a", "b"], 0.95).settled, 60)


def test_a_metric_that_no_turn_has_ends_it_undecided():
    machine = Machine({"a": 1.0, "b": 1.0}, metric="hit_rate")
    taken, verdicts, found = machine.turns(LATENCY)
    assert len(taken.rounds) == 2
    assert verdicts == {"b": "open"}
    assert found["b"].rounds == 0


def test_an_interval_of_ratios_ends_at_a_hundred_points():
    machine = Machine({"a": 0.9, "b": 0.1}, noise=0.9, metric="hit_rate")
    _, _, found = machine.turns(HITS, budget=8)
    assert found["b"].rounds == 3
    assert -1 <= found["b"].low < found["b"].high <= 1


def test_values_of_zero_are_subtracted():
    waits = Objective("min", "wait_seconds_p95", tolerance=0.1)
    machine = Machine({"a": 0.0, "b": 0.004}, noise=0.01, metric="wait_seconds_p95")
    _, verdicts, found = machine.turns(waits)
    assert verdicts == {"b": "better"}
    assert found["b"].mean_words.endswith("ms")


@pytest.mark.parametrize("metric", ["latency_seconds_mean", "hit_rate"])
def test_a_difference_reversed_is_that_of_reversed_pairs(metric):
    pairs = np.random.default_rng(5).uniform(0.4, 0.6, size=(8, 2)).tolist()
    found = difference_of(metric, pairs, 0.95).reversed()
    there = difference_of(metric, [(b, a) for a, b in pairs], 0.95)
    assert [found.mean, found.low, found.high] == pytest.approx([there.mean, there.low, there.high])
    few = difference_of(metric, pairs[:1], 0.95).reversed()
    assert (few.low, few.high) == (-np.inf, np.inf)


def test_what_was_not_measured_in_a_round_is_left_out():
    pairs = [(1.0, 2.0), (None, 2.0), (1.0, float("nan")), (2.0, 4.0)]
    found = difference_of("latency_seconds_mean", pairs, 0.95)
    assert found.rounds == 2
    assert found.mean_words == "+100 %"
    assert found.interval_words == "not known yet"
    assert found.before(3.0) == pytest.approx(1.5)
