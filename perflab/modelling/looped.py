"""`LoopedTrace`: a trace that begins again at its end, as a live run plays it."""

from __future__ import annotations

import threading
from functools import cached_property

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.trace import Trace

SHORT_PASS = 2_000_000
"""A run goes through so few requests again within minutes."""

Reuse = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]


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
        self._reuse: dict[int, Reuse] = {}
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
        passes = 1 if last <= len(self._trace) and not self._both else 2
        whole = self.ids(passes * len(self._trace))
        with self._lock:
            if passes not in self._reuse:
                self._reuse[passes] = kernels.previous_and_next(whole, self._trace.n_keys)
        previous, following = self._reuse[passes]
        if last == len(following):
            return previous, following
        return previous[:last], np.minimum(following[:last], last)

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
        return self._twice(self._trace.sizes, last)

    @cached_property
    def all_bytes(self) -> int:
        """The sizes of all requests of one pass together; 0 without sizes."""
        return 0 if self._trace.sizes is None else int(self._trace.sizes.sum())

    def asked_bytes(self, first: int, last: int) -> int:
        """Return the sizes of the requests from `first` up to `last` together; 0 without sizes."""
        return self._bytes_up_to(last) - self._bytes_up_to(first)

    def _bytes_up_to(self, last: int) -> int:
        sizes = self._trace.sizes
        if sizes is None:
            return 0
        passes, rest = divmod(last, len(sizes))
        return passes * self.all_bytes + int(sizes[:rest].sum())

    def ttls(self, last: int) -> npt.NDArray[np.float64] | None:
        """Return the TTLs of the first `last` requests in seconds, if the trace has them."""
        return self._twice(self._trace.ttls, last)

    def _twice(self, values: npt.NDArray | None, last: int) -> npt.NDArray | None:  # type: ignore[type-arg]
        if values is None or last <= len(values):
            return None if values is None else values[:last]
        return np.concatenate([values, values])[:last]
