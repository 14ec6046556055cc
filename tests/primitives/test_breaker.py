from __future__ import annotations

import pytest

from perflab.primitives.breaker import Breaker
from perflab.primitives.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def breaker(clock: VirtualClock) -> Breaker:
    return Breaker(3, 1.0, clock.now)


def open_it(breaker: Breaker) -> None:
    assert [breaker.fail() for _ in range(3)] == [False, False, True]


def test_failures_in_a_row_open_it(breaker: Breaker) -> None:
    open_it(breaker)
    assert breaker.state == "open"
    assert not breaker.allows()


def test_a_success_between_failures_starts_the_count_anew(breaker: Breaker) -> None:
    breaker.fail()
    breaker.fail()
    assert not breaker.succeed()
    assert not breaker.fail()
    assert breaker.state == "closed"


def test_one_caller_tries_when_the_time_is_over(breaker: Breaker, clock: VirtualClock) -> None:
    open_it(breaker)
    clock.advance(1.0)
    assert breaker.state == "half-open"
    assert [breaker.allows() for _ in range(3)] == [True, False, False]


def test_a_success_closes_it(breaker: Breaker, clock: VirtualClock) -> None:
    open_it(breaker)
    clock.advance(1.0)
    assert breaker.allows()
    assert breaker.succeed()
    assert breaker.state == "closed"
    assert all(breaker.allows() for _ in range(3))


def test_a_failed_try_keeps_it_open_as_long_again(breaker: Breaker, clock: VirtualClock) -> None:
    open_it(breaker)
    clock.advance(1.0)
    assert breaker.allows()
    assert not breaker.fail()
    clock.advance(0.9)
    assert not breaker.allows()
    clock.advance(0.1)
    assert breaker.allows()


def test_a_caller_who_never_tells_delays_the_next_try_once(
    breaker: Breaker, clock: VirtualClock
) -> None:
    open_it(breaker)
    clock.advance(1.0)
    assert breaker.allows()
    clock.advance(1.0)
    assert breaker.allows()


def test_new_bounds_count_from_the_next_failure(breaker: Breaker) -> None:
    breaker.fail()
    breaker.change(2, 5.0)
    assert breaker.fail()
