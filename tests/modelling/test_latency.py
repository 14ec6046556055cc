"""What a miss is predicted to take with another wait than the one it was measured with."""

import pytest

from perflab.modelling.latency import QUANTILES, HitMissCosts, OutcomeCost
from perflab.modelling.miss_times import MissTimes
from perflab.settings import LoadSettings

HIT, LOAD, LATE = 2e-6, 30e-6, 90e-6


def costs_measured_with(wait, late=LATE):
    """Return the costs of a run whose misses waited so long, each of them overslept alike."""
    miss = LOAD + (wait + late if wait else 0.0)
    flat = {name: OutcomeCost(each, (each,) * len(QUANTILES)) for name, each in _both(miss)}
    return HitMissCosts(**flat, bytes_per_entry=700.0, sleep_seconds=LATE, backend_seconds=wait)


def _both(miss):
    return (("hit", HIT), ("miss", miss))


@pytest.mark.parametrize("measured", [0.0, 0.0007, 0.02])
@pytest.mark.parametrize("asked", [0.0, 0.0003, 0.5])
def test_miss_takes_the_same_whatever_it_was_measured_with(measured, asked):
    wanted = LOAD + (asked + LATE if asked else 0.0)
    missed = costs_measured_with(measured).missed(asked)
    assert missed.mean == pytest.approx(wanted)
    assert missed.quantiles == pytest.approx([wanted] * len(QUANTILES))


def test_miss_never_takes_less_than_a_hit():
    hardly_late = costs_measured_with(0.0011, late=LATE / 9)
    assert hardly_late.missed(0.0).mean == pytest.approx(HIT)


@pytest.mark.parametrize("measured", [0.0, 0.004])
def test_recorded_times_that_are_scaled_to_nothing_leave_the_load_alone(measured):
    import numpy as np

    times = MissTimes(0.7, 0.0, 1.4, 0.0, np.array([0.02, 0.05]), np.array([10.0, 10.0]))
    cost = times.cost(costs_measured_with(measured), LoadSettings(backend_scale=0))
    assert cost.mean == pytest.approx(LOAD)
