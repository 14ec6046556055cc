"""Requests of a service as a scenario changes them: more of them, other keys, a crawler's."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from perflab.bench.stage import Requests
from perflab.errors import BadInputError
from perflab.units import grouped

if TYPE_CHECKING:
    from perflab.service.incoming import Incoming

_SEED = 12_004
MOST_ADDED = 50_000_000
"""Scenarios add no more requests: each takes about 150 bytes while it is followed."""


def multiplied(came: Incoming, begins: float, seconds: float, times: float) -> Incoming:
    """Return requests of which there are several times as many for a while.

    Those that are added ask for what others of that time ask for, at random moments of it.

    Args:
        came: The requests.
        begins: When there are more, in seconds.
        seconds: For how long.
        times: How many times as many; at least 1.
    """
    requests = came.requests
    first, last = np.searchsorted(requests.times, (begins, begins + seconds))
    draw = np.random.default_rng(_SEED)
    count = round((times - 1.0) * (last - first))
    _check_added(came, count)
    if count < 1:
        return came
    picked = draw.integers(first, last, count)
    end = min(begins + seconds, float(requests.times[-1]))
    return _with(came, picked, np.sort(draw.uniform(begins, end, count)))


def renamed(came: Incoming, begins: float) -> Incoming:
    """Return requests whose keys have other names from a moment on."""
    keys = came.requests.keys.copy()
    after = int(np.searchsorted(came.requests.times, begins))
    keys[after:] += keys.max() + 1
    return dataclasses.replace(came, requests=dataclasses.replace(came.requests, keys=keys))


def crawled(came: Incoming, begins: float, seconds: float, rate: float) -> Incoming:
    """Return requests among which are those of a crawler, each for a key of its own.

    They come evenly, go to the workers in turn, and ask for values of sizes that others have.

    Args:
        came: The requests.
        begins: When the crawler begins, in seconds.
        seconds: For how long it crawls; it ends with the workload.
        rate: Its requests per second.
    """
    requests = came.requests
    end = min(begins + seconds, float(requests.times[-1]))
    _check_added(came, rate * (end - begins))
    times = np.arange(begins, end, 1.0 / rate)
    picked = np.random.default_rng(_SEED).integers(0, len(requests), len(times))
    keys = int(requests.keys.max()) + 1 + np.arange(len(times), dtype=np.int64)
    workers = (np.arange(len(times)) % came.processes).astype(came.workers.dtype)
    return _with(came, picked, times, keys, workers)


def _check_added(came: Incoming, more: float) -> None:
    """Refuse more requests than memory is sure to hold.

    Args:
        came: The requests, with those that other scenarios have added.
        more: How many are to be added to them.

    Raises:
        BadInputError: If there are too many.
    """
    count = more + max(len(came.requests) - len(came.workload), 0)
    if count > MOST_ADDED:
        text = (
            f"adds {grouped(round(count))} requests; at most {grouped(MOST_ADDED)}: take fewer "
            "of them, or a shorter time"
        )
        raise BadInputError(text, "scenario")


def _with(
    came: Incoming,
    picked: npt.NDArray[np.int64],
    times: npt.NDArray[np.float64],
    keys: npt.NDArray[np.int64] | None = None,
    workers: npt.NDArray[np.uint16] | None = None,
) -> Incoming:
    """Return requests with copies of some of them, at other times and perhaps for other keys."""
    requests = came.requests
    order = np.argsort(np.concatenate([requests.times, times]), kind="stable")

    def column(values: Any, added: Any = None) -> Any:
        if values is None:
            return None
        return np.concatenate([values, values[picked] if added is None else added])[order]

    # What a crawler or a crowd adds reads.
    reads = np.zeros(len(picked), np.uint8)
    more = Requests(
        column(requests.times, times),
        column(requests.keys, keys),
        column(requests.sizes),
        column(requests.ttls),
        column(requests.operations, reads),
    )
    return dataclasses.replace(came, requests=more, workers=column(came.workers, workers))
