"""What stages of a service share: requests as a trace, and what a cache passes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perflab import kernels
from perflab.bench.stage import Passed, Requests
from perflab.workloads.kinds.trace import Trace

if TYPE_CHECKING:
    import numpy.typing as npt


def trace_of(requests: Requests) -> Trace:
    """Return at least one request as a trace, with keys numbered by first appearance.

    Raises:
        BadInputError: If times go backwards, or a time or size is wrong.
    """
    ids, unique = kernels.dense_ids(requests.keys)
    return Trace("requests", ids, len(unique), requests.times, requests.sizes)


def pass_nothing() -> Passed:
    """Return what a stage passes on where no request came."""
    nothing = np.zeros(0, np.int64)
    return Passed(Requests(np.zeros(0), nothing), nothing, np.zeros(0), nothing)


def requests_at(requests: Requests, origins: npt.NDArray[np.int64]) -> Requests:
    """Return the requests at some places, in the order of these."""
    sizes = None if requests.sizes is None else requests.sizes[origins]
    return Requests(requests.times[origins], requests.keys[origins], sizes)


def pass_misses(
    requests: Requests, outcomes: kernels.Outcomes, hit_seconds: float, miss_seconds: float
) -> Passed:
    """Return the misses of a cache as what it passes on.

    A miss goes on at the very time at which it came: what a cache adds to it delays all misses
    alike, and times that are not recomputed keep lifetimes exact in the caches that follow.

    Args:
        requests: What came to the cache.
        outcomes: Of these requests.
        hit_seconds: What the cache adds to a hit.
        miss_seconds: What it adds to a miss, without what the load takes.
    """
    origins = np.flatnonzero(~outcomes.hit)
    waits = np.where(outcomes.hit, hit_seconds, miss_seconds)
    return Passed(requests_at(requests, origins), origins, waits, outcomes.entries)
