"""`replayed`: what a cache is asked by a trace whose rows are more than reads."""

from __future__ import annotations

import dataclasses
import threading
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.modelling.trace_facts import KeptWithTraces
from perflab.operations import ACTS, UNLESS_FILL, Operation
from perflab.settings import LoadSettings
from perflab.units import counted
from perflab.workloads.kinds.trace import Trace

_SAID = {
    "recorded": "sets, touches and deletes are replayed; a write of the data deletes its key",
    "through": "sets, touches and deletes are replayed; a write of the data stores the new value",
    "invalidate": "a set or a write deletes its key, unless it is the fill of a miss",
    "ignore": "reads alone are replayed",
}

_MOST_REMOVALS = 0.2
"""Removals per read up to which a sample that has too many reads of popular keys has too many hits.

With more, reads of popular keys miss as often as others: on Zipf traces of skew 1, samples of 5 %
are off by 0.06 with and 0.13 without regard to the reads of all keys at 0.1, by 0.14 and 0.09 at
0.3.
"""

Way = tuple[str, str]

_results: WeakSet[Trace] = WeakSet()


class _Ways:
    """What is asked of a trace, by way of replay."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[Way, Trace] = {}

    def asked(self, trace: Trace, way: Way) -> Trace:
        with self._lock:
            if way not in self._found:
                self._found[way] = _made(trace, *way)
                _results.add(self._found[way])
            return self._found[way]


_known: KeptWithTraces[_Ways] = KeptWithTraces()


def way_of(trace: Trace, load: LoadSettings) -> Way | None:
    """Return `writes` and `ttl_from` where they change what a trace asks; else None."""
    if trace.operations is not None:
        return load.writes, load.ttl_from
    if trace.ttls is None or load.ttl_from == "recorded":
        return None
    return "recorded", load.ttl_from


def replayed(trace: Trace, load: LoadSettings, *, needs_reads: bool = True) -> Trace:
    """Return what a cache is asked: a trace whose operations are those of the kernels.

    It is the trace itself where each row is a get with the lifetime that it has. Else sizes and
    lifetimes are what each row gives an entry: of a get what was last written for its key, and
    where nothing was, its own. It is kept with the trace, and is its own result.

    Args:
        trace: As it was recorded.
        load: With `writes` and `ttl_from`.
        needs_reads: Whether it is refused without a get.

    Raises:
        BadInputError: If there is no get.
    """
    way = way_of(trace, load)
    if way is None or trace in _results:
        return trace
    if needs_reads:
        trace.check_reads()
    return _known.of(trace, _Ways).asked(trace, way)


def _made(trace: Trace, writes: str, ttl_from: str) -> Trace:
    ttls = None if ttl_from == "setting" else trace.ttls
    if trace.operations is None:
        return dataclasses.replace(trace, ttls=ttls, check=False)
    own = dataclasses.replace(trace, ttls=ttls, check=False)
    if writes == "ignore":
        own = own.reads_only()
        return dataclasses.replace(own, ttls=_or_none(own.ttls), check=False)
    operations = np.array(ACTS[writes], np.uint8)[trace.operations]
    sizes, lives = kernels.resolved(trace.ids, trace.n_keys, operations, trace.sizes, own.ttls)
    removals = int(np.isin(operations, (Operation.DELETE, UNLESS_FILL)).sum())
    return dataclasses.replace(
        own,
        sizes=sizes,
        ttls=_or_none(lives),
        operations=operations if operations.any() else None,
        all_requests=trace.all_requests if removals <= _MOST_REMOVALS * trace.reads else None,
        check=False,
    )


def _or_none(ttls: npt.NDArray[np.float64] | None) -> npt.NDArray[np.float64] | None:
    return None if ttls is None or np.isnan(ttls).all() else ttls


def writes_remarks(trace: Trace, load: LoadSettings) -> tuple[str, ...]:
    """Return which `writes` is in force; nothing where each row is a read.

    Args:
        trace: As it was recorded.
        load: The load's settings.
    """
    if trace.operations is None:
        return ()
    others = len(trace) - trace.reads
    what = f"{counted(trace.reads, 'read')}, not the {counted(others, 'other operation')}"
    return (f"writes {load.writes}: {_SAID[load.writes]}; rates are of the {what}",)


def no_writes_remarks(trace: Trace, load: LoadSettings) -> tuple[str, ...]:
    """Return that `writes` has no effect, where a load sets it and a trace holds reads alone."""
    if trace.operations is not None or load.writes not in ("through", "invalidate"):
        return ()
    return ("writes has no effect: the workload holds reads alone",)
