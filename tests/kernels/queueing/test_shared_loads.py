"""Threads that share the loads of an LRU of chunks, against a plain simulation by events."""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict, deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels import lru_read_ahead, shared_loads

N_CHUNKS = 9
ENDS, ACCESS = 0, 1


class PlainLoader:
    """The rules of the loader written out, with a heap of all that is to come.

    Entries of the heap are (moment, kind, number, what to do): loads end before accesses begin,
    those ahead (number -1) before those of accesses, which go by their number.
    """

    def __init__(self, chunks, capacity, threads, hits, loads, **more):
        self.chunks, self.capacity, self.hits, self.loads = chunks, capacity, hits, loads
        self.ahead = more.get("ahead", 0)
        self.between, self.interval = more.get("between_seconds", 0), more.get("interval", 0)
        self.contention, self.start = more.get("contention", 0), more.get("start", 0)
        self.wake = more.get("wake_seconds", [0])
        self.stop = more["stop"]
        self.held = OrderedDict()  # chunk -> "plain", or the ticket of a reserved or ready place
        self.ready = set()
        self.flights, self.led, self.busy = {}, {}, 0.0
        self.line, self.loading, self.drawn = deque(), False, 0
        self.tickets = itertools.count(1)
        self.events = []
        self.reset()
        self.numbers = itertools.count()
        self.begun = {}
        self.idle = [0.0] * threads

    def reset(self):
        names = ("hits", "misses", "waits", "loads", "ahead", "first_touches", "evictions")
        self.counts = dict.fromkeys(names, 0)
        self.load_seconds, self.wait_seconds = [], []

    def play(self):
        """Take accesses in order, each by the thread that is free first."""
        for number in range(self.stop + 1):
            moment = max(heapq.heappop(self.idle), number * self.interval)
            while self.events and self.events[0][0] <= moment:
                happened, _, _, action = heapq.heappop(self.events)
                action(happened)
            if number == self.start:
                self.reset()
            self.begun[number] = moment
            if number < self.stop:
                chunk = self.chunks[number % len(self.chunks)]
                end = self.access(number, chunk, moment)
                heapq.heappush(self.idle, end + self.between)
        seconds = moment - self.begun.get(self.start, moment)
        if self.start >= self.stop:
            self.reset()
            seconds = 0.0
        return {**self.counts, "held": len(self.held), "seconds": seconds}

    def access(self, number, chunk, now):
        place = self.held.get(chunk)
        self.counts["misses" if place is None else "hits"] += 1
        quick = now + self.hits[number % len(self.hits)]
        if place == "plain":
            self.held.move_to_end(chunk)
            return quick
        if place is not None:
            self.counts["first_touches"] += 1
            if place in self.ready:
                self.hold(chunk, "plain")
                self.go_ahead(chunk, now)
                return quick
        if self.flights.get(chunk, -1.0) > now:
            end = self.flights[chunk] + self.wake[self.led[chunk] % len(self.wake)]
            self.counts["waits"] += 1
            self.wait_seconds.append(end - now)
            action = self.joined if place is None else self.touched
        else:
            end = self.fly(chunk, now, self.loads[number % len(self.loads)], number)
            self.counts["loads"] += 1
            self.load_seconds.append(end - now)
            action = self.loaded
        event = (end, ENDS, number, lambda moment: action(chunk, moment))
        heapq.heappush(self.events, event)
        return end

    def fly(self, chunk, now, seconds, number):
        self.led[chunk] = number
        self.flights[chunk] = now + seconds + self.contention * max(0.0, self.busy - now)
        self.busy = max(self.busy, self.flights[chunk])
        return self.flights[chunk]

    def loaded(self, chunk, now):
        self.hold(chunk, "plain")
        self.go_ahead(chunk, now)

    def joined(self, chunk, now):
        if chunk not in self.held:
            self.hold(chunk, "plain")
        self.go_ahead(chunk, now)

    def touched(self, chunk, now):
        if self.held.get(chunk, "plain") != "plain":
            self.hold(chunk, "plain")
        self.go_ahead(chunk, now)

    def hold(self, chunk, place):
        if not self.capacity:
            return
        if chunk not in self.held and len(self.held) == self.capacity:
            self.held.popitem(last=False)
            self.counts["evictions"] += 1
        self.held[chunk] = place
        self.held.move_to_end(chunk)

    def go_ahead(self, chunk, now):
        reach = min(self.ahead, self.capacity - 1)
        made = []
        for following in range(min(chunk + reach, N_CHUNKS - 1), chunk, -1):
            if following not in self.held:
                ticket = next(self.tickets)
                self.hold(following, ticket)
                made.append((following, ticket))
        self.line.extend(reversed(made))
        if chunk in self.held and reach > 0:
            self.held.move_to_end(chunk)
        if not self.loading:
            self.load_next(now)

    def load_next(self, now):
        self.loading = False
        while self.line:
            chunk, ticket = self.line.popleft()
            if self.held.get(chunk) != ticket or ticket in self.ready:
                continue
            self.loading = True
            if self.flights.get(chunk, -1.0) > now:
                action, end = self.load_next, self.flights[chunk]
            else:
                end = self.fly(chunk, now, self.loads[self.drawn % len(self.loads)], self.drawn)
                self.drawn += 1
                self.counts["ahead"] += 1
                action = self.brought(chunk)
            heapq.heappush(self.events, (end, ENDS, -1, action))
            return

    def brought(self, chunk):
        def action(now):
            place = self.held.get(chunk, "plain")
            if place != "plain":
                self.ready.add(place)
            self.load_next(now)

        return action


