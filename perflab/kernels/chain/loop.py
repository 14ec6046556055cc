"""The compiled loop of a chain: happenings, what is under way, and arrivals, in order of time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import AHEAD, prefetch
from perflab.kernels.chain.entries import drop_all, empty_marks, hold, is_held, use, write_entry
from perflab.kernels.chain.events import HELD, put_event, take_event, with_room
from perflab.kernels.chain.flights import Answer, Happening
from perflab.kernels.policies.lists import BEFORE, BEHIND, ENTRIES, put, take
from perflab.operations import Operation

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]

_GET, _WRITE = int(Operation.GET), int(Operation.WRITE)
_LOCAL, _JOINED, _REMOTE = int(Answer.LOCAL), int(Answer.JOINED), int(Answer.REMOTE)
_DATABASE, _WRITTEN = int(Answer.DATABASE), int(Answer.WRITTEN)
_TIMED_OUT, _REFUSED = int(Answer.TIMED_OUT), int(Answer.REFUSED)
_DOWN, _UP = int(Happening.REMOTE_DOWN), int(Happening.REMOTE_UP)
_RESTART, _SLOWER = int(Happening.RESTART), int(Happening.SLOWER)
_LOOKED, _SERVED, _GIVES_UP, _AGAIN = 0, 1, 2, 3
_BUSY, _SHARED_USED = 0, 1
_MOST_PUT = 4
"""So many events one step puts at most."""


@njit(nogil=True, cache=True)
def follow(
    times: Floats,
    keys: Int32s,
    processes: Int32s,
    n_processes: int,
    pairs: Int32s,
    groups: Int32s,
    n_groups: int,
    services: Floats,
    factors: Floats,
    operations: npt.NDArray[np.uint8],
    ttls: Floats,
    happens_at: Floats,
    happens: Integers,
    happens_to: Floats,
    joins: bool,
    local_entries: int,
    local_ttl: float,
    local_seconds: float,
    remote_entries: int,
    remote_ttl: float,
    remote_seconds: float,
    write_seconds: float,
    down_seconds: float,
    connections: int,
    timeout: float,
    max_waiting: int,
    shared: int,
    retries: int,
    backoff: float,
    ends: Floats,
    answers: npt.NDArray[np.uint8],
    waits: Floats,
    starts: Floats,
    lasted: Floats,
    tries: Int32s,
    asked: Floats,
    last_joined: Int32s,
    joined_before: Int32s,
    local: Floats,
    used_here: Int32s,
    remote: Floats,
    used_there: Int32s,
    line: npt.NDArray[np.int32],
    stands: Int32s,
) -> None:
    """Fill the columns of `ChainAnswers`; the arguments are those of `chain`, -1 for none.

    What follows the settings is as `chain` makes it: the columns, when each asked its pool last,
    who joined a flight and who joined before that one, and entries, logs and lines, all empty.
    """
    n = len(times)
    flying = np.full(n_groups if joins else 0, -1, np.int32)
    has_local, has_remote = local_entries >= 0, remote_entries >= 0
    # A request uses or writes an entry of its process once at most, and one of the shared cache.
    own = np.zeros(n_processes, np.int64)
    for flight in range(n if has_local else 0):
        own[processes[flight]] += 1
    here, there = empty_marks(own), empty_marks(np.full(1, n, np.int64))
    # Lines before each pool, and before what all pools share behind them.
    waiting = np.zeros((n_processes + 2, 2), np.int64)
    for end in range(n, n + n_processes + 2):
        line[end, BEFORE] = end
        line[end, BEHIND] = end
    common = n_processes + 1
    used = np.zeros(n_processes, np.int64)
    moments, orders = np.empty(4096), np.empty(4096, np.int64)
    pending, state = np.empty(4096, np.int64), np.zeros(2, np.int64)
    counts = np.zeros(2, np.int64)
    slower, up = 1.0, True
    arrived = happened = 0
    while arrived < n or state[HELD] > 0:
        if state[HELD] + _MOST_PUT > len(moments):
            moments = with_room(moments, state[HELD])
            orders = with_room(orders, state[HELD])
            pending = with_room(pending, state[HELD])
        coming = times[arrived] if arrived < n else np.inf
        due = moments[0] if state[HELD] > 0 else np.inf
        if happened < len(happens) and happens_at[happened] <= min(due, coming):
            kind, value = happens[happened], happens_to[happened]
            if kind in (_DOWN, _UP):
                up = kind == _UP
                drop_all(there, 0)
            elif kind == _RESTART:
                drop_all(here, int(value))
            elif kind == _SLOWER:
                slower = value
            happened += 1
            continue
        asks = serves = -1
        ended, answer, now = -1, _LOCAL, due
        if due <= coming:
            what = take_event(moments, orders, pending, state)
            flight, event = what // 4, what % 4
            process = processes[flight]
            if event == _LOOKED:
                key = keys[flight]
                if up and is_held(remote, there, key, 0, now):
                    use(remote, used_there, there, key, 0)
                    ended, answer = flight, _REMOTE
                else:
                    asks = flight
            elif event == _AGAIN:
                asks = flight
            elif event == _SERVED:
                counts[_BUSY] -= 1
                ended, answer = flight, _DATABASE
                if shared >= 0:
                    counts[_SHARED_USED] -= 1
                    if waiting[common, ENTRIES] > 0:
                        serves = line[n + common, BEHIND]
                        take(line, stands, waiting, serves, 0)
                if connections >= 0:
                    used[process] -= 1
            elif stands[flight] == process + 1:
                take(line, stands, waiting, flight, 0)
                waits[flight] += now - asked[flight]
                ended, answer = flight, _TIMED_OUT
        else:
            flight, now = arrived, coming
            arrived += 1
            process, key, pair = processes[flight], keys[flight], pairs[flight]
            soon = min(flight + AHEAD, n - 1)
            if has_local:
                prefetch(local, 2 * pairs[soon])
            if has_remote:
                prefetch(remote, 2 * keys[soon])
            if joins:
                prefetch(flying, groups[soon])
            code = operations[flight] if len(operations) > 0 else _GET
            local_end, remote_end = now + local_ttl, now + remote_ttl
            if len(ttls) > 0 and not np.isnan(ttls[flight]):
                local_end = remote_end = now + ttls[flight]
            if code == _GET:
                if has_local and is_held(local, here, pair, process, now):
                    use(local, used_here, here, pair, process)
                    ends[flight], answers[flight] = now + local_seconds, _LOCAL
                    continue
                if joins and flying[groups[flight]] >= 0:
                    leader = flying[groups[flight]]
                    joined_before[flight] = last_joined[leader]
                    last_joined[leader] = flight
                    continue
                if joins:
                    flying[groups[flight]] = flight
                    last_joined[flight] = -1
            else:
                if has_local:
                    entry = (pair, process, local_entries, local_end, code, now)
                    write_entry(local, used_here, here, *entry)
                if has_remote and up:
                    entry = (key, 0, remote_entries, remote_end, code, now)
                    write_entry(remote, used_there, there, *entry)
                if code != _WRITE:
                    spent = local_seconds
                    if has_remote:
                        spent += remote_seconds if up else down_seconds
                    ends[flight], answers[flight] = now + spent, _WRITTEN
                    continue
            if has_remote and code == _GET:
                looked = now + (remote_seconds if up else down_seconds)
                put_event(moments, orders, pending, state, looked, flight * 4 + _LOOKED)
                continue
            asks = flight
        # Who got what came free before, who waits for it next, and who asks now.
        if serves >= 0:
            _begin(
                *(serves, now, slower, services, factors, counts, starts, lasted),
                *(waits, asked, moments, orders, pending, state),
            )
            counts[_SHARED_USED] += 1
        got = -1
        if ended >= 0 and answer == _DATABASE and connections >= 0:
            if waiting[process + 1, ENTRIES] > 0:
                got = line[n + process + 1, BEHIND]
                take(line, stands, waiting, got, 0)
        elif asks >= 0:
            tries[asks] += 1
            asked[asks] = now
            if connections < 0 or used[process] < connections:
                got = asks
            elif max_waiting >= 0 and waiting[process + 1, ENTRIES] >= max_waiting:
                ended, answer = asks, _REFUSED
            else:
                last = line[n + process + 1, BEFORE]
                put(line, stands, waiting, asks, last, process + 1, 0)
                if timeout < np.inf:
                    gone = now + timeout
                    put_event(moments, orders, pending, state, gone, asks * 4 + _GIVES_UP)
        if got >= 0:
            if connections >= 0:
                used[process] += 1
            if shared >= 0 and counts[_SHARED_USED] >= shared:
                put(line, stands, waiting, got, line[n + common, BEFORE], common, 0)
            else:
                counts[_SHARED_USED] += shared >= 0
                _begin(
                    *(got, now, slower, services, factors, counts, starts, lasted),
                    *(waits, asked, moments, orders, pending, state),
                )
        if ended < 0:
            continue
        if answer >= _TIMED_OUT and tries[ended] <= retries:
            later = now + backoff * 2.0 ** (tries[ended] - 1)
            put_event(moments, orders, pending, state, later, ended * 4 + _AGAIN)
            continue
        told = now + local_seconds
        fills = len(operations) == 0 or operations[ended] == _GET
        if answer < _TIMED_OUT and fills:
            local_end, remote_end = now + local_ttl, now + remote_ttl
            if len(ttls) > 0 and not np.isnan(ttls[ended]):
                local_end = remote_end = now + ttls[ended]
            pair, key = pairs[ended], keys[ended]
            if has_local:
                hold(local, used_here, here, pair, process, local_entries, local_end)
            if has_remote and up and answer == _DATABASE:
                told += write_seconds
                hold(remote, used_there, there, key, 0, remote_entries, remote_end)
        ends[ended], answers[ended] = told, answer
        if joins and fills:
            flying[groups[ended]] = -1
            other = last_joined[ended]
            while other >= 0:
                ends[other] = told
                answers[other] = answer if answer >= _TIMED_OUT else _JOINED
                other = joined_before[other]


@njit(nogil=True, cache=True)
def _begin(
    flight: int,
    now: float,
    slower: float,
    services: Floats,
    factors: Floats,
    counts: Integers,
    starts: Floats,
    lasted: Floats,
    waits: Floats,
    asked: Floats,
    moments: Floats,
    orders: Integers,
    pending: Integers,
    state: Integers,
) -> None:
    """Send a flight's query."""
    counts[_BUSY] += 1
    seconds = services[flight] * slower
    if len(factors) > 0:
        seconds *= factors[min(counts[_BUSY], len(factors)) - 1]
    waits[flight] += now - asked[flight]
    starts[flight], lasted[flight] = now, seconds
    put_event(moments, orders, pending, state, now + seconds, flight * 4 + _SERVED)
