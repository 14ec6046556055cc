"""A client in front of a chain, and outgoing calls, against plain Python and other kernels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels.chain.chain import chain
from perflab.kernels.chain.flights import Answer, Happening, Links
from perflab.kernels.queueing.in_flight import in_flight
from tests.helpers.plain_stations import StationChain
from tests.kernels.chain.test_chain import (
    COUNTS,
    LIFETIMES,
    MOMENTS,
    N_KEYS,
    N_PROCESSES,
    OF_CACHES_AND_POOL,
    SECONDS,
    SOME_SECONDS,
    columns,
    happenings,
    requests_of,
    rows,
)

settings = st.builds(
    Links,
    **OF_CACHES_AND_POOL,
    retries=st.integers(0, 1),
    call_limit=COUNTS,
    call_capacity=COUNTS,
    call_queue=st.none() | st.integers(0, 2),
    call_gate_seconds=st.just(0.0) | SECONDS,
    call_delay=SECONDS,
    call_timeout=LIFETIMES,
    call_error_rate=st.sampled_from([0.0, 0.5]),
    call_retries=st.integers(0, 2),
    call_backoff=SECONDS,
    front_limit=COUNTS,
    front_timeout=LIFETIMES,
    front_retries=st.integers(0, 2),
    front_backoff=SECONDS,
)
slower_calls = st.lists(
    st.tuples(MOMENTS, st.just(Happening.CALL_SLOWER), st.sampled_from([0.5, 4.0])), max_size=2
)


@given(
    st.lists(rows, min_size=1, max_size=50),
    settings,
    st.sampled_from(["none", "process", "service"]),
    st.tuples(happenings, slower_calls).map(lambda both: both[0] + both[1]),
    st.lists(st.booleans(), min_size=50, max_size=50),
    st.tuples(
        st.lists(SOME_SECONDS, min_size=1, max_size=3),
        st.lists(st.sampled_from([0.0, 0.25, 0.75]), max_size=3),
    ),
    st.booleans(),
)
def test_every_request_fares_as_in_plain_python(
    rows, links, single_flight, happens, calls, drawn, bare
):
    times, keys, processes, services, codes, ttls = columns(rows)
    call_seconds, chances = drawn
    stations = links.front_limit is not None or links.call_limit is not None
    bare = bare and stations
    called = np.array(calls[: len(rows)], np.uint8)
    found = chain(
        *(times, keys, N_KEYS, processes, N_PROCESSES, [] if bare else services, links),
        single_flight=single_flight,
        operations=codes,
        ttls=ttls,
        happenings=happens,
        calls=called,
        call_seconds=call_seconds,
        chances=chances,
    )
    requests = requests_of(rows)
    ordered = sorted(happens, key=lambda each: each[0])
    StationChain(
        *(requests, N_PROCESSES, links, single_flight, [], ordered),
        calls=called.tolist(),
        call_seconds=call_seconds,
        chances=chances,
        bare=bare,
    ).run()
    assert found.answers.tolist() == [request.answer for request in requests]
    assert found.ends.tolist() == [request.end for request in requests]
    if not stations:
        return
    tries = [request.tries_of_client or [request] for request in requests]
    assert found.let_in.tolist() == [request.let_in for request in requests]
    for column, name in ((found.tries, "tries"), (found.waits, "wait"), (found.called, "called")):
        sums = [sum(getattr(one, name) for one in each) for each in tries]
        assert column.tolist() == pytest.approx(sums)
    begun = sorted(one.start for each in tries for one in each if not math.isnan(one.start))
    assert sorted(found.starts[~np.isnan(found.starts)].tolist()) == begun


def calling(links, times, seconds, chances=()):
    """Return what becomes of calls of one process, for a key each, behind which nothing is."""
    n = len(times)
    return chain(
        *(times, np.arange(n), n, np.zeros(n, int), 1, [], links),
        call_seconds=seconds,
        chances=chances,
    )


@pytest.mark.parametrize(
    ("limit", "capacity", "queue", "timeout"),
    [(1, None, None, math.inf), (8, 3, None, math.inf), (40, 3, 2, math.inf), (40, 3, None, 0.05)],
)
def test_calls_are_those_of_the_kernel_of_the_bench(limit, capacity, queue, timeout):
    draw = np.random.default_rng(3)
    times, seconds = np.cumsum(draw.exponential(0.006, 4000)), draw.exponential(0.02, 977)
    links = Links(
        call_limit=limit,
        call_capacity=capacity,
        call_queue=queue,
        call_gate_seconds=0.0003,
        call_delay=0.001,
        call_timeout=timeout,
    )
    found = calling(links, times, seconds)
    same = in_flight(
        *(times, seconds, limit),
        capacity=capacity,
        queue=queue,
        bottleneck_seconds=0.0003,
        delay_seconds=0.001,
        timeout=timeout,
    )
    lost = found.answers == Answer.CALL_FAILED
    assert lost.sum() == pytest.approx((same.outcomes > 0).sum(), rel=0.03, abs=3)
    assert (found.ends - times).mean() == pytest.approx((same.ends - times).mean(), rel=0.01)


def test_a_client_lets_in_as_many_as_it_may_and_counts_their_wait():
    found = chain(
        *([0.0, 0.0, 0.0, 0.5], [0, 1, 2, 3], 4, [0, 0, 0, 0], 1, [1.0] * 4),
        Links(front_limit=2),
    )
    assert found.let_in.tolist() == [0.0, 0.0, 1.0, 1.0]
    assert found.ends.tolist() == [1.0, 1.0, 2.0, 2.0]


def test_work_that_the_client_gave_up_goes_on_and_is_done_again():
    found = chain(
        *([0.0], [0], 1, [0], 1, [1.0]),
        Links(front_limit=1, front_timeout=0.25, front_retries=2, connections=1),
        single_flight="none",
    )
    assert found.answers.tolist() == [Answer.ABANDONED]
    assert found.ends.tolist() == [0.75]
    assert found.starts.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("links", "words"),
    [
        (Links(call_limit=0), "call_limit is at least 1"),
        (Links(front_limit=0), "front_limit is at least 1"),
        (Links(call_limit=1), "no times of them"),
        (Links(front_limit=1, front_retries=2**30), "more than a chain follows"),
    ],
)
def test_what_cannot_be_is_refused(links, words):
    with pytest.raises(ValueError, match=words):
        chain([0.0, 1.0], [0, 1], 2, [0, 0], 1, [], links)
