"""The answerers for traces with operations: LRU at all sizes, and the optimum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.patterns.cache.model.answerers import Played
from perflab.patterns.cache.model.query import Answerer, CacheCounts, Query
from perflab.patterns.cache.policies import CACHE_POLICIES, FUTURE_POLICIES
from perflab.workloads.kinds.trace import Trace


class LruWithOperations:
    """LRU at any number of entries, where one pass over the operations tells of all.

    Args:
        trace: The rows.
        curve: What the pass has found.
    """

    def __init__(self, trace: Trace, curve: kernels.LruOperations) -> None:
        self._trace = trace
        self._curve = curve

    @classmethod
    def found(cls, trace: Trace) -> list[Answerer]:
        """Return it, or nothing where rows have sizes, or a fill is one at some sizes only."""
        if trace.operations is None or trace.sizes is not None:
            return []
        curve = kernels.lru_curve_with(trace.ids, trace.n_keys, trace.operations)
        return [] if curve is None else [cls(trace, curve)]

    def answers(self, query: Query) -> bool:
        """Say whether it is about all rows, and entries alone bound."""
        return query.plain and query.whole and query.policy == "lru"

    def ready(self, _query: Query) -> bool:
        """Say that all is known."""
        return True

    def counts(self, query: Query) -> CacheCounts:
        """Return the counts at a size."""
        size = min(query.entries, len(self._curve.hits) - 1)
        hits, held = int(self._curve.hits[size]), int(self._curve.entries[size])
        gets = self._trace.reads
        evictions = int(self._curve.evictions[size])
        return CacheCounts(gets, hits, gets - hits, evictions, 0, 0, held, 0)


class OptWithOperations(Played):
    """The most hits that a cache can have that admits each miss and each set.

    What it holds at the end, and so its evictions, is not known from hits: both are the most that
    they can be.
    """

    def answers(self, query: Query) -> bool:
        """Say whether the policy knows the future, and entries alone bound."""
        return query.plain and query.policy in FUTURE_POLICIES

    def counts(self, query: Query) -> CacheCounts:
        """Return the counts of a slice of the rows.

        Raises:
            BadInputError: If what is removed hangs on what a cache holds.
        """
        first, last = query.first, query.last
        hit = self.flags(query)[first:]
        hits, gets = int(hit.sum()), self._looped.gets(first, last)
        sizes = self._looped.sizes(last)
        hit_bytes = 0 if sizes is None else int(sizes[first:][hit].sum())
        held = min(query.entries, self._looped.distinct(last))
        operations = self._looped.operations(last)
        assert operations is not None  # noqa: S101  (asked for such traces)
        written = int(np.count_nonzero(operations[first:] == Operation.SET))
        evictions = gets - hits + written
        held_bytes = round(held * self._looped.mean_key_size)
        return CacheCounts(gets, hits, gets - hits, evictions, 0, hit_bytes, held, held_bytes)

    def flags(self, query: Query) -> npt.NDArray[np.bool_]:
        """Return which of the rows up to the last one are gets that hit.

        Raises:
            BadInputError: If what is removed hangs on what a cache holds.
        """
        last = query.last
        ids, operations = self._looped.ids(last), self._looped.operations(last)
        assert operations is not None  # noqa: S101  (asked for such traces)
        following = kernels.next_gets(ids, self._trace.n_keys, operations)
        if following is None:
            raise BadInputError(
                f"{CACHE_POLICIES[query.policy].title} is not answered where writes remove a key "
                "unless they are the fill of a miss, which is another row in each cache; take "
                "another policy, or set writes to recorded, through or ignore",
                "policy",
            )
        requests = kernels.Requests(
            ids, self._trace.n_keys, next_use=following, operations=operations
        )
        return kernels.policy_hits(query.policy, requests, query.entries, 1) > 0
