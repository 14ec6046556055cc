"""How far a part of a workload's keys may be off the whole, from groups of its keys."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np

from perflab import kernels
from perflab.modelling.miss_seconds import miss_seconds
from perflab.modelling.prediction import Costs
from perflab.modelling.student import t_95
from perflab.workloads.kinds.trace import Trace

GROUPS = 8
UNKNOWN = 0.5
"""The error where groups tell nothing, since hardly one of them has requests."""

_MOST_REQUESTS = 100_000


class _Costed(Protocol):
    def with_costs(self, costs: Costs) -> Any:
        """Return the same at other costs."""


M = TypeVar("M", bound=_Costed)
Answer = Callable[[M, float], tuple[float, float]]


class KeyGroups(Generic[M]):
    """Eight groups of a trace's keys, drawn by chance, that each answer for the whole.

    How far their hit rates differ tells how far that of all keys together is off, as for any
    ratio of sums over groups (Cochran, "Sampling Techniques", 1977, section 6.4). A group has at
    most about 100,000 requests, so that the groups answer as fast for a large trace as for a
    small one. Where the requests of all keys are known, a hit rate is one less misses over a fixed
    number, and how far the misses of groups differ is all that it is off. Keys that are in no
    group, and those that are in no part, they cannot tell of.

    Args:
        requests: Of the part of a workload whose keys are grouped.
        make: Returns what answers for each group that has requests; called once, if at all.
    """

    def __init__(self, requests: int, make: Callable[[], Sequence[M]]) -> None:
        self._requests = requests
        self._make = make
        self._parts = _parts(requests)
        self._lock = threading.Lock()
        self._models: Sequence[M] = ()

    @classmethod
    def of(cls, trace: Trace, make: Callable[[Trace], M]) -> Self:
        """Return the groups of a trace's keys, given what returns the model of a trace."""
        return cls(len(trace), lambda: [make(group) for group in _groups(trace)])

    def with_costs(self, costs: Costs) -> KeyGroups[M]:
        """Return the same groups, whose models are at other costs."""

        def made() -> list[M]:
            return [model.with_costs(costs) for model in self.models]

        return KeyGroups(self._requests, made)

    @property
    def models(self) -> Sequence[M]:
        """What answers for each group that has requests."""
        with self._lock:
            if not self._models:
                self._models = self._make()
            return self._models

    def error(self, answer: Answer[M], share: float, expected: float | None = None) -> float:
        """Return half the width of the 95 % band around the hit rate of all groups' trace.

        Args:
            answer: Returns hits and requests, given a group's model and its share of all keys; or
                what else is a part of a whole.
            share: The share of all keys that the trace holds.
            expected: The requests that such a share has on average; none where not known.
        """
        found = np.array([answer(model, share / self._parts) for model in self.models], np.float64)
        if len(found) < 2 or not found[:, 1].all():
            return UNKNOWN
        count = len(found)
        hits, requests = found.sum(axis=0)
        off = found[:, 0] - hits / requests * found[:, 1]
        if expected is not None:
            misses = found[:, 1] - found[:, 0]
            off = misses - misses.mean()
            requests = expected * count / self._parts
        variance = count / (count - 1) * float((off**2).sum()) / requests**2
        # The whole trace has more keys than the groups, and the rest of all keys is all it lacks.
        variance *= count / self._parts * (1 - share)
        return min(UNKNOWN, t_95(count) * math.sqrt(variance))


def _parts(requests: int) -> int:
    """Return of how many parts of the keys the groups are eight."""
    return max(GROUPS, math.ceil(requests / _MOST_REQUESTS))


def _groups(trace: Trace) -> Iterable[Trace]:
    drawn = np.random.default_rng(0).integers(0, _parts(len(trace)), trace.n_keys)
    masks = np.where(drawn < GROUPS, 1 << np.minimum(drawn, GROUPS - 1), 0).astype(np.uint8)
    seconds = miss_seconds(trace)
    for positions in kernels.requests_of(trace.ids, masks)[:GROUPS]:
        if not len(positions):
            continue
        ids, unique = kernels.dense_ids(trace.ids[positions])
        yield dataclasses.replace(
            trace,
            ids=ids,
            n_keys=len(unique),
            times=None if trace.times is None else trace.times[positions],
            sizes=None if trace.sizes is None else trace.sizes[positions],
            ttls=None if trace.ttls is None else trace.ttls[positions],
            operations=None if trace.operations is None else trace.operations[positions],
            backend_seconds=None if seconds is None else seconds[positions],
            keys=None,
            all_requests=None,
            check=False,
        )
