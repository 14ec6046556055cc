"""What is given to a chain, and what became of each request."""

from __future__ import annotations

import enum
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Answer(enum.IntEnum):
    """How a request of a chain ended.

    Attributes:
        LOCAL: From the cache of its process.
        JOINED: Together with another request that was under way for its key.
        REMOTE: From the cache that all processes share.
        DATABASE: From the database, or from the outgoing call where nothing follows that.
        WRITTEN: It set, renewed or removed an entry.
        TIMED_OUT: It got no connection in time, each time that it tried.
        REFUSED: Too many waited for a connection.
        CALL_FAILED: Its outgoing call failed, each time that it was tried.
        ABANDONED: The client in front gave it up, each time that it tried.
    """

    LOCAL = 0
    JOINED = 1
    REMOTE = 2
    DATABASE = 3
    WRITTEN = 4
    TIMED_OUT = 5
    REFUSED = 6
    CALL_FAILED = 7
    ABANDONED = 8


FIRST_FAILURE = Answer.TIMED_OUT
"""This answer and those after it are failures."""


class Happening(enum.IntEnum):
    """What happens to a chain itself, besides its requests.

    Attributes:
        REMOTE_DOWN: The shared cache is lost with all entries, until it is up.
        REMOTE_UP: It is there, and empty.
        RESTART: The process of the value's number starts with an empty cache.
        SLOWER: The database takes the value times as long from now on; 1 is as usual.
        CALL_SLOWER: The server that is called takes the value times as long.
    """

    REMOTE_DOWN = 0
    REMOTE_UP = 1
    RESTART = 2
    SLOWER = 3
    CALL_SLOWER = 4


class Links(NamedTuple):
    """A chain's settings.

    Attributes:
        local_entries: Of the cache of each process; none for no such cache.
        local_ttl: Seconds.
        local_seconds: What a look into it takes.
        remote_entries: Of the cache that all share; none for no such cache.
        remote_ttl: Seconds.
        remote_seconds: What a look into it takes.
        remote_write_seconds: What it takes to write an entry after a load.
        remote_down_seconds: What a look takes while it is down.
        connections: Of the pool of each process; none for as many as are asked for.
        timeout: Seconds that a request waits for one of them.
        max_waiting: How many may wait in a process; none for any number.
        shared: Connections that the pools of all processes share behind their own, as PgBouncer
            has them; none for one behind each.
        retries: How often a request that failed is tried again.
        backoff: Seconds before the first of these; each later one takes twice as long.
        call_limit: Outgoing calls of each process that are under way at once; none for no calls.
            One keeps its place while it is tried again.
        call_capacity: How many the called server works on at once; none for all that come.
        call_queue: How many wait there; a call beyond fails. None for any number.
        call_gate_seconds: What passes one at a time on the way there: the event loops.
        call_delay: Seconds that each takes beside.
        call_timeout: Seconds after which a try fails; the server leaves its work then.
        call_error_rate: The share of answers that are failures.
        call_retries: How often a call that failed is tried again.
        call_backoff: The longest wait before the first of these; it doubles with each.
        front_limit: Requests of the client in front of all processes that are under way at once;
            none for no such client.
        front_timeout: Seconds after which it gives up a try, whose work goes on behind.
        front_retries: How often it tries again what failed or was given up, in the same place.
        front_backoff: The longest wait before the first of these; it doubles with each.
    """

    local_entries: int | None = None
    local_ttl: float = math.inf
    local_seconds: float = 0.0
    remote_entries: int | None = None
    remote_ttl: float = math.inf
    remote_seconds: float = 0.0
    remote_write_seconds: float = 0.0
    remote_down_seconds: float = 0.0
    connections: int | None = None
    timeout: float = math.inf
    max_waiting: int | None = None
    shared: int | None = None
    retries: int = 0
    backoff: float = 0.0
    call_limit: int | None = None
    call_capacity: int | None = None
    call_queue: int | None = None
    call_gate_seconds: float = 0.0
    call_delay: float = 0.0
    call_timeout: float = math.inf
    call_error_rate: float = 0.0
    call_retries: int = 0
    call_backoff: float = 0.0
    front_limit: int | None = None
    front_timeout: float = math.inf
    front_retries: int = 0
    front_backoff: float = 0.0


class ChainAnswers(NamedTuple):
    """What became of each request, of shape (n,).

    Behind a client that tries again, `starts` and `services` have a row for each of its tries: n
    for the first ones, n for the second ones and so on.

    Attributes:
        ends: float64, when its caller has the answer or the failure, on the clock of the arrivals.
        answers: uint8 of `Answer`.
        waits: float64, seconds that it waited for connections itself.
        starts: float64, when its query began; NaN where it sent none.
        services: float64, seconds that its query took; NaN where it sent none.
        tries: int32, how often it asked the pool.
        let_in: float64, when the client in front first sent it; None without one, or calls.
        called: float64, seconds that its outgoing calls took; None likewise.
    """

    ends: Floats
    answers: npt.NDArray[np.uint8]
    waits: Floats
    starts: Floats
    services: Floats
    tries: npt.NDArray[np.int32]
    let_in: Floats | None = None
    called: Floats | None = None
