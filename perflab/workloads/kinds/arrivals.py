"""`Arrivals`: when requests come and, where known, how long each is served."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.units import counted, in_words, percent
from perflab.workloads.kinds.check import as_durations, as_times
from perflab.workloads.kinds.fingerprint import fingerprint
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.kinds.workload import bounds_of_window, show_plainly


@dataclasses.dataclass(frozen=True, eq=False)
class Arrivals:
    """Requests that come regardless of how fast they are served, in order.

    Attributes:
        name: What people call it.
        times: float64 seconds, never backwards, from the epoch or from 0.
        durations: float64 seconds that each was served, NaN where that is not known; or None.
        source: What `load_arrivals` takes to make it again; empty where nothing does.
        notes: What the reader of its file had to say, such as lines that it skipped.
        options: What `load_arrivals` takes beside: ``format`` and ``columns``.
        check: Whether the arrays are checked; only what was checked before leaves it out.

    Raises:
        BadInputError: If there is no request, lengths differ, or a time or duration is wrong.
    """

    name: str
    times: npt.NDArray[np.float64]
    durations: npt.NDArray[np.float64] | None = None
    source: str = ""
    notes: tuple[str, ...] = ()
    options: Mapping[str, object] = dataclasses.field(default_factory=dict)
    check: dataclasses.InitVar[bool] = True

    def __post_init__(self, check: bool) -> None:
        show_plainly(self)
        if not check:
            return
        object.__setattr__(self, "times", as_times(self.times))
        if not len(self.times):
            raise BadInputError("there are no requests; arrivals need at least one", self.name)
        if self.durations is None:
            return
        durations = as_durations(self.durations)
        if durations.shape != self.times.shape:
            text = f"has {durations.size} values, but there are {len(self.times)} requests"
            raise BadInputError(text, "durations")
        object.__setattr__(self, "durations", durations)

    @classmethod
    def of(cls, trace: Trace, place: str | None = None) -> Arrivals:
        """Return when the requests of a trace come.

        Of operations among which are a cache's own, such as sets, only reads and writes of the
        data are requests.

        Args:
            trace: A trace with times.
            place: The file that it was read from, for the error.

        Raises:
            BadInputError: If it has no times.
        """
        if trace.times is None:
            text = (
                "has no times, so it does not say when requests come; name a file with times, or "
                "arrivals such as poisson:rate=200,requests=100k"
            )
            raise BadInputError(text, place or trace.source or trace.name)
        notes = trace.notes
        if trace.sample_rate < 1:
            notes = (
                *notes,
                f"rates are those of a sample of {percent(trace.sample_rate)} of the keys",
            )
        times = trace.times
        if trace.operations is not None:
            if {Operation.SET, Operation.TOUCH} & set(trace.operation_counts):
                trace.check_reads()
                times = times[np.isin(trace.operations, (Operation.GET, Operation.WRITE))]
                others = counted(len(trace) - len(times), "other operation")
                notes = (*notes, f"left out: {others}, a cache's own")
            else:
                others = counted(len(trace) - trace.reads, "other operation")
                notes = (*notes, f"{others} than reads come as requests too")
        origin = (trace.source, notes, trace.options)
        return cls(trace.name, times, None, *origin, check=False)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def sizes(self) -> None:
        """None: arrivals have no bytes."""

    @property
    def ttls(self) -> None:
        """None: arrivals have no keys that could expire."""

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of times and durations: equal for equal requests, on any machine."""
        return fingerprint((self.times, "<f8"), (self.durations, "<f8"))

    @cached_property
    def rate(self) -> float:
        """Mean arrivals per second; a single moment counts as one second."""
        return len(self) / pass_seconds(self.times)

    def at_rate(self, rate: float) -> Arrivals:
        """Return the same arrivals, stretched in time so that they come at another mean rate.

        They start at 0 and are as uneven as before; durations stay.

        Raises:
            BadInputError: If the rate is not above zero.
        """
        if not 0 < rate < np.inf:
            raise BadInputError(f"{rate} is not a valid rate; it must be above zero", self.name)
        times = (self.times - self.times[0]) * (self.rate / rate)
        return Arrivals(
            f"{self.name} at {in_words(rate, '1/s')}",
            times,
            self.durations,
            notes=self.notes,
            check=False,
        )

    def window(self, start: int, stop: int) -> Arrivals:
        """Return the requests from `start` up to `stop`, without copying.

        Raises:
            BadInputError: If no request is left.
        """
        start, stop = bounds_of_window(self, start, stop)
        if stop - start == len(self):
            return self
        durations = None if self.durations is None else self.durations[start:stop]
        name = f"{self.name}[{start}:{stop}]"
        return Arrivals(name, self.times[start:stop], durations, notes=self.notes, check=False)

    def prefix(self, requests: int) -> Arrivals:
        """Return its first requests."""
        return self.window(0, requests)

    def uploaded(self, name: str) -> Self:
        """Return them under another name, as what was sent and cannot be read again."""
        return dataclasses.replace(self, name=name, source="", options={}, check=False)
