from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from perflab.instrumentation import Counters, Event, EventKind, difference, fan_out


def test_events_raise_their_counters():
    counters = Counters()
    for kind in EventKind:
        counters(Event(kind, "k", seconds=0.5))
    snapshot = counters.snapshot()
    assert snapshot["hits"] == snapshot["misses"] == snapshot["evictions"] == 1
    assert snapshot["loads"] == 2
    assert snapshot["load_errors"] == snapshot["waits"] == 1
    assert snapshot["load_seconds_total"] == 1.0
    assert snapshot["wait_seconds_total"] == 0.5


def test_a_snapshot_stays_as_it_was():
    counters = Counters()
    before = counters.snapshot()
    counters(Event(EventKind.HIT, "k"))
    assert before["hits"] == 0
    assert difference(counters.snapshot(), before)["hits"] == 1


def test_a_counter_that_is_new_counts_from_zero():
    assert difference({"hits": 3, "new": 2}, {"hits": 1}) == {"hits": 2, "new": 2}


def test_threads_lose_no_event():
    counters = Counters()

    def report(_):
        for _ in range(2_000):
            counters(Event(EventKind.HIT, "k"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(report, range(8)))
    assert counters.snapshot()["hits"] == 16_000


def test_an_event_cannot_be_changed():
    event = Event(EventKind.HIT, "k")
    with pytest.raises(AttributeError):
        event.size = 3


def test_fan_out_calls_each_in_order():
    seen = []
    hook = fan_out(lambda e: seen.append(("a", e)), None, lambda e: seen.append(("b", e)))
    event = Event(EventKind.MISS, "k")
    hook(event)
    assert seen == [("a", event), ("b", event)]


def test_fan_out_to_nobody_is_no_hook():
    assert fan_out() is None
    assert fan_out(None, None) is None


def test_fan_out_to_one_is_that_one():
    counters = Counters()
    assert fan_out(None, counters) is counters
