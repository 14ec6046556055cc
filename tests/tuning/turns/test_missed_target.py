"""A recommendation that was measured to miss its target says so first."""

import types

import pytest

from perflab.bench.parts import Objective
from perflab.tuning.turns.checked import _missed


def search(direction, metric, target):
    goal = Objective(direction, metric, target=target)
    return types.SimpleNamespace(goal=goal, write=lambda _point: "max_connections 1")


@pytest.mark.parametrize(
    ("direction", "metric", "target", "predicted", "measured", "said"),
    [
        ("min", "wait_seconds_p95", 0.005, 0.001, 0.3, "5 ms: p95 wait 300 ms, where 1 ms"),
        ("max", "hit_rate", 0.8, 0.85, 0.5, "80 %: hit rate 50 %, where 85 %"),
    ],
)
def test_a_target_missed_as_measured_is_said(direction, metric, target, predicted, measured, said):
    point = {"settings": {}, "metrics": {metric: predicted}}
    assert said in _missed(search(direction, metric, target), point, {metric: measured})


@pytest.mark.parametrize(
    ("target", "predicted", "measured"),
    [
        (0.005, 0.001, 0.004),  # kept
        (0.005, 0.1, 0.3),  # predicted to miss it, which is said elsewhere
        (None, 0.001, 0.3),
        (0.005, 0.001, None),
    ],
)
def test_nothing_is_said_of_a_target_that_is_kept_or_not_there(target, predicted, measured):
    point = {"settings": {}, "metrics": {"wait_seconds_p95": predicted}}
    known = {} if measured is None else {"wait_seconds_p95": measured}
    assert _missed(search("min", "wait_seconds_p95", target), point, known) == ""
