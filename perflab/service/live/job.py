"""What a worker of a service is told, and what it tells: plain values through a pipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class StageJob(NamedTuple):
    """A stage of a worker: its bench's name, the settings by key, and where its backing is."""

    bench: str
    settings: dict[str, Any]
    address: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class WorkerJob:
    """What one process does.

    Attributes:
        worker: The number of the worker; several processes are one worker after another.
        stages: In order.
        places: Which of the service's requests come to it, int64, in order of time.
        times: When each of them comes, seconds from the first request of the service on.
        keys: The key of each.
        operations: What each does, uint8; empty where all read.
        ttls: Seconds that what each loads or writes lives, NaN for the setting's; empty for all.
        threads: How many requests it can do at once.
    """

    worker: int
    stages: tuple[StageJob, ...]
    places: npt.NDArray[np.int64]
    times: Floats
    keys: npt.NDArray[np.integer]
    operations: npt.NDArray[np.uint8]
    ttls: Floats
    threads: int


class WorkerReady(NamedTuple):
    """It has its stages and waits for the start."""

    worker: int


class Go(NamedTuple):
    """Requests come from now on.

    Attributes:
        zero: When the service's first request comes, on the clock of `time.monotonic`.
        first: Requests that come before so many seconds are somebody else's.
        tells: Whether it is to tell what it has measured while it runs, too.
    """

    zero: float
    first: float = 0.0
    tells: bool = False


class StopAt(NamedTuple):
    """Requests that come from so many seconds on are somebody else's."""

    last: float


class Slower(NamedTuple):
    """What the last layer asks takes so many times as long from now on."""

    times: float


class WorkerRows(NamedTuple):
    """What a worker has measured since it told the last time; all of it comes again at the end.

    Attributes:
        worker: Its number.
        rows: As of `WorkerDone`.
        own: As of `WorkerDone`.
    """

    worker: int
    rows: Floats
    own: Floats


class WorkerDone(NamedTuple):
    """What a worker has measured, a row for each request that it did.

    Attributes:
        worker: Its number.
        rows: float64 of shape (n, 8): place, when it was begun and when it ended (seconds from the
            service's first request), the deepest stage that was asked (as many as
            there are for what is behind them), how it failed (0 not, 1
            timed out, 2 refused, 3 otherwise, 4 its call failed), the wait for a
            connection, when its query began and the seconds that this took; NaN where
            there was none.
        own: float64 of shape (n, stages): seconds that each stage itself took; NaN where it was not
            asked.
        problem: The first failure that was neither a timeout nor a refusal; none where there was
            none.
    """

    worker: int
    rows: Floats
    own: Floats
    problem: str | None


class WorkerFailed(NamedTuple):
    """It cannot go on.

    Attributes:
        worker: Its number.
        message: One line for the user.
        mistake: Whether it is the user's to mend.
    """

    worker: int
    message: str
    mistake: bool
