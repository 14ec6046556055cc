"""`own_ttls`: which rows of a trace give an entry its TTL, and whether they leave none over."""

from __future__ import annotations

import threading

import numpy as np

from perflab.modelling.operations import replayed, writes_remarks
from perflab.modelling.trace_facts import KeptWithTraces
from perflab.operations import ACTS, Operation
from perflab.settings import LoadSettings
from perflab.units import counted
from perflab.workloads.kinds.trace import Trace


class _Found:
    """The answers for one trace, by `writes`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_writes: dict[str, tuple[int, bool]] = {}

    def of(self, trace: Trace, writes: str) -> tuple[int, bool]:
        with self._lock:
            if writes not in self._by_writes:
                self._by_writes[writes] = _count(trace, writes)
            return self._by_writes[writes]


_known: KeptWithTraces[_Found] = KeptWithTraces()


def own_ttls(trace: Trace, writes: str) -> tuple[int, bool]:
    """Return how many rows give an entry a TTL of its own, and whether all do that give one.

    Args:
        trace: As it was recorded.
        writes: As the load's setting.
    """
    return (0, False) if trace.ttls is None else _known.of(trace, _Found).of(trace, writes)


def every_entry_has_own_ttl(trace: Trace, load: LoadSettings) -> bool:
    """Say whether the recorded TTLs count and every entry has one, so that `ttl_seconds` is idle.

    Args:
        trace: As it was recorded.
        load: With `writes` and `ttl_from`.
    """
    return load.ttl_from == "recorded" and own_ttls(trace, load.writes)[1]


def replay_remarks(trace: Trace, load: LoadSettings) -> tuple[str, ...]:
    """Return which `writes` and which `ttl_from` are in force, each where there is a choice.

    Args:
        trace: As it was recorded.
        load: The load's settings.
    """
    said = writes_remarks(trace, load)
    if trace.ttls is None:
        return said
    own, every = own_ttls(trace, load.writes)
    rows = "every entry" if every else counted(own, "row") if own else "no row"
    many = own > 1 and not every
    theirs = f"{rows} {'have TTLs of their own' if many else 'has a TTL of its own'}"
    if load.ttl_from == "setting":
        return (*said, f"ttl_from setting: ttl_seconds for all, though {theirs}")
    rest = "ttl_seconds has no effect" if every else "ttl_seconds for the rest"
    return (*said, f"ttl_from recorded: {theirs}; {rest}")


def _count(trace: Trace, writes: str) -> tuple[int, bool]:
    assert trace.ttls is not None  # noqa: S101  (the caller has looked)
    load = LoadSettings(writes=writes, ttl_from="recorded")
    if writes == "ignore" and not trace.reads:
        return 0, False
    asked = replayed(trace, load, needs_reads=False)
    if asked.ttls is None:
        return 0, False
    gives = slice(None) if asked.operations is None else asked.operations != Operation.DELETE
    every = not bool(np.isnan(asked.ttls[gives]).any())
    # Without the other rows, a TTL that never ends is that of the settings.
    endless = trace.operations is not None and writes != "ignore"
    own = ~np.isnan(trace.ttls) if endless else np.isfinite(trace.ttls)
    if trace.operations is not None:
        own = own & np.isin(trace.operations, _giving_a_ttl(writes))
    return int(np.count_nonzero(own)), every


def _giving_a_ttl(writes: str) -> list[Operation]:
    if writes == "ignore":
        return [Operation.GET]
    return [code for code in Operation if ACTS[writes][code] != Operation.DELETE]
