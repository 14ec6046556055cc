"""Queues before several pools: with one they are `queue_waits`, with more a plain-Python queue."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_pools import PlainPools

from perflab.kernels import pooled_waits, queue_waits

DRAW = np.random.default_rng(2)
ARRIVALS = np.cumsum(DRAW.exponential(0.01, 4000))
SERVICES = DRAW.exponential(0.035, 4000)
POOLS = DRAW.integers(0, 3, 4000)


def plain(*values):
    """Return waits, shared waits and services, None where there are none."""
    found = PlainPools(*values).play()
    return found.waits, found.shared_waits, found.taken


def known(values):
    return [None if math.isnan(value) else value for value in values.tolist()]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"timeout": 0.05},
        {"min_connections": 1, "connect_seconds": 0.02, "max_idle": 0.04},
        {"min_connections": 0, "connect_seconds": 0.02, "max_idle": 0.04, "oldest_first": True},
        {"handover_seconds": 0.001, "timeout": 0.08},
        {"max_waiting": 2},
        {"max_waiting": 1, "min_connections": 2, "connect_seconds": 0.03, "timeout": 0.05},
    ],
)
@pytest.mark.parametrize("servers", [3, 4, 9])
def test_one_pool_is_the_queue_before_it(values, servers):
    factors = 1 + 0.05 * np.arange(servers + 1)
    alone = queue_waits(ARRIVALS, SERVICES, servers, factors=factors, follow=True, **values)
    found = pooled_waits(
        *(ARRIVALS, SERVICES, np.zeros(4000, int), 1, servers), factors=factors, **values
    )
    assert np.allclose(found.waits, alone.waits, atol=1e-12, equal_nan=True)
    assert np.allclose(found.services, alone.services, equal_nan=True)
    assert found.in_use.tolist() == alone.in_use.tolist()
    assert (found.opened[0], found.connects) == (alone.connections, alone.connects)
    assert int(found.turned_away.sum()) == alone.refused
    assert np.nansum(found.shared_waits) == 0


@pytest.mark.parametrize("timeout", [math.inf, 0.04])
@pytest.mark.parametrize("shared", [None, 5, 1])
@pytest.mark.parametrize("servers", [1, 2, 3])
def test_several_pools_are_those_of_plain_python(servers, shared, timeout):
    most = 3 * servers if shared is None else min(shared, 3 * servers)
    factors = 1 + 0.02 * np.arange(most + 1)
    lists = (ARRIVALS.tolist(), SERVICES.tolist(), POOLS.tolist())
    expected = plain(*lists, 3, servers, timeout, factors.tolist(), most)
    found = pooled_waits(
        *(ARRIVALS, SERVICES, POOLS, 3, servers), timeout, factors, shared=shared and most
    )
    for column, values in zip(found[:3], expected, strict=True):
        assert [value is None for value in known(column)] == [value is None for value in values]
        there = [value for value in values if value is not None]
        assert [v for v in known(column) if v is not None] == pytest.approx(there, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9), st.integers(0, 2)), max_size=40),
    st.integers(1, 3),
    st.integers(1, 4),
)
def test_whole_moments_are_played_in_order(rows, servers, shared):
    arrivals = np.cumsum([gap for gap, _, _ in rows]) + np.arange(len(rows)) / 1000
    services = np.array([length for _, length, _ in rows]) + np.arange(len(rows)) / 7919
    pools = [pool for _, _, pool in rows]
    most = min(shared, 3 * servers)
    expected = plain(
        *(arrivals.tolist(), services.tolist(), pools), 3, servers, 6.0, [1.0] * 20, most
    )
    found = pooled_waits(arrivals, services, pools, 3, servers, 6.0, shared=most)
    assert known(found.services) == pytest.approx(expected[2])


@pytest.mark.parametrize(
    "values",
    [
        {"pools": [0, 3]},
        {"pools": [0]},
        {"count": 0},
        {"servers": 0},
        {"shared": 0},
        {"factors": [1.0]},
    ],
)
def test_shapes_that_do_not_fit_are_refused(values):
    given_ = {"arrivals": [0.0, 1.0], "services": [1.0, 1.0], "pools": [0, 1], "count": 2}
    with pytest.raises(ValueError, match=r"pools|factors"):
        pooled_waits(**{**given_, "servers": 1, **values})
