"""The loop of a chain with a client in front, or with outgoing calls beside its database.

It is `perflab.kernels.chain.loop.follow` with two stations more, which cost a service without them
nothing. Each try of the client is a flight of its own: request + n * (tries before it).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.chain.entries import drop_all, empty_marks, hold, is_held, use, write_entry
from perflab.kernels.chain.events import HELD, put_event, take_event
from perflab.kernels.chain.flights import Answer, Happening
from perflab.kernels.chain.lines import join_line, leave_first, with_more_room
from perflab.kernels.policies.lists import ENTRIES, new_lists, take
from perflab.operations import Operation

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]

_GET, _WRITE = int(Operation.GET), int(Operation.WRITE)
_LOCAL, _JOINED, _REMOTE = int(Answer.LOCAL), int(Answer.JOINED), int(Answer.REMOTE)
_DATABASE, _WRITTEN = int(Answer.DATABASE), int(Answer.WRITTEN)
_TIMED_OUT, _REFUSED = int(Answer.TIMED_OUT), int(Answer.REFUSED)
_CALL_FAILED, _ABANDONED = int(Answer.CALL_FAILED), int(Answer.ABANDONED)
_DOWN, _UP = int(Happening.REMOTE_DOWN), int(Happening.REMOTE_UP)
_RESTART, _SLOWER = int(Happening.RESTART), int(Happening.SLOWER)
_CALL_SLOWER, _CODES = int(Happening.CALL_SLOWER), 16
_LOOKED, _SERVED, _GIVES_UP, _AGAIN = 0, 1, 2, 3
_REACHES, _WORKED, _REPLIES, _CALL_OUT, _CALL_AGAIN = 4, 5, 6, 7, 8
_TOLD, _FRONT_OUT, _FRONT_AGAIN = 9, 10, 11
_ON_WAY, _SERVER_LINE, _AT_WORK, _ON_RETURN, _ELSEWHERE = 1, 2, 3, 4, 0
"""Where a try of a call is."""
_BUSY, _SHARED_USED, _IN_FRONT, _SENT, _WORKING = 0, 1, 2, 3, 4
_MOST_PUT = 12
"""So many events one step puts at most, beside those of who joined."""


@njit(nogil=True, cache=True)
def follow_full(
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
    local: Floats,
    remote: Floats,
    pool: Floats,
    calls: npt.NDArray[np.uint8],
    call_seconds: Floats,
    chances: Floats,
    call: Floats,
    client: Floats,
    held_here: Floats,
    used_here: Int32s,
    held_there: Floats,
    used_there: Int32s,
) -> Any:
    """Return the columns of `ChainAnswers`, when each request is let in, and what calls took.

    The arguments are those of `chain`, -1 for none; `local`, `remote`, `pool`, `call` and `client`
    hold the fields of `Links` in order. No service time means that nothing is behind the calls.
    The last four are entries and logs of the caches, as `with_stations` makes them, empty.

    Columns of what pools, queries and calls did have a row for each try of the client.
    """
    local_entries, local_ttl, local_seconds = int(local[0]), local[1], local[2]
    remote_entries, remote_ttl, remote_seconds = int(remote[0]), remote[1], remote[2]
    write_seconds, down_seconds = remote[3], remote[4]
    connections, timeout, max_waiting = int(pool[0]), pool[1], int(pool[2])
    shared, retries, backoff = int(pool[3]), int(pool[4]), pool[5]
    call_limit, call_capacity, call_queue = int(call[0]), int(call[1]), int(call[2])
    gate_seconds, call_delay, call_timeout, call_error_rate = call[3], call[4], call[5], call[6]
    call_retries, call_backoff = int(call[7]), call[8]
    front_limit, front_timeout = int(client[0]), client[1]
    front_retries, front_backoff = int(client[2]), client[3]
    n, has_front = len(times), front_limit >= 0
    flights = n * (front_retries + 1) if has_front else n
    ends, answers, let_in = np.empty(n), np.zeros(n, np.uint8), np.full(n, np.nan)
    waits, called = np.zeros(flights), np.zeros(flights)
    starts, lasted = np.full(flights, np.nan), np.full(flights, np.nan)
    tries, asked = np.zeros(flights, np.int32), np.empty(flights)
    last_joined, joined_before = np.full(flights, -1, np.int32), np.full(flights, -1, np.int32)
    flying = np.full(n_groups if joins else 0, -1, np.int32)
    has_local, has_remote = local_entries >= 0, remote_entries >= 0
    # Each try of a request uses or writes an entry of each cache once at most.
    own = np.zeros(n_processes, np.int64)
    for flight in range(flights if has_local else 0):
        own[processes[flight % n]] += 1
    here, there = empty_marks(own), empty_marks(np.full(1, flights, np.int64))
    # Lines before each pool, what pools share, each client's calls, the called server, the front.
    common, caller = n_processes + 1, n_processes + 2
    server, front = 2 * n_processes + 2, 2 * n_processes + 3
    line, _, waiting = new_lists(flights, front)
    stands, stage = np.zeros(flights, np.int32), np.zeros(flights, np.uint8)
    used, calling = np.zeros(n_processes, np.int64), np.zeros(n_processes, np.int64)
    expects, deadline, began = np.empty(flights), np.empty(flights), np.empty(flights)
    number, call_tries = np.empty(flights, np.int64), np.zeros(flights, np.int32)
    # Of each try of the front: whether it is waited for, and with what it ends.
    is_open, outcome = np.zeros(flights, np.uint8), np.zeros(flights, np.uint8)
    moments, orders = np.empty(4096), np.empty(4096, np.int64)
    pending, state, counts = np.empty(4096, np.int64), np.zeros(2, np.int64), np.zeros(5, np.int64)
    slower, call_slower, up, gate = 1.0, 1.0, True, -np.inf
    arrived = happened = 0
    while arrived < n or state[HELD] > 0:
        if state[HELD] + _MOST_PUT > len(moments):
            moments, orders, pending = with_more_room(moments, orders, pending, state)
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
            elif kind == _CALL_SLOWER:
                call_slower = value
            happened += 1
            continue
        asks = serves = enters = wants = sends = works = settled = over = -1
        ended, answer, now, how = -1, _LOCAL, due, _LOCAL
        if due <= coming:
            what = take_event(moments, orders, pending, state)
            flight, event = what // _CODES, what % _CODES
            process = processes[flight % n]
            if event == _LOOKED:
                key = keys[flight % n]
                if up and is_held(held_there, there, key, 0, now):
                    use(held_there, used_there, there, key, 0)
                    ended, answer = flight, _REMOTE
                elif call_limit >= 0 and calls[flight % n]:
                    wants = flight
                else:
                    asks = flight
            elif event == _AGAIN:
                asks = flight
            elif event == _SERVED:
                counts[_BUSY] -= 1
                ended, answer = flight, _DATABASE
                if shared >= 0:
                    counts[_SHARED_USED] -= 1
                    serves = leave_first(line, stands, waiting, common)
                if connections >= 0:
                    used[process] -= 1
            elif event == _GIVES_UP:
                if stands[flight] == process + 1:
                    take(line, stands, waiting, flight, 0)
                    waits[flight] += now - asked[flight]
                    ended, answer = flight, _TIMED_OUT
            elif event == _REACHES:
                if stage[flight] == _ON_WAY and expects[flight] == now:
                    if call_capacity < 0 or counts[_WORKING] < call_capacity:
                        works = flight
                    elif call_queue >= 0 and waiting[server, ENTRIES] >= call_queue:
                        stage[flight], expects[flight] = _ON_RETURN, now + call_delay
                        outcome[flight] = 1
                        code = flight * _CODES + _REPLIES
                        put_event(moments, orders, pending, state, now + call_delay, code)
                    else:
                        stage[flight] = _SERVER_LINE
                        join_line(line, stands, waiting, flight, server)
            elif event == _WORKED:
                if stage[flight] == _AT_WORK and expects[flight] == now:
                    counts[_WORKING] -= 1
                    stage[flight], expects[flight] = _ON_RETURN, now + call_delay
                    code = flight * _CODES + _REPLIES
                    put_event(moments, orders, pending, state, now + call_delay, code)
                    works = leave_first(line, stands, waiting, server)
            elif event == _REPLIES:
                if stage[flight] == _ON_RETURN and expects[flight] == now:
                    settled, how = flight, outcome[flight]
            elif event == _CALL_OUT:
                if _ON_WAY <= stage[flight] <= _ON_RETURN and deadline[flight] == now:
                    if stage[flight] == _SERVER_LINE:
                        take(line, stands, waiting, flight, 0)
                    elif stage[flight] == _AT_WORK:
                        counts[_WORKING] -= 1
                        works = leave_first(line, stands, waiting, server)
                    settled, how = flight, 1
            elif event == _CALL_AGAIN:
                sends = flight
            elif event == _TOLD:
                if is_open[flight]:
                    over, how = flight, outcome[flight]
            elif event == _FRONT_OUT:
                if is_open[flight]:
                    over, how = flight, _ABANDONED
            else:
                enters = flight
        else:
            now = coming
            if has_front and counts[_IN_FRONT] >= front_limit:
                join_line(line, stands, waiting, arrived, front)
            else:
                counts[_IN_FRONT] += 1
                enters = arrived
            arrived += 1
        # A try of the front is over: it is tried again, or the next request is let in.
        if over >= 0:
            is_open[over] = 0
            request, before = over % n, over // n
            if how >= _TIMED_OUT and before < front_retries:
                pause = front_backoff * 2.0**before
                if len(chances) > 0:
                    pause *= chances[(2 * over + 1) % len(chances)]
                code = (over + n) * _CODES + _FRONT_AGAIN
                put_event(moments, orders, pending, state, now + pause, code)
            else:
                ends[request], answers[request] = now, how
                enters = leave_first(line, stands, waiting, front)
                counts[_IN_FRONT] -= enters < 0
        if enters >= 0:
            flight, request = enters, enters % n
            process, key, pair = processes[request], keys[request], pairs[request]
            if flight < n:
                let_in[flight] = now
            if has_front:
                is_open[flight] = 1
                if front_timeout < np.inf:
                    code = flight * _CODES + _FRONT_OUT
                    put_event(moments, orders, pending, state, now + front_timeout, code)
            code = operations[request] if len(operations) > 0 else _GET
            local_end, remote_end = now + local_ttl, now + remote_ttl
            if len(ttls) > 0 and not np.isnan(ttls[request]):
                local_end = remote_end = now + ttls[request]
            at_once, spent = -1, local_seconds
            if code == _GET:
                leader = flying[groups[request]] if joins else -1
                if has_local and is_held(held_here, here, pair, process, now):
                    use(held_here, used_here, here, pair, process)
                    at_once = _LOCAL
                elif leader >= 0:
                    joined_before[flight] = last_joined[leader]
                    last_joined[leader] = flight
                    continue
                else:
                    if joins:
                        flying[groups[request]] = flight
                    if has_remote:
                        looked = now + (remote_seconds if up else down_seconds)
                        code = flight * _CODES + _LOOKED
                        put_event(moments, orders, pending, state, looked, code)
                    elif call_limit >= 0 and calls[request]:
                        wants = flight
                    else:
                        asks = flight
            else:
                if has_local:
                    entry = (pair, process, local_entries, local_end, code, now)
                    write_entry(held_here, used_here, here, *entry)
                if has_remote and up:
                    entry = (key, 0, remote_entries, remote_end, code, now)
                    write_entry(held_there, used_there, there, *entry)
                if code == _WRITE:
                    asks = flight
                else:
                    at_once = _WRITTEN
                    if has_remote:
                        spent += remote_seconds if up else down_seconds
            if at_once >= 0:
                if has_front:
                    outcome[flight] = at_once
                    code = flight * _CODES + _TOLD
                    put_event(moments, orders, pending, state, now + spent, code)
                else:
                    ends[flight], answers[flight] = now + spent, at_once
                continue
        # A call: it is worked on at the server, tried again or over, waits for a place, is sent.
        if works >= 0:
            counts[_WORKING] += 1
            worked = now + call_seconds[number[works] % len(call_seconds)] * call_slower
            stage[works], expects[works] = _AT_WORK, worked
            put_event(moments, orders, pending, state, worked, works * _CODES + _WORKED)
        if settled >= 0:
            flight, process = settled, processes[settled % n]
            if how == 0 and call_error_rate > 0.0 and len(chances) > 0:
                how = int(chances[(2 * number[flight]) % len(chances)] < call_error_rate)
            outcome[flight], stage[flight] = 0, _ELSEWHERE
            if how != 0 and call_tries[flight] <= call_retries:
                pause = call_backoff * 2.0 ** (call_tries[flight] - 1)
                if len(chances) > 0:
                    pause *= chances[(2 * number[flight] + 1) % len(chances)]
                code = flight * _CODES + _CALL_AGAIN
                put_event(moments, orders, pending, state, now + pause, code)
            else:
                called[flight] = now - began[flight]
                sends = leave_first(line, stands, waiting, caller + process)
                calling[process] -= sends < 0
                if how != 0:
                    ended, answer = flight, _CALL_FAILED
                else:
                    asks = flight
        if wants >= 0:
            process = processes[wants % n]
            began[wants] = now
            if calling[process] < call_limit:
                calling[process] += 1
                sends = wants
            else:
                join_line(line, stands, waiting, wants, caller + process)
        if sends >= 0:
            gate = max(now, gate) + gate_seconds
            call_tries[sends] += 1
            number[sends] = counts[_SENT]
            counts[_SENT] += 1
            stage[sends], expects[sends], deadline[sends] = _ON_WAY, gate, now + call_timeout
            put_event(moments, orders, pending, state, gate, sends * _CODES + _REACHES)
            if call_timeout < np.inf:
                code = sends * _CODES + _CALL_OUT
                put_event(moments, orders, pending, state, now + call_timeout, code)
        if asks >= 0 and len(services) == 0:
            ended, answer, asks = asks, _DATABASE, -1
        # Who got what came free before, who waits for it next, and who asks now.
        for turn in range(2):
            begins = -1
            if turn == 0:
                begins = serves
            elif ended >= 0 and answer == _DATABASE and connections >= 0:
                begins = leave_first(line, stands, waiting, processes[ended % n] + 1)
            elif asks >= 0:
                process = processes[asks % n]
                tries[asks] += 1
                asked[asks] = now
                if connections < 0 or used[process] < connections:
                    begins = asks
                elif max_waiting >= 0 and waiting[process + 1, ENTRIES] >= max_waiting:
                    ended, answer = asks, _REFUSED
                else:
                    join_line(line, stands, waiting, asks, process + 1)
                    if timeout < np.inf:
                        code = asks * _CODES + _GIVES_UP
                        put_event(moments, orders, pending, state, now + timeout, code)
            if begins < 0:
                continue
            if turn == 1 and connections >= 0:
                used[processes[begins % n]] += 1
            if turn == 1 and shared >= 0 and counts[_SHARED_USED] >= shared:
                join_line(line, stands, waiting, begins, common)
                continue
            counts[_SHARED_USED] += shared >= 0
            counts[_BUSY] += 1
            seconds = services[begins % n] * slower
            if len(factors) > 0:
                seconds *= factors[min(counts[_BUSY], len(factors)) - 1]
            waits[begins] += now - asked[begins]
            starts[begins], lasted[begins] = now, seconds
            put_event(moments, orders, pending, state, now + seconds, begins * _CODES + _SERVED)
        if ended < 0:
            continue
        if _TIMED_OUT <= answer <= _REFUSED and tries[ended] <= retries:
            later = now + backoff * 2.0 ** (tries[ended] - 1)
            put_event(moments, orders, pending, state, later, ended * _CODES + _AGAIN)
            continue
        told, request = now + local_seconds, ended % n
        fills = len(operations) == 0 or operations[request] == _GET
        if answer < _TIMED_OUT and fills:
            local_end, remote_end = now + local_ttl, now + remote_ttl
            if len(ttls) > 0 and not np.isnan(ttls[request]):
                local_end = remote_end = now + ttls[request]
            pair, key, process = pairs[request], keys[request], processes[request]
            if has_local:
                hold(held_here, used_here, here, pair, process, local_entries, local_end)
            if has_remote and up and answer == _DATABASE:
                told += write_seconds
                hold(held_there, used_there, there, key, 0, remote_entries, remote_end)
        other, first = ended, True
        if joins and fills:
            flying[groups[request]] = -1
        while other >= 0:
            if state[HELD] + _MOST_PUT > len(moments):
                moments, orders, pending = with_more_room(moments, orders, pending, state)
            got = answer if first or answer >= _TIMED_OUT else _JOINED
            if has_front:
                outcome[other] = got
                put_event(moments, orders, pending, state, told, other * _CODES + _TOLD)
            else:
                ends[other], answers[other] = told, got
            other = last_joined[ended] if first else joined_before[other]
            if not (joins and fills):
                break
            first = False
    return ends, answers, waits, starts, lasted, tries, let_in, called
