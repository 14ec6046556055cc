from __future__ import annotations

import threading

import pytest
from forked import exit_status

from perflab.instrumentation import AtomicCounter, Counters, Event, EventKind
from perflab.primitives import Breaker


@pytest.mark.parametrize("make", [Counters, lambda: Breaker(1, 60)], ids=["counters", "breaker"])
def test_a_child_does_not_wait_for_a_lock_that_the_parent_held(make):
    shared = make()
    held, let_go = threading.Event(), threading.Event()

    def hold():
        with shared._lock:
            held.set()
            assert let_go.wait(30)

    def use():
        if isinstance(shared, Breaker):
            return shared.fail() and shared.state == "open"
        shared(Event(EventKind.HIT, "k"))
        return shared.snapshot()["hits"] == 1

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    assert exit_status(use) == 0
    let_go.set()
    holder.join()


def test_a_counter_has_no_lock_that_a_child_could_find_held():
    counter, over = AtomicCounter(), threading.Event()

    def read():
        while not over.is_set():
            counter.read()

    reader = threading.Thread(target=read)
    reader.start()
    next(counter)
    assert [exit_status(lambda: counter.read() == 1) for _ in range(10)] == [0] * 10
    over.set()
    reader.join()
