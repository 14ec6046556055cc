import threading
import time

import numpy as np
import pytest

from perflab.bench.pace import Pace
from perflab.bench.session import Session
from perflab.lab.load import LoadGenerator
from perflab.primitives.clock import VirtualClock
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace


class Noting(Session):
    """Notes which requests came, when, and when each was due."""

    def __init__(self):
        self.came = []
        self.lock = threading.Lock()

    def request(self, index, due):
        with self.lock:
            self.came.append((index, due, time.perf_counter()))
        return "done"

    def apply(self, settings, load):
        """Take nothing."""

    def counters(self):
        return {}

    def problem(self):
        return None

    def close(self):
        """Nothing is open."""


def generator(load, *, open_loop=True, requests=100_000, limit=None):
    session = Noting()
    pace = Pace.of(Trace.from_keys(np.arange(requests)), load, 0.0)
    return session, LoadGenerator(session, pace, load, VirtualClock(), limit, open_loop=open_loop)


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.005)


@pytest.mark.parametrize("open_loop", [True, False])
def test_a_stopped_paced_run_asks_nothing_before_it_is_due(open_loop):
    session, load = generator(LoadSettings(request_rate=100, concurrency=32), open_loop=open_loop)
    started = time.perf_counter()
    load.start()
    time.sleep(0.5)
    load.stop()
    taken = time.perf_counter() - started
    assert load.finished
    assert 1 <= len(session.came) <= 100 * taken + 1
    assert not [index for index, _, came in session.came if came < started + index / 100 - 0.001]


def test_a_stop_during_a_pause_asks_nothing_more():
    session, load = generator(LoadSettings(request_rate=200, concurrency=8))
    load.start()
    time.sleep(0.2)
    load.pause()
    time.sleep(0.1)
    before = len(session.came)
    load.stop()
    assert load.finished
    assert len(session.came) == before


@pytest.mark.parametrize("concurrency", [1, 8])
def test_every_request_comes_once(concurrency):
    session, load = generator(LoadSettings(concurrency=concurrency), limit=5_000)
    load.start()
    while not load.finished:
        time.sleep(0.01)
    assert sorted(index for index, _, _ in session.came) == list(range(5_000))
    assert sum(record.count for record in load.histograms().values()) == 5_000


def test_an_error_in_a_request_ends_all_threads_and_is_kept():
    session, load = generator(LoadSettings(request_rate=500, concurrency=8))
    error = ValueError("broken")

    def request(index, due):
        raise error

    session.request = request
    load.start()
    load.stop()
    assert load.finished
    assert load.failure is error


@pytest.mark.parametrize("threads", [1, 5])
@pytest.mark.parametrize("rate", [None, 3000, 20])
def test_no_request_is_under_way_while_threads_are_held(threads, rate):
    session, load = generator(LoadSettings(request_rate=rate, concurrency=threads))
    load.start()
    for _ in range(20):
        time.sleep(0.003)
        with load.between_requests(patience=30.0) as held:
            assert held
            before = len(session.came)
            counted = sum(record.count for record in load.histograms().values())
            time.sleep(0.003)
            assert counted == before == len(session.came)
            # Of several paced threads, one may have waited for its request longer than others.
            if threads == 1 or rate is None:
                once = sorted(request % 100_000 for request in range(before))
                assert sorted(index for index, _, _ in session.came) == once
    load.stop()
    assert load.finished


def test_a_request_that_hangs_is_not_waited_for_longer_than_the_patience():
    session, load = generator(LoadSettings(concurrency=3))
    hanging, freed = threading.Event(), threading.Event()

    def request(index, due):
        if index == 50:
            hanging.set()
            freed.wait(30.0)
        return "done"

    session.request = request
    load.start()
    assert hanging.wait(30.0)
    with load.between_requests(patience=0.1) as held:
        assert not held
        is_under_way = load.under_way()
    others = load.issued
    until(lambda: load.issued > others + 100)
    # The other two threads have done many since: what is late is the one that hangs.
    assert is_under_way()
    freed.set()
    until(lambda: not is_under_way())
    with load.between_requests(patience=30.0) as held:
        assert held
        assert load.under_way() is None
    load.stop()
    assert load.finished


def test_a_change_during_a_pause_leaves_it_paused():
    session, load = generator(LoadSettings(concurrency=2))
    load.start()
    time.sleep(0.05)
    load.pause()
    with load.between_requests(patience=30.0) as held:
        assert held
        load.apply(LoadSettings(concurrency=4))
        before = len(session.came)
    time.sleep(0.05)
    assert len(session.came) == before
    load.resume()
    end = time.perf_counter() + 30
    while len(session.came) == before and time.perf_counter() < end:
        time.sleep(0.01)
    load.stop()
    assert len(session.came) > before


def test_a_waiting_request_belongs_to_the_pace_that_follows_it():
    session, load = generator(LoadSettings(request_rate=0.01))
    load.start()
    time.sleep(0.1)
    # The first is done, the second is taken and due in 100 seconds.
    with load.between_requests(patience=30.0):
        assert len(session.came) == 1
        load.apply(LoadSettings(request_rate=1000))
        assert (load._pace.index, load._pace.dated_from) == (1, 1)
        assert load._pace.shown(1) == 100.0
    time.sleep(0.2)
    load.stop()
    assert len(session.came) > 1


def test_an_unchanged_rate_keeps_the_very_dates():
    pace = Pace.of(Trace.from_keys([1, 2, 3]), LoadSettings(request_rate=7), 0.0)
    again = pace.resumed(5, 1.0).resumed(11, 2.0, LoadSettings(request_rate=7, concurrency=3))
    assert [again.shown(index) for index in range(40)] == [index / 7 for index in range(40)]
    assert again.due(11) == 2.0
    other = again.resumed(20, 3.0, LoadSettings(request_rate=2))
    assert other.shown(21) == 20 / 7 + 1 / 2
