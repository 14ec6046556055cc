"""`LoopedTrace`: a trace that begins again at its end, as a live run plays it."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.trace_facts import Reuse, facts_of
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.trace import Trace

SHORT_PASS = 2_000_000
"""A run goes through so few requests again within minutes."""

Scalar = TypeVar("Scalar", bound=np.generic)


def within_two_passes(length: int, first: int, last: int) -> list[tuple[int, int, int]]:
    """Return what the requests from `first` up to `last` of many passes are alike.

    From the second pass on, every pass is like the second.

    Args:
        length: How many requests a pass has.
        first: The first request.
        last: The first request after them.

    Returns:
        Stretches within the first two passes: first, last, and how often it is counted.
    """
    if first >= last:
        return []
    if last <= 2 * length:
        return [(first, last, 1)]
    parts = [(first, length, 1)] if first < length else []
    first = max(first, length)
    if first // length == (last - 1) // length:
        begin = length + first % length
        return [*parts, (begin, begin + last - first, 1)]
    if first % length:
        parts.append((length + first % length, 2 * length, 1))
    if whole := last // length - -(-first // length):
        parts.append((length, 2 * length, whole))
    if last % length:
        parts.append((length, length + last % length, 1))
    return parts


class LoopedTrace:
    """The first requests of a trace played once, or twice in a row where more are asked for.

    From the second pass on a cache sees the same requests in the same state, so that two passes
    tell of any number.

    Args:
        trace: The requests.
        places: How many requests of the whole came before each of these, where they are a sample of
            one that a rate dates; none where they are the whole.
    """

    def __init__(self, trace: Trace, places: npt.NDArray[np.int64] | None = None) -> None:
        self._trace = trace
        self._places = places
        self._dated: tuple[float, npt.NDArray[np.float64]] | None = None
        self._lock = threading.Lock()
        self.facts = facts_of(trace)
        self._reuse_twice: Reuse | None = None
        self._firsts: npt.NDArray[np.int64] | None = None
        self._ids: npt.NDArray[np.int32] | None = None
        self._both = False

    def expect_run(self) -> None:
        """Have both passes at once from now on, where a pass is short.

        What stands beside a run then takes its memory at the start, and none in the midst of it.
        """
        self._both = len(self._trace) <= SHORT_PASS

    def settled(self, last: int) -> int | None:
        """Return how many passes `last` requests are, where they are more than two."""
        length = len(self._trace)
        return None if last <= 2 * length else -(-last // length)

    def ids(self, last: int) -> npt.NDArray[np.int32]:
        """Return the ids of the first `last` requests, at most two passes."""
        if last <= len(self._trace) and not self._both:
            return self._trace.ids[:last]
        with self._lock:
            if self._ids is None:
                self._ids = np.concatenate([self._trace.ids, self._trace.ids])
        return self._ids[:last]

    def reuse(self, last: int) -> Reuse:
        """Return the previous and next use of each of the first `last` requests.

        One that has no next use among these has `last` as its next.
        """
        once = last <= len(self._trace) and not self._both
        previous, following = self.facts.reuse(self._trace) if once else self._twice_reused()
        if last == len(following):
            return previous, following
        return previous[:last], np.minimum(following[:last], last)

    def _twice_reused(self) -> Reuse:
        whole = self.ids(2 * len(self._trace))
        with self._lock:
            if self._reuse_twice is None:
                self._reuse_twice = kernels.previous_and_next(whole, self._trace.n_keys)
            return self._reuse_twice

    def distinct(self, last: int) -> int:
        """Return how many keys the first `last` requests have."""
        if last >= len(self._trace):
            return self._trace.n_keys
        if self._firsts is None:
            self._firsts = np.flatnonzero(self.reuse(len(self._trace))[0] < 0)
        return int(np.searchsorted(self._firsts, last))

    def times(self, last: int, rate: float | None) -> npt.NDArray[np.float64] | None:
        """Return the times of the first `last` requests in seconds; none where nothing tells."""
        times = self._trace.times
        if times is None:
            if rate is None:
                return None
            if self._places is None:
                return np.arange(last, dtype=np.float64) / rate
            known = self._dated
            if known is None or known[0] != rate:
                known = self._dated = rate, self._places / rate
            times = known[1]
        if last <= len(times):
            return times[:last]
        return np.concatenate([times, times + pass_seconds(times)])[:last]

    def sizes(self, last: int) -> npt.NDArray[np.int64] | None:
        """Return the sizes of the first `last` requests in bytes, if the trace has them."""
        if last > len(self._trace) and self._trace.operations is not None:
            sizes = self._resolved_twice[0]
            return None if sizes is None else sizes[:last]
        return self._twice(self._trace.sizes, last)

    def operations(self, last: int) -> npt.NDArray[np.uint8] | None:
        """Return what the first `last` rows do, as kernels take it; none where each is a get."""
        return self._twice(self._trace.operations, last)

    def gets(self, first: int, last: int) -> int:
        """Return how many of the rows from `first` up to `last` are gets."""
        if self._trace.operations is None:
            return last - first
        return self._gets_up_to(last) - self._gets_up_to(first)

    @cached_property
    def all_bytes(self) -> int:
        """The sizes of all gets of one pass together; 0 without sizes."""
        return 0 if self._trace.sizes is None else int(self._sizes_of_gets.sum())

    @cached_property
    def mean_key_size(self) -> float:
        """The bytes of a key, on average; 0 without sizes."""
        return 0.0 if self._trace.sizes is None else float(self.facts.key_sizes(self._trace).mean())

    def asked_bytes(self, first: int, last: int) -> int:
        """Return the sizes of the gets from `first` up to `last` together; 0 without sizes."""
        return self._bytes_up_to(last) - self._bytes_up_to(first)

    def _bytes_up_to(self, last: int) -> int:
        if self._trace.sizes is None:
            return 0
        passes, rest = divmod(last, len(self._trace))
        if passes == 0 or self._trace.operations is None:
            return passes * self.all_bytes + int(self._sizes_of_gets[:rest].sum())
        again = self._sizes_of_gets_again
        return self.all_bytes + (passes - 1) * int(again.sum()) + int(again[:rest].sum())

    def _gets_up_to(self, last: int) -> int:
        assert self._trace.operations is not None  # noqa: S101  (asked for such traces)
        passes, rest = divmod(last, len(self._trace))
        some = self._trace.operations[:rest]
        return passes * self._trace.reads + rest - int(np.count_nonzero(some))

    @cached_property
    def _sizes_of_gets(self) -> npt.NDArray[np.int64]:
        """The size of each row that is a get, else 0."""
        sizes, operations = self._trace.sizes, self._trace.operations
        assert sizes is not None  # noqa: S101  (asked for traces with sizes)
        return sizes if operations is None else np.where(operations == 0, sizes, 0)

    @cached_property
    def _sizes_of_gets_again(self) -> npt.NDArray[np.int64]:
        """The same for a later pass, which loads what those before it have written."""
        length = len(self._trace)
        sizes = self.sizes(2 * length)
        assert sizes is not None  # noqa: S101  (asked for traces with sizes)
        return np.where(self._trace.operations == 0, sizes[length:], 0)

    @cached_property
    def _resolved_twice(
        self,
    ) -> tuple[npt.NDArray[np.int64] | None, npt.NDArray[np.float64] | None]:
        """Sizes and lifetimes of two passes: the second loads what the first has written."""
        trace, last = self._trace, 2 * len(self._trace)
        operations = self.operations(last)
        assert operations is not None  # noqa: S101  (asked for traces with operations)
        sizes, ttls = self._twice(trace.sizes, last), self._twice(trace.ttls, last)
        return kernels.resolved(self.ids(last), trace.n_keys, operations, sizes, ttls)

    def ttls(self, last: int) -> npt.NDArray[np.float64] | None:
        """Return the TTLs of the first `last` requests in seconds, if the trace has them."""
        if last > len(self._trace) and self._trace.operations is not None:
            ttls = self._resolved_twice[1]
            return None if ttls is None else ttls[:last]
        return self._twice(self._trace.ttls, last)

    def _twice(self, values: npt.NDArray[Scalar] | None, last: int) -> npt.NDArray[Scalar] | None:
        if values is None or last <= len(values):
            return None if values is None else values[:last]
        return np.concatenate([values, values])[:last]
