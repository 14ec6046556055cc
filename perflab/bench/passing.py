"""What stages of a service share: requests as a trace, and what a cache passes on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from perflab import kernels
from perflab.bench.stage import Passed, Requests
from perflab.modelling.operations import replayed
from perflab.modelling.spread import spread_times
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

if TYPE_CHECKING:
    import numpy.typing as npt

    from perflab.modelling.latency import HitMissCosts


_lock = threading.Lock()
_traces: WeakKeyDictionary[Requests, Trace] = WeakKeyDictionary()


def trace_of(requests: Requests) -> Trace:
    """Return what a cache is asked by at least one request, with keys numbered by first appearance.

    Writes are those that were recorded, and TTLs too. It is kept with the requests, so that what
    follows from a trace is computed once for all settings of a stage.

    Raises:
        BadInputError: If times go backwards, or a time, size, TTL or operation is wrong.
    """
    with _lock:
        found = _traces.get(requests)
    if found is None:
        found = _made(requests)
        with _lock:
            _traces[requests] = found
    return found


def _made(requests: Requests) -> Trace:
    ids, unique = kernels.dense_ids(requests.keys)
    trace = Trace(
        "requests",
        ids,
        len(unique),
        requests.times,
        requests.sizes,
        requests.ttls,
        operations=requests.operations,
    )
    return replayed(trace, LoadSettings(), needs_reads=False)


def pass_nothing() -> Passed:
    """Return what a stage passes on where no request came."""
    nothing = np.zeros(0, np.int64)
    return Passed(Requests(np.zeros(0), nothing), nothing, np.zeros(0), nothing)


def requests_at(requests: Requests, origins: npt.NDArray[np.int64]) -> Requests:
    """Return the requests at some places, in the order of these."""

    def cut(values: Any) -> Any:
        return None if values is None else values[origins]

    return Requests(
        requests.times[origins],
        requests.keys[origins],
        cut(requests.sizes),
        cut(requests.ttls),
        cut(requests.operations),
    )


def pass_misses(
    requests: Requests,
    outcomes: kernels.Outcomes,
    costs: HitMissCosts,
    memory_bytes: float,
    *,
    trips: int = 1,
    seed: int = 0,
) -> Passed:
    """Return the misses of a cache, and writes, renewals and removals, as what it passes on.

    What is written, renewed or removed concerns the next cache and the data behind as well.
    A miss goes on at the very time at which it came: what a cache adds to it delays all misses
    alike, and times that are not recomputed keep lifetimes exact in the caches that follow.

    Args:
        requests: What came to the cache.
        outcomes: Of these requests.
        costs: What was measured. A hit, a write, a renewal and a removal take what a hit does; a
            miss takes that once for each of its trips, and the load the rest of a measured miss.
        memory_bytes: What the cache takes at the end.
        trips: Of a miss: to ask, and to write where that takes as long.
        seed: Of the order in which times that differ come.
    """
    times = spread_times(costs.hit, seed), spread_times(costs.missed(0.0), seed)
    found = kernels.misses_of(outcomes.hit, *times, trips, requests.operations)
    return Passed(
        requests_at(requests, found.places),
        found.places,
        found.waits,
        outcomes.entries,
        loads=found.loads,
        memory_bytes=memory_bytes,
    )
