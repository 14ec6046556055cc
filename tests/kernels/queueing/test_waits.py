from __future__ import annotations

import heapq
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels import order_of, quantiles_of, queue_waits, values_at

SECONDS = st.floats(0, 5).map(lambda value: round(value, 3))


def simulated(arrivals, services, servers, timeout, factors=None):
    """One event after the other: customers wait in a line, servers come free from a heap."""
    busy, line, waits = [], [], [math.nan] * len(arrivals)

    def serve(customer, now):
        waits[customer] = now - arrivals[customer]
        factor = 1.0 if factors is None else factors[len(busy) + 1]
        heapq.heappush(busy, now + services[customer] * factor)

    def advance(until):
        while busy and busy[0] <= until:
            now = heapq.heappop(busy)
            while line and now - arrivals[line[0]] > timeout:
                line.pop(0)
            if line:
                serve(line.pop(0), now)

    for customer, now in enumerate(arrivals):
        advance(now)
        line[:] = [other for other in line if now - arrivals[other] <= timeout]
        if len(busy) < servers:
            serve(customer, now)
        else:
            line.append(customer)
    advance(math.inf)
    return waits


@given(
    gaps=st.lists(SECONDS, min_size=1, max_size=60),
    servers=st.integers(1, 6),
    timeout=st.sampled_from([0.0, 0.7, 2.5, math.inf]),
    data=st.data(),
)
def test_waits_are_those_of_an_event_simulation(gaps, servers, timeout, data):
    services = data.draw(st.lists(SECONDS, min_size=len(gaps), max_size=len(gaps)))
    factors = data.draw(
        st.none() | st.lists(st.floats(0.5, 3), min_size=servers + 1, max_size=servers + 1)
    )
    arrivals = np.cumsum(gaps)
    queue = queue_waits(arrivals, services, servers, timeout, factors)
    expected = simulated(arrivals.tolist(), services, servers, timeout, factors)
    np.testing.assert_allclose(queue.waits, expected, atol=1e-9)
    assert queue.timeouts == np.isnan(expected).sum()
    assert queue.busy_seconds == pytest.approx(np.nansum(queue.services))


@given(
    gaps=st.lists(SECONDS, min_size=1, max_size=60),
    least=st.integers(0, 5),
    most=st.integers(1, 5),
    max_idle=st.sampled_from([0.5, 3.0, math.inf]),
)
def test_connections_stay_between_their_bounds(gaps, least, most, max_idle):
    arrivals = np.cumsum(gaps)
    queue = queue_waits(arrivals, np.ones(len(gaps)), most, 9.0, None, least, 0.1, max_idle)
    assert min(least, most) <= queue.connections <= most
    assert queue.connects >= queue.connections - least
    if max_idle == math.inf:
        assert queue.connects == queue.connections - min(least, most)


def test_a_customer_who_opens_a_connection_waits_for_it():
    queue = queue_waits([0, 1, 1.5, 9], [3, 3, 3, 3], 2, min_connections=1, connect_seconds=0.25)
    np.testing.assert_allclose(queue.waits, [0, 0.25, 1.5, 0])
    assert (queue.connects, queue.connections) == (1, 2)


def test_an_idle_connection_beyond_the_minimum_is_closed_and_paid_again():
    times = [0, 0, 10, 10]
    kept = queue_waits(times, [1] * 4, 2, min_connections=1, connect_seconds=0.5)
    closed = queue_waits(times, [1] * 4, 2, min_connections=1, connect_seconds=0.5, max_idle=5)
    np.testing.assert_allclose(kept.waits, [0, 0.5, 0, 0])
    np.testing.assert_allclose(closed.waits, [0, 0.5, 0, 0.5])
    assert (kept.connects, closed.connects) == (1, 2)


def simulated_pool(arrivals, service, most, least, connect, timeout, max_waiting):
    """A pool step by step on a grid of milliseconds: connections open beside those that return."""
    idle, busy, opening, line = [0.0] * least, [], [], []
    found, opened, grown = {}, least, 0

    def grow(now):
        nonlocal opened, grown
        while opened < most and len(opening) < len(line):
            opened, grown = opened + 1, grown + 1
            opening.append(now + connect)

    for now in range(int(arrivals[-1]) + len(arrivals) * int(service + connect) + 2):
        for moments in (busy, opening):
            idle += [moment for moment in moments if moment <= now]
            moments[:] = [moment for moment in moments if moment > now]
        while idle and line:
            customer = line.pop(0)
            idle.pop()
            found[customer] = now - arrivals[customer]
            busy.append(now + service)
        line[:] = [one for one in line if now - arrivals[one] < timeout]
        for customer in [i for i, time in enumerate(arrivals) if time == now]:
            if idle:
                idle.pop()
                found[customer] = 0
                busy.append(now + service)
                continue
            grows = opened < most and len(opening) <= len(line)
            if not grows and max_waiting is not None and len(line) - len(opening) >= max_waiting:
                found[customer] = math.inf
                continue
            line.append(customer)
            grow(now)
    return [found.get(i, math.nan) for i in range(len(arrivals))], grown


