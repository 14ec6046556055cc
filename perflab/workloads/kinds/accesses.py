"""`Accesses`: which rows of a store are requested, in order."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.units import counted, grouped
from perflab.workloads.kinds.fingerprint import fingerprint
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.kinds.workload import bounds_of_window, show_plainly

LONGEST = 2**31 - 1
MOST_ROWS = 10**15
SHOWN = 80


@dataclasses.dataclass(frozen=True, eq=False)
class Accesses:
    """Row numbers in the order in which they are requested, and how many rows there are.

    Attributes:
        name: What people call them.
        rows: int32 where they fit, else int64; from 0, one per request.
        n_rows: How many rows the store has.
        source: What `load_accesses` takes to make them again; empty where nothing does.
        notes: What the reader of their file had to say, such as lines that it skipped.
        options: What `load_accesses` takes beside: ``format`` and ``columns``.
        check: Whether the numbers are checked; only what was checked before leaves it out.

    Raises:
        BadInputError: If there is no request, or one for a row that does not exist.
    """

    name: str
    rows: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    n_rows: int
    source: str = ""
    notes: tuple[str, ...] = ()
    options: Mapping[str, object] = dataclasses.field(default_factory=dict)
    check: dataclasses.InitVar[bool] = True

    def __post_init__(self, check: bool) -> None:
        show_plainly(self)
        if not check:
            return
        rows: npt.NDArray[np.integer] = np.asarray(self.rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise BadInputError("are not a list of whole numbers", self.name)
        if not len(rows):
            text = "there are no requests; name at least one row number"
            raise BadInputError(text, self.name)
        wrong = np.flatnonzero((rows < 0) | (rows >= self.n_rows))
        if len(wrong):
            text = f"request {grouped(wrong[0])} asks for row {grouped(rows[wrong[0]])}"
            has = f"the store has {counted(self.n_rows, 'row')}, from 0"
            raise BadInputError(f"{text}, but {has}", self.name)
        kind = np.int32 if self.n_rows <= LONGEST else np.int64
        object.__setattr__(self, "rows", rows.astype(kind, copy=False))

    @classmethod
    def of(cls, trace: Trace, n_rows: int | None = None) -> Accesses:
        """Return a trace whose keys are row numbers as accesses.

        Args:
            trace: Its keys are whole numbers, or texts of them.
            n_rows: How many rows the store has; up to the highest requested if not given.

        Raises:
            BadInputError: If a key is not a row number, or beyond the store's rows, or nothing is
                read.
        """
        notes, reads = trace.notes, trace.reads_only()
        if len(reads) < len(trace):
            left = counted(len(trace) - len(reads), "row")
            notes = (*notes, f"{left} that write or remove are left out: a loader reads")
        numbers = _row_numbers(trace)[reads.ids]
        if n_rows is None and int(numbers.max()) >= MOST_ROWS:
            text = f"row {grouped(numbers.max())} is requested, and no store has as many rows"
            raise BadInputError(f"{text}; are these row numbers?", trace.source or trace.name)
        most = int(numbers.max()) + 1 if n_rows is None else n_rows
        return cls(trace.name, numbers, most, trace.source, notes, trace.options)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def times(self) -> None:
        """None: requests come one after the other, or at a rate."""

    @property
    def sizes(self) -> None:
        """None: the store tells what a row takes."""

    @property
    def ttls(self) -> None:
        """None: rows do not expire."""

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of the row numbers and of how many rows there are, on any machine."""
        return fingerprint((self.rows, "<i8"), (np.array([self.n_rows]), "<i8"))

    def window(self, start: int, stop: int) -> Accesses:
        """Return the requests from `start` up to `stop`, without copying.

        Raises:
            BadInputError: If no request is left.
        """
        start, stop = bounds_of_window(self, start, stop)
        if stop - start == len(self):
            return self
        name = f"{self.name}[{start}:{stop}]"
        return Accesses(name, self.rows[start:stop], self.n_rows, notes=self.notes, check=False)

    def prefix(self, requests: int) -> Accesses:
        """Return the first requests."""
        return self.window(0, requests)

    def uploaded(self, name: str) -> Self:
        """Return them under another name, as what was sent and cannot be read again."""
        return dataclasses.replace(self, name=name, source="", options={}, check=False)


def _row_numbers(trace: Trace) -> npt.NDArray[np.int64]:
    """Return the row number that each key of a trace is."""
    if trace.keys is None:
        return np.arange(trace.n_keys, dtype=np.int64)
    if isinstance(trace.keys, np.ndarray):
        return trace.keys
    numbers = np.empty(len(trace.keys), np.int64)
    for place, key in enumerate(trace.keys.to_pylist()):
        try:
            numbers[place] = int(key)
        except (ValueError, OverflowError):
            shown = repr(key) if len(key) <= SHOWN else repr(key[:SHOWN]) + " ..."
            text = (
                f"the key {shown} is not a row number; a list of accesses has whole numbers from 0"
            )
            raise BadInputError(text, trace.source or trace.name) from None
    return numbers
