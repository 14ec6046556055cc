from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from forked import exit_status
from interrupted import after_each_interruption

from perflab.primitives import SingleFlight


class Stage:
    """A loader that stays in its load until it is let go, and counts its calls."""

    def __init__(self, outcome="value"):
        self.outcome = outcome
        self.calls = 0
        self.entered = threading.Event()
        self.leave = threading.Event()

    def __call__(self):
        self.calls += 1
        self.entered.set()
        assert self.leave.wait(20)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def crowd(flights, key, stage, waiters, retry=None):
    """Run one leader and then waiters; return the outcomes, leader's first."""
    waiting = threading.Semaphore(0)

    def ask(load):
        try:
            return flights.run(key, load, waiting.release)
        except BaseException as error:  # noqa: BLE001 - what was raised is the outcome
            return error

    with ThreadPoolExecutor(waiters + 1) as pool:
        leader = pool.submit(ask, stage)
        assert stage.entered.wait(20)
        others = [pool.submit(ask, retry or stage) for _ in range(waiters)]
        for _ in range(waiters):
            assert waiting.acquire(timeout=20)
        stage.leave.set()
        return [leader.result(20), *(other.result(20) for other in others)]


def test_two_hundred_threads_load_once():
    stage = Stage()
    assert crowd(SingleFlight(), "k", stage, 199) == ["value"] * 200
    assert stage.calls == 1


def test_an_error_reaches_all_who_wait():
    error = LookupError("gone")
    stage = Stage(error)
    outcomes = crowd(SingleFlight(), "k", stage, 20)
    assert all(outcome is error for outcome in outcomes)
    assert stage.calls == 1


def test_a_shared_error_does_not_collect_tracebacks():
    error = LookupError("gone")
    crowd(SingleFlight(), "k", Stage(error), 50)
    depth, at = 0, error.__traceback__
    while at is not None:
        depth, at = depth + 1, at.tb_next
    assert depth < 10


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(1), GeneratorExit()])
def test_one_who_waits_loads_after_the_loader_was_interrupted(interruption):
    stage = Stage(interruption)
    reloads = []

    def retry():
        reloads.append(1)
        return "second"

    first, *others = crowd(SingleFlight(), "k", stage, 20, retry)
    assert first is interruption
    assert others == ["second"] * 20
    # Who finds no load under way any more begins one, as a later caller would.
    assert 1 <= len(reloads) <= 20


def test_who_asks_after_a_removal_starts_a_new_load():
    flights, stage = SingleFlight(), Stage("old")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flights.run, "k", stage)
        assert stage.entered.wait(20)
        waiting = threading.Event()
        joined = pool.submit(flights.run, "k", stage, waiting.set)
        assert waiting.wait(20)
        flights.part("k", "other")
        assert flights.run("k", lambda: "new") == "new"
        stage.leave.set()
        assert [first.result(20), joined.result(20)] == ["old"] * 2
    assert not flights._flights


def test_a_forked_child_does_not_wait_for_loads_of_the_parent():
    flights, stage = SingleFlight(), Stage()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(flights.run, "k", stage)
        assert stage.entered.wait(20)
        status = exit_status(lambda: flights.run("k", lambda: "child") == "child")
        stage.leave.set()
        assert first.result(20) == "value"
    assert status == 0


def test_a_loader_that_forks_ends_in_parent_and_child():
    flights = SingleFlight()
    statuses = []

    def load():
        statuses.append(exit_status(lambda: flights.run("other", lambda: 1) == 1))
        return "value"

    assert flights.run("k", load) == "value"
    assert statuses == [0]


def test_keys_load_side_by_side():
    flights = SingleFlight()
    both = threading.Barrier(2, timeout=20)

    def load():
        both.wait()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda key: flights.run(key, load), "ab")) == [True, True]


def test_a_later_caller_loads_again():
    flights = SingleFlight()
    assert [flights.run("k", lambda n=n: n) for n in range(3)] == [0, 1, 2]


def test_a_loader_may_load_another_key():
    flights = SingleFlight()
    assert flights.run("a", lambda: flights.run("b", lambda: 1) + 1) == 2


def test_a_loader_that_asks_for_its_own_key_is_told():
    flights = SingleFlight()
    with pytest.raises(RuntimeError, match="'k' asks for 'k' again"):
        flights.run("k", lambda: flights.run("k", lambda: 1))
    assert flights.run("k", lambda: 2) == 2


def test_loaders_that_would_wait_for_each_other_are_told():
    flights = SingleFlight()
    both = threading.Barrier(2, timeout=20)

    def load(own, other):
        def inner():
            both.wait()
            return flights.run(other, lambda: "loaded")

        try:
            return flights.run(own, inner)
        except RuntimeError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(load, "ab", "ba"))
    assert any("wait for itself forever" in outcome for outcome in outcomes)


def test_nothing_is_kept_after_the_last_load():
    flights = SingleFlight()
    crowd(flights, "k", Stage(), 10)
    crowd(flights, "k", Stage(ValueError()), 10)
    crowd(flights, "k", Stage(KeyboardInterrupt()), 3, lambda: 1)
    assert not flights._flights
    assert not flights._waiting


def test_one_who_waits_is_told_once():
    flights = SingleFlight()
    told = []
    stage = Stage(KeyboardInterrupt())

    def wait():
        flights.run("k", lambda: time.sleep(0.01), lambda: told.append(1))

    def lead():
        with pytest.raises(KeyboardInterrupt):
            flights.run("k", stage)

    with ThreadPoolExecutor(2) as pool:
        leader = pool.submit(lead)
        stage.entered.wait(20)
        waiter = pool.submit(wait)
        while not told:
            time.sleep(0.001)
        stage.leave.set()
        leader.result(20)
        waiter.result(20)
    assert told == [1]


# An interruption of a finalizer is only reported.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_at_any_step_leaves_no_load_behind():
    flights: SingleFlight[int] = SingleFlight()

    def nothing_is_left():
        assert not flights._flights
        assert not flights._waiting

    after_each_interruption(lambda: flights.run("k", lambda: 1), nothing_is_left, times=400)


# An interruption of a finalizer is only reported.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_after_an_error_leaves_no_load_behind():
    flights: SingleFlight[int] = SingleFlight()

    def fail():
        with contextlib.suppress(ZeroDivisionError):
            flights.run("k", lambda: 1 // 0)

    after_each_interruption(fail, lambda: flights.run("k", lambda: 1), times=400)