@given(
    gaps=st.lists(st.integers(1, 9), min_size=1, max_size=30),
    service=st.integers(1, 40),
    least=st.integers(0, 3),
    more=st.integers(1, 3),
    connect=st.integers(1, 30),
    timeout=st.sampled_from([5, 50, 10_000]),
    max_waiting=st.none() | st.integers(0, 3),
)
def test_a_growing_pool_is_that_of_a_simulation(
    gaps, service, least, more, connect, timeout, max_waiting
):
    # Multiples of 8 and other remainders: nothing happens at the very moment of something else.
    arrivals = np.cumsum(gaps) * 8 + 1.0
    service, connect, timeout = service * 8 + 2, connect * 8 + 4, timeout * 8 + 7
    queue = queue_waits(
        arrivals,
        [float(service)] * len(gaps),
        least + more,
        float(timeout),
        None,
        least,
        float(connect),
        max_waiting=max_waiting,
    )
    expected, grown = simulated_pool(
        arrivals.tolist(), service, least + more, least, connect, timeout, max_waiting
    )
    refused = [one == math.inf for one in expected]
    np.testing.assert_array_equal(
        queue.waits, [math.nan if math.isinf(one) else one for one in expected]
    )
    assert queue.connects == grown
    assert queue.refused == sum(refused)
    if max_waiting is not None:
        assert queue.turned_away.tolist() == refused


def test_a_customer_takes_a_connection_that_returns_before_its_own_is_there():
    queue = queue_waits([0, 1, 9], [3, 3, 3], 2, min_connections=1, connect_seconds=5)
    np.testing.assert_allclose(queue.waits, [0, 2, 0])
    assert queue.connects == 1


def test_one_too_many_in_the_line_is_turned_away():
    queue = queue_waits([0, 1, 2, 3, 13], [10] * 5, 1, max_waiting=1)
    assert queue.turned_away.tolist() == [False, False, True, True, False]
    assert (queue.refused, queue.timeouts) == (2, 0)
    np.testing.assert_allclose(queue.waits, [0, 9, np.nan, np.nan, 7])


def test_who_gives_up_leaves_its_place_in_the_line_to_another():
    queue = queue_waits([0, 1, 2, 7], [10] * 4, 1, timeout=5, max_waiting=1)
    assert queue.turned_away.tolist() == [False, False, True, False]
    assert queue.timeouts == 1


def test_the_oldest_first_keeps_idle_connections_from_closing():
    times = [0, 0, 2, 4, 6, 8, 8]
    options = {"min_connections": 0, "connect_seconds": 0.0, "max_idle": 3.5}
    last = queue_waits(times, [1] * 7, 2, **options)
    oldest = queue_waits(times, [1] * 7, 2, **options, oldest_first=True)
    assert (last.connects, oldest.connects) == (3, 2)


def test_more_than_the_buffer_of_busy_servers_stay_in_order():
    draw = np.random.default_rng(3)
    arrivals = np.cumsum(draw.exponential(0.01, 20_000))
    services = draw.exponential(0.9, 20_000)
    queue = queue_waits(arrivals, services, 100)
    np.testing.assert_allclose(
        queue.waits, simulated(arrivals.tolist(), services.tolist(), 100, math.inf), atol=1e-9
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"services": [1.0]},
        {"servers": 0},
        {"factors": [1.0]},
    ],
)
def test_wrong_shapes_are_refused(wrong):
    with pytest.raises(ValueError, match=r"service times|server"):
        queue_waits(**{"arrivals": [0, 1], "services": [1, 1], "servers": 2, **wrong})


@given(
    values=st.lists(st.floats(0, 1e6) | st.just(math.nan) | st.just(0.0), max_size=200),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
def test_quantiles_are_those_of_sorted_values(values, shares):
    shares.sort()
    known = [value for value in values if not math.isnan(value)]
    found = quantiles_of(values, shares)
    if not known:
        assert np.isnan(found).all()
        return
    ranks = [max(math.ceil(share * len(known) - 1e-9), 1) - 1 for share in shares]
    assert found.tolist() == [sorted(known)[rank] for rank in ranks]


def test_a_server_that_was_waited_for_takes_time_to_change_hands():
    queue = queue_waits([0.0, 1.0, 20.0], [3.0, 3.0, 3.0], 1, handover_seconds=0.5)
    assert queue.waits.tolist() == [0.0, 2.5, 0.0]
    assert queue.end_seconds == 23.0


@pytest.mark.parametrize("spread", [0, 1, 2, 30, 10_000])
def test_the_order_is_that_of_a_stable_sort(spread):
    draw = np.random.default_rng(spread)
    values = np.arange(2000) + draw.integers(0, spread + 1, 2000).astype(float)
    assert order_of(values).tolist() == np.argsort(values, kind="stable").tolist()


def test_values_at_shares_lie_between_those_known():
    draw = np.random.default_rng(3)
    places = np.array([0, 0.25, 0.2501, 0.9, 0.999, 1])
    values, shares = np.sort(draw.random(6)), np.append(draw.random(2000), [0, 0.25, 0.9])
    assert values_at(shares, places, values) == pytest.approx(np.interp(shares, places, values))
    for wrong in (([1.0], places, values), ([0.5], places[:5], values), ([0.5], places[1:], [1])):
        with pytest.raises(ValueError, match=r"share|places"):
            values_at(*wrong)
