"""`shared_loads`: threads that ask an LRU of chunks, and wait for each other's loads."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen, frozen_ids
from perflab.kernels.policies.lists import BEFORE, BEHIND, ENTRIES, move, new_lists, put, take

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_LOADED, _JOINED, _TOUCHED = 0, 1, 2
_PLAIN, _RESERVED, _READY = 0, 1, 2
_ENDS, _BUSY = 0, 1
_HEAD, _TAIL, _CHUNK, _BROUGHT, _DRAWN, _EVICTED = 0, 1, 2, 3, 4, 5


class SharedLoads(NamedTuple):
    """Events of the counted accesses, and how long they took.

    Attributes:
        hits: Accesses that found their chunk held, or reserved for a load ahead.
        misses: All others: they load their chunk, or wait for another's load of it.
        waits: Accesses that waited for another's load; hits on a chunk that is being loaded ahead
            are among them.
        loads: Loads by the threads that ask.
        ahead: Loads in the background.
        first_touches: Hits that were the first access to a chunk loaded ahead.
        evictions: Chunks that made room.
        held: Chunks held at the end, those included that are being loaded ahead.
        seconds: From the first of the accesses to when the next one would begin.
        load_seconds: float64 of shape (loads,), what each access took that loaded its chunk.
        wait_seconds: float64 of shape (waits,), what each access took that waited.
    """

    hits: int
    misses: int
    waits: int
    loads: int
    ahead: int
    first_touches: int
    evictions: int
    held: int
    seconds: float
    load_seconds: Floats
    wait_seconds: Floats


def shared_loads(
    chunks: npt.ArrayLike,
    n_chunks: int,
    capacity: int,
    threads: int,
    hit_seconds: npt.ArrayLike,
    load_seconds: npt.ArrayLike,
    *,
    ahead: int = 0,
    between_seconds: float = 0.0,
    interval: float = 0.0,
    contention: float = 0.0,
    wake_seconds: npt.ArrayLike = (0.0,),
    asked_seconds: npt.ArrayLike = (),
    start: int = 0,
    stop: int | None = None,
) -> SharedLoads:
    """Return what an LRU of `capacity` chunks does for several threads at once.

    Each thread takes the next access as soon as it is free, and makes it then or, at a pace, when
    it is due. A chunk is held from the end of its load on; who asks for it meanwhile joins the
    load, and goes on when it has been woken. After a miss, and after the first access to a chunk
    that was loaded ahead, places are reserved for those of the next ``min(ahead, capacity - 1)``
    chunks that are not held, and one more thread loads them, the nearest first; who comes before it
    has begun with a chunk loads it. At one moment loads end in the order in which their accesses
    were taken, those ahead first, and then accesses begin.

    Args:
        chunks: int32 of shape (n,), chunk numbers 0..n_chunks-1, as they lie in the store.
        n_chunks: Number of chunks; memory of some 40 bytes each.
        capacity: Chunks held; with 0 none is, but loads are still shared.
        threads: How many ask; at least 1.
        hit_seconds: float64 of shape (h,), what accesses that hit take; access i takes that of
            ``i % h``.
        load_seconds: float64 of shape (k,), likewise for loads; those ahead take them in turn.
        ahead: Chunks loaded ahead.
        between_seconds: From the end of an access to when its thread is free.
        interval: Seconds from one access being due to the next; 0 for as fast as threads can.
        contention: How far a load waits for those under way: with 0 they overlap, with 1 each
            begins when the last of them ends.
        wake_seconds: float64 of shape (w,), from the end of a load to when all go on that waited
            for it; a load by access i takes that of ``i % w``, those ahead in turn.
        asked_seconds: float64 of shape (n,), when each access is made, not decreasing, instead of
            when a thread is free and it is due; later where all threads are at work then.
        start: The first access that is counted.
        stop: The first access that is not made any more; the end of `chunks` where none is given.
            Beyond the end they begin again.

    Raises:
        ValueError: If a chunk is not below `n_chunks`, there is no thread, the capacity is
            negative, no time is given, or accesses are counted of which it is not known when they
            were made.
    """
    if threads < 1:
        raise ValueError(f"at least 1 thread asks, got {threads}")
    if capacity < 0:
        raise ValueError(f"a cache holds 0 chunks or more, got {capacity}")
    asked = frozen_ids(chunks, n_chunks)
    hits, loads = frozen(hit_seconds, np.float64), frozen(load_seconds, np.float64)
    wakes = frozen(wake_seconds, np.float64)
    if not len(hits) or not len(loads) or not len(wakes):
        raise ValueError("hits, loads and waking take at least one time each")
    last = len(asked) if stop is None or len(asked) == 0 else int(stop)
    made = frozen(asked_seconds, np.float64)
    if len(made) and (len(made) != len(asked) or last > len(made)):
        raise ValueError(f"{len(made)} times for {max(last, len(asked))} accesses")
    found: tuple[Any, ...] = _shared_loads(
        *(asked, int(n_chunks), int(capacity), int(threads), hits, loads, int(ahead)),
        *(float(between_seconds), float(interval), float(contention), wakes, made),
        *(int(start), last),
    )
    counts, seconds, own, waited = found
    columns: tuple[Any, ...] = (*map(int, counts), float(seconds), own, waited)
    return SharedLoads(*columns)


@njit(nogil=True, cache=True)
def _shared_loads(
    chunks: npt.NDArray[np.int32],
    n_chunks: int,
    capacity: int,
    threads: int,
    hit_seconds: Floats,
    load_seconds: Floats,
    ahead: int,
    between: float,
    interval: float,
    contention: float,
    wakes: Floats,
    made: Floats,
    start: int,
    stop: int,
) -> Any:
    links, home, totals = new_lists(n_chunks, 1)
    fresh = np.zeros(n_chunks, np.int8)
    tickets = np.zeros(n_chunks, np.int32)
    flights = np.full(n_chunks, -1.0)  # when the load of each chunk ends, or has ended
    led = np.zeros(n_chunks, np.int64)  # by which access, or as which load ahead
    free = np.zeros(threads)
    # What each thread does at the end of its access, and when.
    due, does = np.full(threads, np.inf), np.zeros(threads, np.int64)
    about, order = np.zeros(threads, np.int64), np.zeros(threads, np.int64)
    first_due = np.inf
    # The load ahead that is under way, and those that wait for it: chunk and ticket.
    clock, state = np.array([np.inf, 0.0]), np.zeros(6, np.int64)
    line = np.zeros((1024, 2), np.int64)
    reach = min(ahead, capacity - 1)
    most = max(stop - start, 0)
    own, waited = np.empty(most), np.empty(most)
    hits = misses = waits = loads = touches = evicted_before = brought_before = 0
    began = now = 0.0
    place = 0
    for i in range(stop + 1):
        worker = 0
        for j in range(1, threads):
            if free[j] < free[worker]:
                worker = j
        now = free[worker]
        if len(made):
            now = max(now, made[i]) if i < len(made) else max(now, free.max())
        elif interval > 0:
            now = max(now, i * interval)
        while min(first_due, clock[_ENDS]) <= now:
            if clock[_ENDS] <= first_due:
                chunk = state[_CHUNK]
                if chunk >= 0 and home[chunk] == 1 and fresh[chunk] == _RESERVED:
                    fresh[chunk] = _READY
                _load_next(
                    *(clock[_ENDS], line, state, clock, home, fresh, tickets, flights, led),
                    *(load_seconds, contention),
                )
                continue
            other = -1
            for j in range(threads):
                if due[j] == first_due and (other < 0 or order[j] < order[other]):
                    other = j
            chunk, moment = about[other], first_due
            if does[other] == _LOADED or (does[other] == _JOINED and home[chunk] == 0):
                state[_EVICTED] += _hold(links, home, totals, fresh, chunk, capacity)
            elif does[other] == _TOUCHED and home[chunk] == 1 and fresh[chunk] != _PLAIN:
                fresh[chunk] = _PLAIN
                move(links, home, totals, chunk, 1, 0)
            if reach > 0:
                line = _reserve(
                    *(chunk, reach, moment, links, home, totals, fresh, tickets, flights, led),
                    *(line, state, clock, capacity, load_seconds, contention),
                )
            due[other] = np.inf
            first_due = due.min()
        if i == start:
            hits = misses = waits = loads = touches = 0
            evicted_before, brought_before = state[_EVICTED], state[_BROUGHT]
            began = now
        if i == stop:
            break
        chunk = chunks[place]
        place += 1
        if place == len(chunks):
            place = 0
        end = now + hit_seconds[i % len(hit_seconds)]
        if home[chunk] == 1 and fresh[chunk] == _PLAIN:
            hits += 1
            if links[n_chunks + 1, BEFORE] != chunk:
                move(links, home, totals, chunk, 1, 0)
            free[worker] = end + between
            continue
        joins = flights[chunk] > now
        if home[chunk] == 1:
            hits += 1
            touches += 1
            if fresh[chunk] == _READY:
                fresh[chunk] = _PLAIN
                move(links, home, totals, chunk, 1, 0)
                line = _reserve(
                    *(chunk, reach, now, links, home, totals, fresh, tickets, flights, led),
                    *(line, state, clock, capacity, load_seconds, contention),
                )
                free[worker] = end + between
                continue
            does[worker] = _TOUCHED if joins else _LOADED
        else:
            misses += 1
            does[worker] = _JOINED if joins else _LOADED
        if joins:
            end = flights[chunk] + wakes[led[chunk] % len(wakes)]
            if i >= start:
                waited[waits] = end - now
            waits += 1
        else:
            seconds = load_seconds[i % len(load_seconds)]
            end = now + seconds + contention * max(0.0, clock[_BUSY] - now)
            flights[chunk] = end
            led[chunk] = i
            clock[_BUSY] = max(clock[_BUSY], end)
            if i >= start:
                own[loads] = end - now
            loads += 1
        due[worker], about[worker], order[worker] = end, chunk, i
        first_due = min(first_due, end)
        free[worker] = end + between
    if start >= stop:
        hits = misses = waits = loads = touches = 0
        evicted_before, brought_before, began = state[_EVICTED], state[_BROUGHT], now
    brought = state[_BROUGHT] - brought_before
    evicted = state[_EVICTED] - evicted_before
    counts = [hits, misses, waits, loads, brought, touches, evicted, totals[1, ENTRIES]]
    return np.array(counts, np.int64), now - began, own[:loads].copy(), waited[:waits].copy()


@njit(nogil=True, cache=True)
def _hold(
    links: npt.NDArray[np.int32],
    home: npt.NDArray[np.uint8],
    totals: Integers,
    fresh: npt.NDArray[np.int8],
    chunk: int,
    capacity: int,
) -> int:
    """Hold a chunk as the most recent one; return how many left for it."""
    if capacity == 0:
        return 0
    fresh[chunk] = _PLAIN
    if home[chunk] == 1:
        move(links, home, totals, chunk, 1, 0)
        return 0
    gone = 0
    end = len(home) + 1
    if totals[1, ENTRIES] >= capacity:
        take(links, home, totals, links[end, BEHIND], 0)
        gone = 1
    put(links, home, totals, chunk, links[end, BEFORE], 1, 0)
    return gone


@njit(nogil=True, cache=True)
def _reserve(
    chunk: int,
    reach: int,
    now: float,
    links: npt.NDArray[np.int32],
    home: npt.NDArray[np.uint8],
    totals: Integers,
    fresh: npt.NDArray[np.int8],
    tickets: npt.NDArray[np.int32],
    flights: Floats,
    led: Integers,
    line: Integers,
    state: Integers,
    clock: Floats,
    capacity: int,
    load_seconds: Floats,
    contention: float,
) -> Integers:
    """Make places for the next chunks and have them loaded; return the line, which may be new."""
    if state[_TAIL] + reach > len(line):
        held = line[state[_HEAD] : state[_TAIL]]
        larger = np.zeros((2 * (len(held) + reach) + 1024, 2), np.int64)
        larger[: len(held)] = held
        line = larger
        state[_HEAD], state[_TAIL] = 0, len(held)
    first = state[_TAIL]
    for following in range(min(chunk + reach, len(home) - 1), chunk, -1):
        if home[following] == 1:
            continue
        state[_EVICTED] += _hold(links, home, totals, fresh, following, capacity)
        fresh[following] = _RESERVED
        tickets[following] += 1
        line[state[_TAIL], 0] = following
        line[state[_TAIL], 1] = tickets[following]
        state[_TAIL] += 1
    line[first : state[_TAIL]] = line[first : state[_TAIL]][::-1].copy()
    if home[chunk] == 1:
        move(links, home, totals, chunk, 1, 0)
    if clock[_ENDS] == np.inf:
        _load_next(
            *(now, line, state, clock, home, fresh, tickets, flights, led),
            *(load_seconds, contention),
        )
    return line


@njit(nogil=True, cache=True)
def _load_next(
    now: float,
    line: Integers,
    state: Integers,
    clock: Floats,
    home: npt.NDArray[np.uint8],
    fresh: npt.NDArray[np.int8],
    tickets: npt.NDArray[np.int32],
    flights: Floats,
    led: Integers,
    load_seconds: Floats,
    contention: float,
) -> None:
    """Let the background begin with the next chunk that is still wanted, if there is one."""
    clock[_ENDS] = np.inf
    while state[_HEAD] < state[_TAIL]:
        chunk, ticket = line[state[_HEAD], 0], line[state[_HEAD], 1]
        state[_HEAD] += 1
        if home[chunk] != 1 or fresh[chunk] != _RESERVED or tickets[chunk] != ticket:
            continue
        if flights[chunk] > now:  # a thread loads it already: its load is waited for
            state[_CHUNK] = -1
            clock[_ENDS] = flights[chunk]
            return
        seconds = load_seconds[state[_DRAWN] % len(load_seconds)]
        end = now + seconds + contention * max(0.0, clock[_BUSY] - now)
        led[chunk] = state[_DRAWN]
        state[_DRAWN] += 1
        state[_BROUGHT] += 1
        state[_CHUNK] = chunk
        clock[_BUSY] = max(clock[_BUSY], end)
        clock[_ENDS] = flights[chunk] = end
        return
