"""`facts_of`: what models need to know of a trace once, kept with it as long as it lives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.primitives.forking import renew_in_children
from perflab.workloads.kinds.trace import Trace

MOST_BYTES = 1 << 30
"""Of all that is kept of all traces; that of traces not asked for longest goes first."""

Reuse = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
Kept = TypeVar("Kept")


class KeptWithTraces(Generic[Kept]):
    """Something that is kept with each trace, as long as that lives. Safe for several threads.

    It must not refer to its trace. A forked child begins with nothing kept.
    """

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Trace, Kept] = WeakKeyDictionary()
        self._lock = threading.Lock()
        renew_in_children(self)

    def of(self, trace: Trace, make: Callable[[], Kept]) -> Kept:
        """Return what is kept with a trace, which is made where nothing is."""
        with self._lock:
            found = self._kept.pop(trace, None) or make()
            self._kept[trace] = found
            return found

    def all(self) -> list[Kept]:
        """Return what is kept, that of the trace not asked for longest first."""
        with self._lock:
            return list(self._kept.values())

    def hold(self, seconds: float) -> bool:
        """Take the lock before a fork; False where that took longer."""
        return self._lock.acquire(timeout=seconds)

    def let_go(self) -> None:
        """Give the lock back, in the parent."""
        self._lock.release()

    def renew(self, *, whole: bool) -> None:
        """Begin with nothing in the child, where nobody frees the locks of what is kept."""
        del whole
        self._kept, self._lock = WeakKeyDictionary(), threading.Lock()


class TraceFacts:
    """What follows from a trace alone; each is computed when it is first asked for, and kept.

    It does not refer to its trace, so that it goes with it. Safe for several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._reuse: Reuse | None = None
        self._curve: npt.NDArray[np.int64] | None = None
        self._key_sizes: npt.NDArray[np.int64] | None = None

    def reuse(self, trace: Trace) -> Reuse:
        """Return the previous and the next use of each request."""
        with self._lock:
            found = self._reuse
            if found is None:
                found = self._reuse = kernels.previous_and_next(trace.ids, trace.n_keys)
                _trim(self)
            return found

    @property
    def curve(self) -> npt.NDArray[np.int64] | None:
        """The hits of LRU at each size, int64 of shape (keys + 1,); none if nobody has asked."""
        return self._curve

    def curve_of(self, trace: Trace) -> npt.NDArray[np.int64]:
        """Return the hits of LRU at each size, int64 of shape (keys + 1,)."""
        with self._lock:
            found = self._curve
            if found is None:
                found = self._curve = kernels.lru_curve(self.reuse(trace)[0])
                _trim(self)
            return found

    def curve_and_distances(self, trace: Trace) -> tuple[npt.NDArray[np.int64], npt.NDArray]:  # type: ignore[type-arg]
        """Return the same curve, which is kept, and the stack distance of each request, int32."""
        curve, distances = kernels.lru_curve_and_distances(self.reuse(trace)[0])
        with self._lock:
            self._curve = curve
        return curve, distances

    def key_sizes(self, trace: Trace) -> npt.NDArray[np.int64]:
        """Return the size last told of each key in bytes, int64; 0 where none is.

        Of operations, those of gets and sets tell it.

        Raises:
            ValueError: If the trace has no sizes.
        """
        if trace.sizes is None:
            raise ValueError("the trace has no sizes")
        with self._lock:
            found = self._key_sizes
            if found is None:
                found = np.zeros(trace.n_keys, np.int64)
                written = slice(None) if trace.operations is None else trace.operations <= 1
                found[trace.ids[written]] = trace.sizes[written]
                self._key_sizes = found
                _trim(self)
            return found

    @property
    def nbytes(self) -> int:
        """What is kept, in bytes."""
        arrays = [*(self._reuse or ()), self._curve, self._key_sizes]
        return sum(array.nbytes for array in arrays if array is not None)

    def forget(self) -> None:
        """Drop what is kept; who holds it still has it."""
        self._reuse = self._curve = self._key_sizes = None


_known: KeptWithTraces[TraceFacts] = KeptWithTraces()


def facts_of(trace: Trace) -> TraceFacts:
    """Return what is known of a trace; it is the same for as long as the trace lives."""
    return _known.of(trace, TraceFacts)


def _trim(newest: TraceFacts) -> None:
    """Let go what was kept of the traces that were not asked for longest, never the newest's."""
    facts = _known.all()
    held = sum(each.nbytes for each in facts)
    for each in facts:
        if held <= MOST_BYTES:
            return
        if each is not newest:
            held -= each.nbytes
            each.forget()