SECONDS = st.integers(1, 40).map(lambda number: number / 8)


@given(
    chunks=st.lists(st.integers(0, N_CHUNKS - 1), min_size=1, max_size=40),
    capacity=st.integers(0, 6),
    threads=st.integers(1, 5),
    hits=st.lists(SECONDS.map(lambda seconds: seconds / 16), min_size=1, max_size=3),
    loads=st.lists(SECONDS, min_size=1, max_size=5),
    ahead=st.integers(0, 4),
    between=st.integers(0, 2).map(lambda number: number / 16),
    interval=st.sampled_from([0.0, 0.25, 1.0]),
    contention=st.sampled_from([0.0, 0.5, 1.0]),
    wake=st.sampled_from([[0.0], [0.25], [0.0, 0.5, 2.0]]),
    start=st.integers(0, 50),
    stop=st.integers(0, 90),
)
def test_threads_share_loads_as_in_a_plain_simulation(
    chunks, capacity, threads, hits, loads, ahead, between, interval, contention, wake, start, stop
):
    more = {
        "ahead": ahead,
        "between_seconds": between,
        "interval": interval,
        "contention": contention,
        "wake_seconds": wake,
        "start": start,
        "stop": stop,
    }
    plain = PlainLoader(chunks, capacity, threads, hits, loads, **more)
    wanted = plain.play()
    found = shared_loads(chunks, N_CHUNKS, capacity, threads, hits, loads, **more)._asdict()
    assert found.pop("load_seconds").tolist() == plain.load_seconds
    assert found.pop("wait_seconds").tolist() == plain.wait_seconds
    assert found == wanted
    if threads == 1 and capacity:
        alone = lru_read_ahead(chunks, N_CHUNKS, capacity, ahead, start=start, stop=stop)
        for name in ("hits", "misses", "evictions", "held", "first_touches"):
            assert getattr(alone, name) == found[name]


@given(
    chunks=st.lists(st.integers(0, N_CHUNKS - 1), min_size=1, max_size=60),
    capacity=st.integers(0, 6),
    threads=st.integers(1, 5),
    hits=st.lists(SECONDS.map(lambda seconds: seconds / 16), min_size=1, max_size=3),
    loads=st.lists(SECONDS, min_size=1, max_size=5),
    wake=st.sampled_from([[0.0], [0.25], [0.0, 0.5, 2.0]]),
    start=st.integers(0, 60),
)
def test_accesses_that_are_made_when_others_were_do_what_those_did(
    chunks, capacity, threads, hits, loads, wake, start
):
    more = {"wake_seconds": wake, "start": min(start, len(chunks)), "stop": len(chunks)}
    plain = PlainLoader(chunks, capacity, threads, hits, loads, **more)
    wanted = plain.play()
    asked = [plain.begun[number] for number in range(len(chunks))]
    found = shared_loads(
        *(chunks, N_CHUNKS, capacity, 4 * threads, hits, loads), asked_seconds=asked, **more
    )._asdict()
    assert found.pop("load_seconds").tolist() == plain.load_seconds
    assert found.pop("wait_seconds").tolist() == plain.wait_seconds
    del found["seconds"], wanted["seconds"]
    # What ends after the last access has begun is held then.
    for name in ("held", "evictions"):
        assert found.pop(name) >= wanted.pop(name)
    assert found == wanted


def test_an_access_waits_for_a_place_where_all_threads_are_at_work():
    found = shared_loads([0, 1, 2], 3, 3, 1, [0.25], [1.0], asked_seconds=[0.0, 0.5, 4.0])
    assert found.seconds == 5.0
    assert found.load_seconds.tolist() == [1.0, 1.0, 1.0]
    together = shared_loads([0, 0, 0], 3, 3, 3, [0.25], [1.0], asked_seconds=[0.0, 0.5, 1.0])
    assert (together.loads, together.waits, together.hits) == (1, 1, 1)
    assert together.wait_seconds.tolist() == [0.5]


def test_all_who_come_during_a_load_wait_for_its_end():
    found = shared_loads(np.zeros(8), 1, 1, 4, [0.25], [1.0])
    assert (found.hits, found.misses, found.waits, found.loads) == (4, 4, 3, 1)
    assert found.wait_seconds.tolist() == [1.0, 1.0, 1.0]
    assert found.seconds == 1.25
    paced = shared_loads(np.zeros(8), 1, 1, 4, [0.25], [1.0], interval=0.5)
    assert (paced.hits, paced.waits) == (6, 1)
    assert paced.wait_seconds.tolist() == [0.5]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: shared_loads([0, 3], 3, 1, 1, [1], [1]), "the id 3 of request 1 is not below 3"),
        (lambda: shared_loads([0], 3, 1, 0, [1], [1]), "at least 1 thread"),
        (lambda: shared_loads([0], 3, -1, 1, [1], [1]), "0 chunks or more"),
        (lambda: shared_loads([0], 3, 1, 1, [], [1]), "at least one time each"),
        (lambda: shared_loads([0], 3, 1, 1, [1], [1], asked_seconds=[0, 1]), "2 times for 1 acc"),
        (lambda: shared_loads([0], 3, 1, 1, [1], [1], asked_seconds=[0], stop=2), "1 times for 2"),
    ],
)
def test_threads_without_sense_are_refused(call, error):
    with pytest.raises(ValueError, match=error):
        call()
