import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels.queueing.in_flight import FAILED, REFUSED, SERVED, TIMED_OUT, in_flight
from perflab.kernels.queueing.waits import queue_waits


def draws(requests=3000, rate=100.0, mean=0.05, seed=1):
    rng = np.random.default_rng(seed)
    arrivals = np.cumsum(rng.exponential(1 / rate, requests))
    return arrivals, rng.exponential(mean, requests)


@given(limit=st.integers(1, 12), seed=st.integers(0, 1000))
def test_before_an_endless_server_it_is_the_queue_before_the_places(limit, seed):
    arrivals, services = draws(200, seed=seed)
    found = in_flight(arrivals, services, limit)
    queue = queue_waits(arrivals, services, limit)
    assert np.allclose(found.ends - found.begins, queue.waits + queue.services)


@given(capacity=st.integers(1, 12), seed=st.integers(0, 1000))
def test_with_places_for_all_it_is_the_queue_before_the_workers(capacity, seed):
    arrivals, services = draws(200, seed=seed)
    found = in_flight(arrivals, services, 200, capacity=capacity)
    queue = queue_waits(arrivals, services, capacity)
    assert np.allclose(found.ends - found.begins, queue.waits + queue.services)


@given(
    limit=st.integers(1, 20),
    capacity=st.none() | st.integers(1, 20),
    queue=st.none() | st.integers(0, 20),
    timeout=st.sampled_from([0.02, 0.1, math.inf]),
    error_rate=st.sampled_from([0.0, 0.3, 1.0]),
    retries=st.integers(0, 3),
    closed=st.booleans(),
    seed=st.integers(1, 100),
)
def test_each_request_ends_once_and_no_place_holds_two(
    limit, capacity, queue, timeout, error_rate, retries, closed, seed
):
    arrivals, services = draws(150, seed=seed)
    found = in_flight(
        arrivals,
        services,
        limit,
        capacity=capacity,
        queue=queue,
        timeout=timeout,
        error_rate=error_rate,
        retries=retries,
        backoff_seconds=0.01,
        bottleneck_seconds=1e-4,
        delay_seconds=1e-3,
        closed=closed,
        seed=seed,
    )
    assert np.all(found.ends > found.begins)
    assert 150 <= found.tries <= 150 * (retries + 1)
    if not closed:
        assert np.array_equal(found.begins, arrivals)
    else:
        edges = np.concatenate([np.ones(150), -np.ones(150)])
        times = np.concatenate([found.begins, found.ends])
        order = np.lexsort((edges, times))  # one that ends makes room for one that begins then
        assert np.cumsum(edges[order]).max() <= limit
    if error_rate == 0.0 and timeout == math.inf and queue is None:
        assert found.tries == 150
        assert np.all(found.outcomes == SERVED)
        assert found.busy_seconds == pytest.approx(services.sum())
    if error_rate == 1.0:
        assert np.all(found.outcomes != SERVED)


@pytest.mark.parametrize("limit", [1, 4, 8, 64])
def test_a_closed_loop_does_what_asymptotic_bounds_allow(limit):
    """Denning and Buzen, 1978: the least of places by cycle and workers by service time."""
    found = in_flight(np.zeros(8000), [0.02], limit, capacity=4, delay_seconds=0.005, closed=True)
    rate = limit / (found.ends - found.begins)[2 * limit :].mean()
    assert rate == pytest.approx(min(limit / 0.025, 4 / 0.02), rel=1e-6)


def test_a_closed_loop_with_exponential_services_is_the_machine_repairman():
    """With no delay every place is at the server: the workers are always busy from 4 on."""
    services = np.random.default_rng(0).exponential(0.02, 200_000)
    found = in_flight(np.zeros(200_000), services, 12, capacity=4, closed=True)
    rate = 12 / (found.ends - found.begins)[100:].mean()
    assert rate == pytest.approx(4 / 0.02, rel=0.01)


def test_a_full_queue_refuses_at_once():
    found = in_flight(np.zeros(10), [1.0], 10, capacity=2, queue=3)
    assert np.bincount(found.outcomes, minlength=4).tolist() == [5, 0, 5, 0]
    assert found.ends[found.outcomes == REFUSED].max() == 0.0
    assert sorted(found.ends[found.outcomes == SERVED]) == [1.0, 1.0, 2.0, 2.0, 3.0]


def test_who_times_out_in_the_queue_takes_no_worker():
    found = in_flight(np.zeros(3), [1.0], 3, capacity=1, timeout=1.5)
    assert found.outcomes.tolist() == [SERVED, TIMED_OUT, TIMED_OUT]
    assert found.ends.tolist() == [1.0, 1.5, 1.5]
    assert found.busy_seconds == 1.5  # the second was at work from 1.0 until it gave up


@pytest.mark.compiled
@given(rate=st.floats(0.05, 0.9), retries=st.integers(0, 4))
def test_failures_after_retries_are_those_that_failed_each_time(rate, retries):
    found = in_flight(np.zeros(20_000), [0.0], 10, error_rate=rate, retries=retries, closed=True)
    expected = rate ** (retries + 1)
    share = float((found.outcomes == FAILED).mean())
    assert abs(share - expected) <= 6 * math.sqrt(expected * (1 - expected) / 20_000) + 1e-4
    tries = (1 - rate ** (retries + 1)) / (1 - rate)
    assert found.tries / 20_000 == pytest.approx(tries, rel=0.08)


@pytest.mark.parametrize(
    ("limit", "capacity", "services"), [(0, 1, [1.0]), (1, 0, [1.0]), (1, 1, [])]
)
def test_no_place_no_worker_and_no_service_are_refused(limit, capacity, services):
    with pytest.raises(ValueError, match=r"at least 1|no service"):
        in_flight([0.0], services, limit, capacity=capacity)
