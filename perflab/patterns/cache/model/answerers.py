"""The answerers that need no preparation, and LRU's curve: hits of a policy, and simulation."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.errors import BadInputError
from perflab.modelling.looped import LoopedTrace
from perflab.patterns.cache.model.query import CacheCounts, Query
from perflab.patterns.cache.policies import FUTURE_POLICIES, no_bounds
from perflab.workloads.kinds.trace import Trace


class Played:
    """What makes a pass over the requests for each answer.

    Args:
        trace: The requests.
        looped: The same, as often as they are played.
    """

    def __init__(self, trace: Trace, looped: LoopedTrace) -> None:
        self._trace = trace
        self._looped = looped

    def ready(self, _query: Query) -> bool:
        """Say that a pass over the requests is to be made."""
        return False


class PolicyHits(Played):
    """A cache that entries alone bound: a policy's hits at one size tell all that it did."""

    def answers(self, query: Query) -> bool:
        """Say whether entries alone bound and nothing expires."""
        return query.plain

    def counts(self, query: Query) -> CacheCounts:
        """Return the counts of a slice of the requests."""
        hits, hit_bytes = self._hits(query)
        return self.of_hits(query, hits, hit_bytes)

    def of_hits(self, query: Query, hits: int, hit_bytes: int = 0) -> CacheCounts:
        """Return all counts that follow from the hits."""
        first, last = query.first, query.last
        held = min(query.entries, self._looped.distinct(last))
        before = min(query.entries, self._looped.distinct(first)) if first else 0
        misses = last - first - hits
        held_bytes = round(held * self._looped.mean_key_size)
        evictions = misses - held + before
        return CacheCounts(last - first, hits, misses, evictions, 0, hit_bytes, held, held_bytes)

    def outcomes(self, query: Query) -> kernels.Outcomes:
        """Return which requests of one pass hit, and the entries held after each."""
        hit = self.flags(query)
        held = np.cumsum(self._looped.reuse(query.last)[0] < 0, dtype=np.int32)
        np.minimum(held, query.entries, out=held)
        size = round(float(held[-1]) * self._looped.mean_key_size) if len(held) else 0
        return kernels.Outcomes(hit, held, size)

    def flags(self, query: Query) -> npt.NDArray[np.bool_]:
        """Return which of the requests up to the last one hit."""
        return kernels.policy_flags(query.policy, self._requests(query), query.entries)

    def _hits(self, query: Query) -> tuple[int, int]:
        """Return the hits of a slice of requests, and the sizes of those requests together."""
        first, sizes = query.first, self._looped.sizes(query.last)
        if sizes is not None:
            hit = self.flags(query)[first:]
            return int(hit.sum()), int(sizes[first:][hit].sum())
        requests = self._requests(query)
        blocks = kernels.policy_hits(query.policy, requests, query.entries, first or None)
        return int(blocks[1:].sum() if first else blocks.sum()), 0

    def _requests(self, query: Query) -> kernels.Requests:
        """Return the columns that the policy reads; what it does not read is not computed."""
        requests = kernels.Requests(self._looped.ids(query.last), self._trace.n_keys)
        if {"previous", "next_use"}.isdisjoint(kernels.POLICIES[query.policy].reads):
            return requests
        previous, following = self._looped.reuse(query.last)
        return requests._replace(previous=previous, next_use=following)


class LruCurve:
    """LRU at any number of entries, from the curve of all sizes.

    Args:
        hits: What follows from hits.
        curve: int64 of shape (keys + 1,), hits by size over all requests.
    """

    def __init__(self, hits: PolicyHits, curve: npt.NDArray[np.int64]) -> None:
        self._of = hits
        self._curve = curve

    def answers(self, query: Query) -> bool:
        """Say whether it is about all requests, and entries alone bound."""
        return query.plain and query.whole and query.policy == "lru"

    def ready(self, _query: Query) -> bool:
        """Say that all is known."""
        return True

    def counts(self, query: Query) -> CacheCounts:
        """Return the counts at a size."""
        return self._of.of_hits(query, int(self._curve[query.entries]))


class Simulation(Played):
    """Any cache, by playing the requests."""

    def answers(self, _query: Query) -> bool:
        """Say that it answers all; what knows the future is refused with the reason."""
        return True

    def counts(self, query: Query) -> CacheCounts:
        """Return the counts of a slice of the requests.

        Raises:
            BadInputError: If the policy knows the future, and more than entries bounds.
        """
        gets = self._looped.gets(query.first, query.last)
        counts = CacheCounts(gets, **self._played(query)._asdict())
        return counts if self._trace.sizes is not None else counts.without_bytes()

    def outcomes(self, query: Query) -> kernels.Outcomes:
        """Return which requests up to the last one hit, and the entries held after each.

        Raises:
            BadInputError: If the policy knows the future, and more than entries bounds.
        """
        history = kernels.new_history(query.last)
        found = kernels.Outcomes.of(history, self._played(query, history))
        return found if self._trace.sizes is not None else found._replace(bytes=0)

    def _played(self, query: Query, history: npt.NDArray[np.int32] | None = None) -> kernels.Counts:
        if query.policy in FUTURE_POLICIES:
            _refuse(query.policy)
        last = query.last
        return kernels.policy_counts(
            query.policy,
            self._looped.ids(last),
            self._trace.n_keys,
            query.entries,
            sizes=self._looped.sizes(last),
            max_bytes=query.max_bytes or 0,
            times=self._looped.times(last, query.rate),
            ttl=query.ttl,
            ttls=self._looped.ttls(last),
            start=query.first,
            eager=query.eager,
            history=history,
            operations=self._looped.operations(last),
        )


def _refuse(policy: str) -> NoReturn:
    raise BadInputError(no_bounds(policy), "policy")
