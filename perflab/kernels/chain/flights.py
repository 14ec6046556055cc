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
        DATABASE: From the database.
        WRITTEN: It set, renewed or removed an entry.
        TIMED_OUT: It got no connection in time, each time that it tried.
        REFUSED: Too many waited for a connection.
    """

    LOCAL = 0
    JOINED = 1
    REMOTE = 2
    DATABASE = 3
    WRITTEN = 4
    TIMED_OUT = 5
    REFUSED = 6


FIRST_FAILURE = Answer.TIMED_OUT
"""This answer and those after it are failures."""


class Happening(enum.IntEnum):
    """What happens to a chain itself, besides its requests.

    Attributes:
        REMOTE_DOWN: The shared cache is lost with all entries, until it is up.
        REMOTE_UP: It is there, and empty.
        RESTART: The process of the value's number starts with an empty cache.
        SLOWER: The database takes the value times as long from now on; 1 is as usual.
    """

    REMOTE_DOWN = 0
    REMOTE_UP = 1
    RESTART = 2
    SLOWER = 3


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


class ChainAnswers(NamedTuple):
    """What became of each request, all of shape (n,).

    Attributes:
        ends: float64, when its caller has the answer or the failure, on the clock of the arrivals.
        answers: uint8 of `Answer`.
        waits: float64, seconds that it waited for connections itself.
        starts: float64, when its query began; NaN where it sent none.
        services: float64, seconds that its query took; NaN where it sent none.
        tries: int32, how often it asked the pool.
    """

    ends: Floats
    answers: npt.NDArray[np.uint8]
    waits: Floats
    starts: Floats
    services: Floats
    tries: npt.NDArray[np.int32]
