"""`Replay`: what a live cache does at each row of a trace that holds more than reads."""

from __future__ import annotations

import dataclasses
from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from perflab.errors import BadInputError
from perflab.operations import ACTS, UNLESS_FILL, Operation
from perflab.workloads.kinds.trace import Trace

if TYPE_CHECKING:
    from perflab.settings import LoadSettings

WRITE_OUTCOMES = frozenset(
    operation.name.lower() for operation in (Operation.SET, Operation.TOUCH, Operation.DELETE)
)
"""The outcomes of requests without a lookup: latency and throughput do not count them."""

_STORING = (int(Operation.SET), UNLESS_FILL)
_WRITING = (*_STORING, int(Operation.TOUCH))


class Row(NamedTuple):
    """What to do at a row.

    Attributes:
        operation: A get, set, touch or delete.
        key: The key's id.
        size: The value's bytes; 0 where the trace has no sizes.
        ttl: The entry's own seconds to live; none for the setting's.
        fills: Whether a set is the fill of the get that loaded the key just before.
        inserts: Whether a set inserts an entry that is not there.
    """

    operation: Operation
    key: int
    size: int
    ttl: float | None
    fills: bool = False
    inserts: bool = True


class Replay:
    """The rows of a trace with operations, each taken once per pass, in their order.

    A key is loaded with the size and lifetime that were last written for it, whatever became of
    its entry, else with its row's; where the trace begins again, what was written still holds.
    Threads that ask for neighbouring rows may overtake each other between here and the cache;
    one thread does all as in the file.
    """

    def __init__(self, trace: Trace, load: LoadSettings) -> None:
        assert trace.operations is not None  # noqa: S101  (the caller asked)
        self._ids = trace.ids.data
        self._codes = trace.operations.data
        self._sizes = None if trace.sizes is None else trace.sizes.data
        self._ttls = None if trace.ttls is None else trace.ttls.data
        self._loaded = bytearray(trace.n_keys)
        sized = trace.n_keys if trace.sizes is not None else 0
        lasting = trace.n_keys if trace.ttls is not None else 0
        self._has_size, self._size_of = bytearray(sized), array("q", bytes(8 * sized))
        self._has_ttl, self._ttl_of = bytearray(lasting), array("d", bytes(8 * lasting))
        self.change(load)

    def change(self, load: LoadSettings) -> None:
        """Take over what writes do, and whose TTL counts, from the next row on."""
        self._acts = ACTS[load.writes]
        self._own_ttls = load.ttl_from == "recorded"

    def at(self, index: int) -> Row:
        """Return what a row does; a get that misses is told to `note_load`."""
        key = self._ids[index]
        act = self._acts[self._codes[index]]
        fills = bool(self._loaded[key]) and act in _STORING
        self._loaded[key] = 0
        size = self._size_at(index, key, act)
        ttl = self._ttl_at(index, key, act)
        if act == UNLESS_FILL:
            return Row(Operation.SET if fills else Operation.DELETE, key, size, ttl, fills, False)
        return Row(Operation(act), key, size, ttl, fills)

    def note_load(self, key: int) -> None:
        """Note that the get of the key's last row has loaded it."""
        self._loaded[key] = 1

    def _size_at(self, index: int, key: int, act: int) -> int:
        if self._sizes is None:
            return 0
        if act in _STORING:
            self._has_size[key], self._size_of[key] = 1, self._sizes[index]
        return self._size_of[key] if self._has_size[key] else self._sizes[index]

    def _ttl_at(self, index: int, key: int, act: int) -> float | None:
        if self._ttls is None:
            return None
        if act in _WRITING:
            self._has_ttl[key], self._ttl_of[key] = 1, self._ttls[index]
        ttl = self._ttl_of[key] if self._has_ttl[key] else self._ttls[index]
        is_number = ttl == ttl  # noqa: PLR0124  (not a number: none)
        return ttl if is_number and self._own_ttls else None


def replay_of(trace: Trace, load: LoadSettings) -> Replay | None:
    """Return the replay of a trace; none where all its requests are gets."""
    return None if trace.operations is None else Replay(trace, load)


def played(workload: Any, load: LoadSettings) -> Any:
    """Return what a run plays of a workload: of a trace whose writes are ignored, its reads.

    Raises:
        BadInputError: If it is a trace that holds no reads.
    """
    if not isinstance(workload, Trace) or workload.operations is None:
        return workload
    workload.check_reads()
    if load.writes != "ignore":
        return workload
    from perflab.modelling.operations import writes_remarks  # loads the kernels

    # With the setting `writes`, what made the whole makes this again.
    return dataclasses.replace(
        workload.reads_only(),
        source=workload.source,
        options=workload.options,
        notes=(*workload.notes, *writes_remarks(workload, load)),
        check=False,
    )


def check_writes(workload: Any, before: LoadSettings, load: LoadSettings) -> None:
    """Check that a change of `writes` can be made while a run goes on: it plays the same rows.

    Raises:
        BadInputError: If not.
    """
    if not isinstance(workload, Trace) or workload.operations is None:
        return
    if (before.writes == "ignore") != (load.writes == "ignore"):
        text = "cannot change to or from ignore while it runs; stop and start again"
        raise BadInputError(text, "writes")
