import pytest

from perflab.bench.parts import Objective
from perflab.errors import BadInputError
from perflab.tuning.objective import good_enough, parse_objective, write_enough

WAIT = Objective("min", "wait_seconds_p95", tolerance=0.1, target=0.005)
HITS = Objective("max", "hit_rate", tolerance=0.01)


def test_what_reaches_the_target_is_good_enough_however_good_the_best_is():
    assert good_enough(WAIT, 0.005, best=0.0)
    assert not good_enough(WAIT, 0.0051, best=0.0)


def test_where_the_best_misses_the_target_the_tolerance_counts():
    assert good_enough(WAIT, 0.021, best=0.02)
    assert not good_enough(WAIT, 0.03, best=0.02)


def test_a_ratio_may_be_off_by_points_and_a_time_by_a_share():
    assert good_enough(HITS, 0.791, best=0.8)
    assert not good_enough(HITS, 0.789, best=0.8)


def test_the_target_goes_with_its_own_metric_only():
    assert parse_objective("min:wait_seconds_p95", WAIT).target == 0.005
    assert parse_objective("min:latency_seconds_mean", WAIT).target is None


def test_what_is_good_enough_is_said_in_words():
    assert write_enough(WAIT, 0.0) == "has a p95 wait of at most 5 ms"
    assert write_enough(WAIT, 0.02) == "comes within 10 % of the best p95 wait"
    assert write_enough(HITS, 0.8) == "comes within 1 percentage point of the best hit rate"


@pytest.mark.parametrize("text", ["hit_rate", "most:hit_rate", "max:", "max:hitrate"])
def test_an_objective_that_is_none_is_refused(text):
    with pytest.raises(BadInputError):
        parse_objective(text, HITS)
