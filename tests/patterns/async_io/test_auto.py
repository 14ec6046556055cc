"""The limit that finds itself, before servers whose latency is a formula: no clock but our own."""

import heapq
import random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perflab.patterns.async_io._auto import GradientLimit


class Loop:
    """A closed loop before a server of so many workers, first come first served."""

    def __init__(self, auto, capacity, service=lambda: 0.02):
        self.auto = auto
        self.capacity = capacity
        self.service = service
        self.now = 0.0
        self._workers = []
        self._flying = []
        self.limits = []
        self.overload = False

    def run(self, seconds):
        """Go on for so long; return requests per second and the mean latency of the last half."""
        end, half = self.now + seconds, self.now + seconds / 2
        done, taken = 0, 0.0
        while self.now < end:
            while len(self._flying) < self.auto.limit:
                self._send()
            ended, begun = heapq.heappop(self._flying)
            self.now = ended
            flying = len(self._flying) + 1
            ok = not self.overload
            self.auto.note(begun, ended, flying, overload=self.overload, ok=ok)
            self.limits.append(self.auto.limit)
            if ended > half:
                done, taken = done + 1, taken + ended - begun
        return done / (seconds / 2), taken / done

    def _send(self):
        free = self.now
        if len(self._workers) >= self.capacity:
            free = max(free, heapq.heappop(self._workers))
        end = free + self.service()
        heapq.heappush(self._workers, end)
        heapq.heappush(self._flying, (end, self.now))


@pytest.mark.parametrize("capacity", [4, 8, 32, 100])
@pytest.mark.parametrize("start", [1, 20, 200])
def test_it_comes_near_the_throughput_of_a_full_server_and_keeps_its_latency_low(capacity, start):
    loop = Loop(GradientLimit(start, 512, 0.0), capacity)
    rate, latency = loop.run(40)
    assert rate >= 0.9 * capacity / 0.02
    assert latency <= 2.2 * 0.02
    assert min(loop.limits) >= 1


@pytest.mark.parametrize("spread", ["exponential", "lognormal"])
def test_it_does_so_where_service_times_spread(spread):
    draw = random.Random(1)
    services = {
        "exponential": lambda: draw.expovariate(50),
        "lognormal": lambda: draw.lognormvariate(-4.0, 0.5),
    }
    loop = Loop(GradientLimit(20, 512, 0.0), 16, services[spread])
    rate, latency = loop.run(60)
    mean = {"exponential": 0.02, "lognormal": 0.02075}[spread]
    assert rate >= 0.85 * 16 / mean
    assert latency <= 3 * mean


def test_it_follows_a_server_that_gets_more_and_less_workers():
    loop = Loop(GradientLimit(20, 512, 0.0), 8)
    loop.run(30)
    loop.capacity = 64
    rate, _ = loop.run(40)
    assert rate >= 0.85 * 64 / 0.02
    loop.capacity = 8
    loop._workers = sorted(loop._workers)[-8:]
    heapq.heapify(loop._workers)
    _, latency = loop.run(60)
    assert latency <= 3 * 0.02


def test_overload_lowers_it_window_by_window_down_to_one():
    loop = Loop(GradientLimit(100, 512, 0.0), 1000)
    loop.overload = True
    loop.run(20)
    assert loop.auto.limit == 1


def test_what_is_not_used_does_not_raise_it():
    auto = GradientLimit(50, 512, 0.0)
    now = 0.0
    for _ in range(2000):
        now += 0.01
        auto.note(now - 0.005, now, 3, overload=False, ok=True)
    assert auto.limit <= 50


def test_a_single_stall_is_no_sign_of_queueing():
    draw = random.Random(2)
    loop = Loop(GradientLimit(20, 256, 0.0), 512, lambda: 5.0 if draw.random() < 0.01 else 0.02)
    rate, _ = loop.run(60)
    assert loop.auto.limit > 64
    assert rate > 0


@given(
    start=st.integers(1, 600),
    most=st.integers(1, 600),
    tries=st.lists(
        st.tuples(st.floats(0, 0.2), st.floats(1e-6, 10), st.integers(1, 600), st.booleans()),
        max_size=300,
    ),
)
@hypothesis_settings(max_examples=60)
def test_whatever_comes_it_stays_between_one_and_its_most(start, most, tries):
    auto = GradientLimit(start, most, 0.0)
    now = 0.0
    for step, latency, flying, overload in tries:
        now += step
        auto.note(now - latency, now, flying, overload=overload, ok=not overload)
        assert 1 <= auto.limit <= most
