"""Which part of a run's latency each stage adds, from moment to moment."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from perflab.bench.stage import Place
from perflab.errors import BadInputError
from perflab.kernels.chain.flights import Answer, ChainAnswers
from perflab.service.damage import check_column
from perflab.service.prediction import DATABASE

if TYPE_CHECKING:
    from perflab.service.layout import ServiceStage
    from perflab.service.live.measured import Measured

Floats = npt.NDArray[np.float64]
Parts = dict[str, list[float]]
"""By part, the mean seconds that it adds to the requests of each window; NaN where none came."""

DELAY = "delay"
"""The time from when a request was due until a thread of its worker began it."""
_NOT_FOUND = (Answer.DATABASE, Answer.TIMED_OUT, Answer.REFUSED, Answer.CALL_FAILED)
_ASKED_SHARED = (Answer.REMOTE, *_NOT_FOUND)


class Lookups(NamedTuple):
    """Seconds that a request spends at the caches.

    Attributes:
        hit: At the one that all workers share, where it has the key.
        miss: Where it has not, writing the entry afterwards included.
        local: At that of its worker, where this has the key.
    """

    hit: float
    miss: float
    local: float = 0.0

    @classmethod
    def of(cls, measured: Measured, places: Sequence[Place]) -> Lookups:
        """Return those of a run: means, and of the worker's the median, as some wait in it."""
        hit = miss = local = 0.0
        for stage, place in enumerate(places):
            took, deepest = measured.own[:, stage], measured.deepest
            asked = ~np.isnan(took)
            found, passed = took[asked & (deepest == stage)], took[asked & (deepest > stage)]
            if place is Place.PROCESS and len(found):
                local = float(np.median(found))
            elif place is Place.SHARED:
                hit, miss = (float(each.mean()) if len(each) else 0.0 for each in (found, passed))
        return cls(hit, miss, local)


class LatencyParts:
    """Sums up requests by window, as they come.

    Args:
        stages: The service's, in order.
        edges: Where windows begin, and the last one ends: rising, float64 of (windows + 1,).
    """

    def __init__(self, stages: Sequence[ServiceStage], edges: Floats) -> None:
        self._names = [stage.bench for stage in stages]
        self._places = [stage.place for stage in stages]
        self._edges = edges
        self._counts = np.zeros(len(edges) - 1)
        self._sums: dict[str, Floats] = {}

    @property
    def ends(self) -> list[float]:
        """When each window ends, in seconds."""
        found: list[float] = self._edges[1:].tolist()
        return found

    def add(self, due: Floats, late: Floats, own: Floats, services: Floats) -> None:
        """Add measured requests.

        Args:
            due: When they were due, seconds from the first one on, of shape (n,).
            late: Seconds from then until each was begun.
            own: Seconds that each stage itself took, of shape (n, stages); NaN where not asked.
            services: Seconds of their queries; NaN where there was none.
        """
        took = np.nan_to_num(own)
        found = {DELAY: late, **{name: took[:, n] for n, name in enumerate(self._names)}}
        if Place.POOL in self._places:
            # A pool sends the query itself, so that its own time has that in it.
            pool = self._names[self._places.index(Place.POOL)]
            found[DATABASE] = np.nan_to_num(services)
            found[pool] = np.maximum(found[pool] - found[DATABASE], 0.0)
        self._add(due, found)

    def add_chained(
        self, due: Floats, found: ChainAnswers, lookups: Lookups, *, delayed: bool = False
    ) -> None:
        """Add predicted requests; those that wait for the load of another do so in the first stage.

        Args:
            due: When they come, of shape (n,).
            found: What becomes of them.
            lookups: What the caches take.
            delayed: Whether the delays of threads are in the answers.
        """
        left = np.maximum(found.ends - due, 0.0)
        parts: dict[str, Floats] = {}

        def take(name: str, seconds: Floats) -> None:
            parts[name] = np.minimum(seconds, left)
            np.subtract(left, parts[name], out=left)

        if Place.POOL in self._places:
            take(DATABASE, np.nan_to_num(found.services))
            take(self._names[self._places.index(Place.POOL)], found.waits)
        if Place.CALL in self._places and found.called is not None:
            take(self._names[self._places.index(Place.CALL)], found.called)
        first = self._names[0]
        if Place.PROCESS in self._places and Place.SHARED in self._places:
            asked = np.where(found.answers == Answer.REMOTE, lookups.hit, lookups.miss)
            asked = np.where(np.isin(found.answers, _ASKED_SHARED), asked, 0.0)
            take(self._names[self._places.index(Place.SHARED)], asked)
        if delayed:
            joined = found.answers == Answer.JOINED
            here = np.where(joined, left, np.minimum(lookups.local, left))
            parts[DELAY] = left - here
            left = here
        parts[first] = parts[first] + left if first in parts else left
        self._add(due, parts)

    def means(self) -> Parts:
        """Return the parts of all that was added; NaN where no request came."""
        with np.errstate(invalid="ignore"):
            return {name: (sums / self._counts).tolist() for name, sums in self._sums.items()}

    def _add(self, due: Floats, parts: Mapping[str, Floats]) -> None:
        count = len(self._counts)
        window = np.clip(np.searchsorted(self._edges, due, side="right") - 1, 0, count - 1)
        self._counts += np.bincount(window, minlength=count)
        for name, seconds in parts.items():
            sums = self._sums.setdefault(name, np.zeros(count))
            sums += np.bincount(window, seconds, minlength=count)


def mean_parts(parts: Parts, requests: Sequence[float]) -> dict[str, float]:
    """Return the mean seconds of each part over all windows.

    Args:
        parts: By window.
        requests: How many requests came in each.
    """
    weights = np.asarray(requests, float)
    total = float(weights.sum())
    if total <= 0:
        return {}
    sums = {name: np.nan_to_num(np.asarray(each, float)) @ weights for name, each in parts.items()}
    return {name: float(each) / total for name, each in sums.items()}


def check_parts(parts: Parts, count: int) -> None:
    """Refuse parts, as results keep them, that cannot be those of so many windows.

    A number that a file holds as ``null`` becomes NaN: no request came.

    Raises:
        BadInputError: If one has another length, or holds what no window has.
    """
    for name, column in parts.items():
        if len(column) != count:
            raise BadInputError(f"is damaged: {name} has another length than windows", "parts")
        column[:] = [math.nan if value is None else value for value in column]
        check_column(name, column, "parts")


def order_of(stages: Sequence[str]) -> list[str]:
    """Return the parts of a service in the order in which requests meet them."""
    return list(dict.fromkeys(itertools.chain((DELAY,), stages, (DATABASE,))))
