"""`Load`: the requests from which the load on pools is drawn, all of a workload or stretches."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perflab.bench.passing import requests_at
from perflab.workloads.kinds.passes import pass_seconds

if TYPE_CHECKING:
    from perflab.bench.stage import Passed
    from perflab.service.incoming import Incoming

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_SHORTEST = 1_000
"""A stretch has so many requests at least, or all of its part."""
_CROWDED, _TELLING = 0.95, 200
"""The share of its time that a database is busy, in a part with at least so many queries."""
_FIRST, _LONG = 20, 3.0
"""None of the first queries of a stretch waits for so many service times."""
_BLOCK = 250
_BURST = 1.5
"""Where so many requests come so many times as fast as in any stretch, stretches miss a burst."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Load:
    """Requests of a workload that is cut into parts.

    Attributes:
        incoming: The requests, in order of time.
        ids: int32, the dense id of each one's key.
        edges: int64 of shape (parts + 1,), where each part begins among them.
        weights: float64 of shape (parts,), for how many requests of the workload one stands.
    """

    incoming: Incoming
    ids: npt.NDArray[np.int32]
    edges: Places
    weights: Floats

    def part_of(self, places: Places) -> Places:
        """Return the part of the requests at some places."""
        return np.searchsorted(self.edges, places, side="right") - 1

    @property
    def seconds(self) -> Floats:
        """How long the requests of each part take to come, float64 of shape (parts,)."""
        times = self.incoming.requests.times
        ends = np.append(times, times[-1] if len(times) else 0.0)
        found: Floats = np.diff(ends[self.edges])
        return found


def whole_load(incoming: Incoming, ids: npt.NDArray[np.int32], edges: Places) -> Load:
    """Return all requests of a workload.

    Args:
        incoming: The requests, with their workers.
        ids: The dense id of each one's key.
        edges: Where each part begins.
    """
    return Load(incoming, ids, edges, np.ones(len(edges) - 1))


def stretches_of(whole: Load, most: int, entire: npt.NDArray[np.bool_] | None = None) -> Load:
    """Return a stretch from the middle of each part, or all where that would miss much.

    A stretch begins when the one before it has ended, so that a queue finds what it would find in
    the midst of such a load. What builds up over a whole part is not seen in a stretch: who plays a
    queue must look whether it keeps up. Where requests come much faster somewhere than in any
    stretch, all are returned.

    Args:
        whole: All requests.
        most: About so many at most.
        entire: bool of shape (parts,), which parts are taken as they are besides; none where not
            given.
    """
    count, times = len(whole.ids), whole.incoming.requests.times
    if count <= most:
        return whole
    lengths = np.diff(whole.edges)
    taken = np.maximum((lengths * (most / count)).astype(np.int64), _SHORTEST)
    taken = np.minimum(taken, lengths)
    if entire is not None:
        taken = np.where(entire, lengths, taken)
    firsts = whole.edges[:-1] + (lengths - taken) // 2
    stretches = [slice(*bounds) for bounds in zip(firsts, firsts + taken, strict=True)]
    if _BURST * _fastest([times]) < _fastest([times[stretch] for stretch in stretches]):
        return whole
    places = np.concatenate([np.arange(stretch.start, stretch.stop) for stretch in stretches])
    there = requests_at(whole.incoming.requests, places)
    incoming = dataclasses.replace(
        whole.incoming,
        requests=dataclasses.replace(there, times=_in_a_row(times, stretches)),
        workers=whole.incoming.workers[places],
    )
    edges = np.concatenate([[0], np.cumsum(taken)])
    return Load(incoming, whole.ids[places], edges, lengths / np.maximum(taken, 1))


def crowded_parts(
    load: Load, passed: Passed, parts: Places, connections: int
) -> npt.NDArray[np.bool_]:
    """Return the parts of whose stretches waits cannot be told, bool of shape (parts,).

    In these some get no connection, the database is busy nearly all the time, or the first ones
    wait for what has built up before.

    Args:
        load: What was played.
        passed: What the pools did with it.
        parts: The part of each request that came to the pools, rising.
        connections: That the database gets at most.
    """
    count, numbers = len(load.weights), np.arange(len(load.weights))
    on = parts[passed.origins]
    queries = np.bincount(parts, minlength=count)
    lost = np.bincount(on, minlength=count) < queries
    loads = np.zeros(len(on)) if passed.loads is None else passed.loads
    busy = np.bincount(on, loads, minlength=count)
    full = (queries >= _TELLING) & (busy > _CROWDED * connections * load.seconds)
    begins = np.searchsorted(parts, numbers)
    first = [passed.waits[begin : begin + _FIRST].max(initial=0.0) for begin in begins]
    late = np.array(first) > _LONG * (loads.mean() if len(loads) else 0.0)
    found: npt.NDArray[np.bool_] = (load.weights > 1.0) & (lost | full | late)
    return found


def _fastest(stretches: list[Floats]) -> float:
    """Return the shortest time in which a block of requests comes; infinite where there is none."""
    blocks = (times[_BLOCK::_BLOCK] - times[:-_BLOCK:_BLOCK] for times in stretches)
    return min((float(each.min()) for each in blocks if len(each)), default=np.inf)


def _in_a_row(times: Floats, stretches: list[slice]) -> Floats:
    """Return the times of stretches of which each begins a mean gap after the one before it."""
    moved, begins = [], 0.0
    for stretch in stretches:
        here = times[stretch]
        if len(here):
            moved.append(here - here[0] + begins)
            begins += pass_seconds(here)
    return np.concatenate(moved)
