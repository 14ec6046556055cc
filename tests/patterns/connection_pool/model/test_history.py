"""One queue through changes of its settings, against plain Python and against no change."""

import heapq
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab import kernels
from perflab.patterns.connection_pool.model.history import Turn, queue_through
from perflab.patterns.connection_pool.model.services import PoolCosts
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings

NOTHING = PoolCosts(service=())


def settings(most, least=None, timeout=3600.0, **others):
    return ConnectionPoolSettings(
        max_connections=most, min_connections=least or most, timeout=timeout, **others
    )


def turn(first, pool, services):
    return Turn(first, pool, services, None)


def plain(times, services, sizes):
    """Serve first come first served; sizes are (customers gone, connections), all of them open.

    Moments are gone through one by one: a customer comes, or a service ends.
    """
    waits = [math.nan] * len(times)
    changes = dict(sizes)
    busy, line, most, gone, coming = [], [], changes[0], 0, 0
    while coming < len(times) or busy:
        if busy and (coming == len(times) or busy[0] <= times[coming]):
            now = heapq.heappop(busy)
            gone += 1
            most = changes.get(gone, most)
        else:
            now = times[coming]
            line.append(coming)
            coming += 1
        while line and len(busy) < most:
            index = line.pop(0)
            waits[index] = now - times[index]
            heapq.heappush(busy, now + services[index])
    return np.array(waits)


queues = st.integers(0, 2**32 - 1)


@given(seed=queues, most=st.integers(1, 6), cut=st.integers(1, 199), load=st.floats(0.3, 2.0))
def test_a_change_to_the_same_settings_changes_nothing(seed, most, cut, load):
    draw = np.random.default_rng(seed)
    times = np.cumsum(draw.exponential(1.0, 200))
    services = draw.exponential(load * most, 200)
    pool = settings(most, timeout=5.0)
    through = queue_through(times, [turn(0, pool, services), turn(cut, pool, services)], NOTHING)
    whole = kernels.queue_waits(times, services, most, timeout=5.0)
    assert np.allclose(through.waits, whole.waits, equal_nan=True)


@given(
    seed=queues, sizes=st.lists(st.integers(1, 7), min_size=2, max_size=5), load=st.floats(0.3, 3)
)
def test_callers_that_wait_are_served_by_the_new_number_of_connections(seed, sizes, load):
    draw = np.random.default_rng(seed)
    count = 60 * len(sizes)
    times = np.cumsum(draw.exponential(1.0, count))
    services = draw.exponential(2 * load, count)
    turns = [Turn(60 * place, settings(most), services, None) for place, most in enumerate(sizes)]
    through = queue_through(times, turns, NOTHING)
    expected = plain(times, services, [(60 * place, most) for place, most in enumerate(sizes)])
    assert np.allclose(through.waits, expected)


def test_a_pool_that_grows_opens_connections_for_those_who_wait():
    times = np.arange(10) * 0.1
    services = np.array([0.95, *[100.0] * 9])
    costs = PoolCosts(service=(), connect_seconds=0.25)
    grown = settings(4, least=1)
    through = queue_through(
        times, [turn(0, settings(1), services), turn(1, grown, services)], costs
    )
    assert through.connects == 3
    assert through.waits[1:5] == pytest.approx([0.85, *(0.95 + 0.25 - times[2:5])])


def test_a_caller_that_gave_up_before_the_change_stays_so():
    times = np.array([0.0, 1.0, 2.0, 6.0])
    services = np.full(4, 100.0)
    small, large = settings(1, timeout=2.0), settings(3, timeout=2.0)
    through = queue_through(times, [turn(0, small, services), turn(1, large, services)], NOTHING)
    assert np.isnan(through.waits[1])
    assert through.waits[2] == pytest.approx(1.0)
    assert through.waits[3] == pytest.approx(0.0)


def test_a_pool_that_shrinks_lets_services_end():
    times = np.array([0.0, 0.0, 0.0, 0.0, 1.5, 2.0])
    services = np.array([1.0, 10.0, 20.0, 30.0, 5.0, 5.0])
    through = queue_through(
        times, [turn(0, settings(4), services), turn(1, settings(1), services)], NOTHING
    )
    assert through.waits == pytest.approx([0.0, 0.0, 0.0, 0.0, 28.5, 33.0])


def test_more_gone_than_came_ends_with_the_first_settings():
    times = np.arange(5.0)
    services = np.full(5, 0.5)
    through = queue_through(
        times, [turn(0, settings(1), services), turn(50, settings(2), services)], NOTHING
    )
    assert through.waits == pytest.approx(np.zeros(5))
