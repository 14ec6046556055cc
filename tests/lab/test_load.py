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
