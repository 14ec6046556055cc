"""Requests of a client with a concurrency limit to a server with a capacity, one by one."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen
from perflab.kernels.sampling.draws import next_state, share_of

SERVED, FAILED, REFUSED, TIMED_OUT = range(4)


class InFlight(NamedTuple):
    """What became of each request, in the order in which they were taken up.

    Attributes:
        begins: float64 of shape (n,), seconds: when its latency counts from; the arrival, or in a
            closed loop when a place came free for it.
        ends: float64 of shape (n,), seconds: when its last try was over.
        outcomes: int8 of shape (n,): 0 served, 1 failed, 2 refused (503), 3 timed out.
        tries: Tries of all requests.
        busy_seconds: What the server has worked in all.
    """

    begins: npt.NDArray[np.float64]
    ends: npt.NDArray[np.float64]
    outcomes: npt.NDArray[np.int8]
    tries: int
    busy_seconds: float


def in_flight(
    arrivals: npt.ArrayLike,
    services: npt.ArrayLike,
    limit: int,
    *,
    capacity: int | None = None,
    queue: int | None = None,
    bottleneck_seconds: float = 0.0,
    delay_seconds: float = 0.0,
    timeout: float = math.inf,
    error_rate: float = 0.0,
    retries: int = 0,
    backoff_seconds: float = 0.0,
    closed: bool = False,
    seed: int = 1,
) -> InFlight:
    """Follow requests through client and server; all queues are first come, first served.

    A try waits for one of `limit` places at the client, passes what handles one at a time (the
    event loops), waits for one of `capacity` workers, is served, and takes a constant delay
    beside. It is the recursion of Kiefer and Wolfowitz (1955), once for the places and once for
    the workers: both are taken in order of arrival, so that a heap of the times at which each
    comes free tells the next start. In a closed loop every place takes the next request as soon
    as it is free.

    Args:
        arrivals: float64 of shape (n,), seconds, not decreasing; only their number counts in a
            closed loop.
        services: float64 of shape (m,), seconds that the server works on a try; used in turn,
            from the first again after the last.
        limit: Places at the client; at least 1.
        capacity: Workers at the server; None for as many as come.
        queue: How many wait there at the most; a try beyond fails at once. None for no bound.
        bottleneck_seconds: What passes one at a time.
        delay_seconds: What passes beside others.
        timeout: The longest that a try takes; its worker is free from then on.
        error_rate: The share of services that end in a failure.
        retries: How often a failure is tried again, in the same place.
        backoff_seconds: The longest wait before the first retry; it doubles, and is drawn evenly.
        closed: Whether the loop is closed.
        seed: What failures and backoffs are drawn from; not 0.

    Raises:
        ValueError: If there is no place, no worker or no service time.
    """
    times, lengths = frozen(arrivals, np.float64), frozen(services, np.float64)
    if limit < 1 or (capacity is not None and capacity < 1):
        raise ValueError(f"at least 1 place and 1 worker, got {limit} and {capacity}")
    if len(lengths) == 0:
        raise ValueError("there are no service times")
    found: tuple[Any, ...] = _in_flight(
        times,
        lengths,
        int(limit),
        0 if capacity is None else int(capacity),
        -1 if queue is None else int(queue),
        float(bottleneck_seconds),
        float(delay_seconds),
        float(timeout),
        float(error_rate),
        int(retries),
        float(backoff_seconds),
        bool(closed),
        np.uint64(seed),
    )
    return InFlight(*found)


@njit(nogil=True, cache=True)
def _in_flight(
    arrivals: npt.NDArray[np.float64],
    services: npt.NDArray[np.float64],
    limit: int,
    capacity: int,
    queue: int,
    bottleneck: float,
    delay: float,
    timeout: float,
    error_rate: float,
    retries: int,
    backoff: float,
    closed: bool,
    state: np.uint64,
) -> Any:
    n = len(arrivals)
    begins = np.empty(n, np.float64)
    ends = np.empty(n, np.float64)
    outcomes = np.zeros(n, np.int8)
    # Places by when they are free, or by when the request that they hold is to be sent.
    when = np.zeros(limit, np.float64)
    holds = np.full(limit, -1, np.int64)
    tried = np.zeros(limit, np.int64)
    workers = np.zeros(max(capacity, 1), np.float64)
    # When those who wait at the server start, in order, at [head, tail).
    starts = np.empty(max(4096, 2 * limit), np.float64)
    head = tail = 0
    taken = done = tries = 0
    free = busy = 0.0
    nothing, zero = np.int64(-1), np.int64(0)
    while done < n:
        now, request, count = when[0], holds[0], tried[0]
        if request < 0 and taken == n:
            now = np.inf
        elif request < 0:
            request = taken
            taken += 1
            begins[request] = now if closed else arrivals[request]
            if not closed and arrivals[request] > now:
                now = arrivals[request]
                _replace_entry(when, holds, tried, now, request, zero)
                continue
        if now == np.inf:
            _replace_entry(when, holds, tried, now, nothing, zero)
            continue
        count += 1
        arrived = max(now, free) + bottleneck
        free = arrived
        last = now + timeout
        outcome = 0
        while head < tail and starts[head] <= arrived:
            head += 1
        start = arrived
        if capacity > 0:
            start = max(arrived, workers[0])
        if queue >= 0 and start > arrived and tail - head >= queue:
            outcome = 2
            end = arrived + delay
        else:
            service = services[tries % len(services)]
            if start > arrived:
                if tail == len(starts):
                    for i in range(head, tail):
                        starts[i - head] = starts[i]
                    tail -= head
                    head = 0
                starts[tail] = min(start, last)
                tail += 1
            left = max(start, min(start + service, last))
            if capacity > 0 and start < last:
                _replace_first(workers, left)
            busy += left - start if start < last else 0.0
            end = start + service + delay
        tries += 1
        if end > last:
            end = last
            outcome = 3
        elif outcome == 0 and error_rate > 0.0:
            state = next_state(state)
            if share_of(state) < error_rate:
                outcome = 1
        if outcome > 0 and count <= retries:
            state = next_state(state)
            wait = backoff * 2.0 ** min(count - 1, 60) * share_of(state)
            _replace_entry(when, holds, tried, end + wait, request, count)
            continue
        ends[request] = end
        outcomes[request] = outcome
        done += 1
        _replace_entry(when, holds, tried, end, nothing, zero)
    return begins, ends, outcomes, tries, busy


@njit(nogil=True, cache=True)
def _replace_entry(
    when: npt.NDArray[np.float64],
    holds: npt.NDArray[np.int64],
    tried: npt.NDArray[np.int64],
    time: float,
    request: int | np.int64,
    count: int | np.int64,
) -> None:
    """Put another entry in place of the first of the heap and restore its order."""
    size = len(when)
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and when[child + 1] < when[child]:
            child += 1
        if when[child] >= time:
            break
        when[place], holds[place], tried[place] = when[child], holds[child], tried[child]
        place = child
    when[place], holds[place], tried[place] = time, request, count


@njit(nogil=True, cache=True)
def _replace_first(heap: npt.NDArray[np.float64], time: float) -> None:
    """Put another time in place of the first of the heap and restore its order."""
    size = len(heap)
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= time:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = time
