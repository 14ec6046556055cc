"""`Trace`: the requests of a workload, one key a request, as arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.units import counted, grouped
from perflab.workloads.kinds.check import (
    as_durations,
    as_ids,
    as_operations,
    as_sizes,
    as_times,
    as_ttls,
)
from perflab.workloads.kinds.fingerprint import fingerprint
from perflab.workloads.kinds.numbering import Keys, first_appearance, is_by_first_appearance
from perflab.workloads.kinds.workload import (
    LEAST_SHARE,
    MOST_REQUESTS,
    bounds_of_window,
    show_plainly,
)

_E = TypeVar("_E", bound=np.generic)


@dataclasses.dataclass(frozen=True, eq=False)
class Trace:
    """Requests in order: dense key ids and, where known, times, sizes and TTLs.

    Attributes:
        name: What people call it.
        ids: int32, one per request, numbered by first appearance.
        n_keys: One more than the highest id there may be.
        times: float64 seconds, never backwards, from the epoch or from 0; or None.
        sizes: int64 bytes; or None.
        ttls: float64 seconds, NaN for a request without; or None. With operations, infinite is
            an entry that never expires.
        operations: uint8 of `Operation`, one per request; None where each is a get.
        keys: The original key of each id: an int64 array, an Arrow array of texts, or None
            where the key is the id.
        source: What `load_workload` takes to make it again; empty where nothing does.
        options: What it takes beside: the ``format`` and ``columns`` that the user named.
        notes: What the reader of its file had to say, such as lines that it skipped.
        sample_rate: The share of all keys that it holds, with all requests of each; 1 is all.
        all_requests: How many reads there are for all keys, with those that it does not hold;
            None where that is not known. Whoever leaves requests out leaves it out too.
        backend_seconds: float64 seconds that the backend took for each request, NaN where that is
            not known; or None.
        check: Whether the arrays are checked; only what was checked before leaves it out.

    Raises:
        BadInputError: If there is no request, lengths differ, or a value is wrong.
    """

    name: str
    ids: npt.NDArray[np.int32]
    n_keys: int
    times: npt.NDArray[np.float64] | None = None
    sizes: npt.NDArray[np.int64] | None = None
    ttls: npt.NDArray[np.float64] | None = None
    keys: Keys | None = None
    source: str = ""
    notes: tuple[str, ...] = ()
    options: Mapping[str, object] = dataclasses.field(default_factory=dict)
    sample_rate: float = 1.0
    all_requests: int | None = None
    operations: npt.NDArray[np.uint8] | None = None
    backend_seconds: npt.NDArray[np.float64] | None = None
    check: dataclasses.InitVar[bool] = True

    def __post_init__(self, check: bool) -> None:
        show_plainly(self)
        if not check:
            return
        self._set("ids", as_ids(self.ids, self.n_keys))
        checks: dict[str, Callable[[object], npt.NDArray[np.generic]]] = {
            "times": as_times,
            "sizes": as_sizes,
            "ttls": partial(as_ttls, endless=self.operations is not None),
            "operations": as_operations,
            "backend_seconds": partial(as_durations, name="backend_seconds"),
        }
        for name, read in checks.items():
            values = getattr(self, name)
            if values is None:
                continue
            array = np.asarray(values)
            if array.shape != self.ids.shape:
                text = f"has {array.size} values, but there are {len(self.ids)} requests"
                raise BadInputError(text, name)
            self._set(name, read(values))
        self.check_total()
        if not LEAST_SHARE <= self.sample_rate <= 1:
            text = f"{self.sample_rate} is not a share of the keys, above 0 and at most 1"
            raise BadInputError(text, "sample_rate")
        if self.keys is not None and len(self.keys) != self.n_keys:
            text = f"has {len(self.keys)} keys, but ids go up to {self.n_keys - 1}"
            raise BadInputError(text, "keys")
        if self.all_requests is not None and self.all_requests < self.reads:
            here = counted(self.reads, "request")
            text = f"is {grouped(self.all_requests)}, but there are {here} here alone"
            raise BadInputError(text, "all_requests")

    @classmethod
    def from_keys(
        cls,
        keys: Iterable[object],
        times: Iterable[object] | None = None,
        sizes: Iterable[object] | None = None,
        ttls: Iterable[object] | None = None,
        operations: Iterable[object] | None = None,
        *,
        backend_seconds: Iterable[object] | None = None,
        name: str = "trace",
        source: str = "",
        notes: tuple[str, ...] = (),
    ) -> Self:
        """Make a trace from the keys themselves: whole numbers or texts, in any array or list.

        Args:
            keys: One a request.
            times: Seconds or dates, one per request, never backwards.
            sizes: Bytes, one per request.
            ttls: Seconds, one per request; NaN for none.
            operations: `Operation` or its name in any case, one per request; None is get for all.
            backend_seconds: Seconds that the backend took, one per request; NaN for not known.
            name: What people call it.
            source: What `load_workload` takes to make it again.
            notes: Remarks that travel with it.

        Raises:
            BadInputError: With the row, if a value cannot be.
        """
        from perflab.workloads.kinds.encoding import encode_keys  # loads pyarrow

        ids, known = encode_keys(keys)
        columns = {
            "times": times,
            "sizes": sizes,
            "ttls": ttls,
            "operations": operations,
            "backend_seconds": backend_seconds,
        }
        arrays: dict[str, Any] = {
            column: None if values is None else np.asarray(values)
            for column, values in columns.items()
        }
        return cls(
            name=name,
            ids=ids,
            n_keys=len(known),
            keys=known,
            source=source,
            notes=notes,
            **arrays,
        )

    def check_total(self) -> None:
        """Refuse sizes whose sum is not a valid number of bytes.

        Raises:
            BadInputError: If so.
        """
        if self.sizes is not None and self.sizes.sum(dtype=np.float64) >= MOST_REQUESTS:
            text = "add up to more than 4 EiB; sizes are bytes"
            raise BadInputError(text, f"sizes of {self.name}")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def all_keys(self) -> int:
        """The keys of the whole workload: an estimate where this is a sample of them."""
        return round(self.n_keys / self.sample_rate)

    @property
    def density(self) -> float:
        """Its reads, as a multiple of what such a share of the keys has on average.

        1 where that is not known. Above 1, more of the popular keys are in it than their share.
        """
        if self.all_requests is None:
            return 1.0
        return self.reads / (self.sample_rate * self.all_requests)

    @property
    def requests_of_all(self) -> int:
        """The reads of the whole workload: an estimate where that is not known."""
        if self.all_requests is not None:
            return self.all_requests
        return round(self.reads / self.sample_rate)

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of the requests' columns: equal for equal requests, on any machine."""
        columns = ((self.ids, "<i4"), (self.times, "<f8"), (self.sizes, "<i8"), (self.ttls, "<f8"))
        # What earlier versions did not know is hashed only where it is there.
        if self.backend_seconds is not None:
            later = (self.operations, "u1"), (self.backend_seconds, "<f8")
            return fingerprint(*columns, *later)
        if self.operations is None:
            return fingerprint(*columns)
        return fingerprint(*columns, (self.operations, "u1"))

    @cached_property
    def operation_counts(self) -> Mapping[Operation, int]:
        """How many rows there are of each operation that occurs."""
        if self.operations is None:
            return {Operation.GET: len(self)}
        counts = np.bincount(self.operations, minlength=len(Operation))
        return {code: int(counts[code]) for code in Operation if counts[code]}

    @property
    def reads(self) -> int:
        """How many of its requests are gets: what hits and misses are counted of."""
        return self.operation_counts.get(Operation.GET, 0)

    def check_reads(self) -> None:
        """Refuse it where nothing is read.

        Raises:
            BadInputError: If there is no get.
        """
        if self.reads == 0:
            text = "holds no reads, only writes and removals, so that there is no hit rate"
            raise BadInputError(f"{text}; take a trace that has the reads too", self.name)

    def reads_only(self) -> Trace:
        """Return it without its writes, renewals and removals; ids keep their meaning.

        What never expires has no lifetime of its own then.

        Raises:
            BadInputError: If no get is left.
        """
        if self.operations is None:
            return self
        self.check_reads()
        kept = self.operations == Operation.GET

        ttls = _part(self.ttls, kept)
        if ttls is not None:
            ttls = as_ttls(np.where(np.isinf(ttls), np.nan, ttls))
            ttls = None if np.isnan(ttls).all() else ttls
        backend = _part(self.backend_seconds, kept)
        if backend is not None and np.isnan(backend).all():
            backend = None
        return dataclasses.replace(
            self,
            ids=self.ids[kept],
            times=_part(self.times, kept),
            sizes=_part(self.sizes, kept),
            ttls=ttls,
            operations=None,
            backend_seconds=backend,
            source="",
            options={},
            check=False,
        )

    def key_of(self, key_id: int) -> int | str:
        """Return the original key of an id."""
        if self.keys is None:
            return int(key_id)
        key = self.keys[key_id]
        return int(key) if isinstance(self.keys, np.ndarray) else str(key)

    def times_at_rate(self, rate: float | None) -> npt.NDArray[np.float64] | None:
        """Return the trace's own times or, where it has none, ``i / rate`` for request ``i``.

        None where there is neither: then a TTL has no effect.
        """
        if self.times is not None or rate is None:
            return self.times
        return np.arange(len(self), dtype=np.float64) / rate

    def prefix(self, requests: int) -> Trace:
        """Return its first requests; ids keep their meaning."""
        return self.window(0, requests)

    def window(self, start: int, stop: int) -> Trace:
        """Return the requests from `start` up to `stop`, without copying; ids keep their meaning.

        Raises:
            BadInputError: If no request is left.
        """
        start, stop = bounds_of_window(self, start, stop)
        if stop - start == len(self):
            return self

        rows = slice(start, stop)
        return Trace(
            f"{self.name}[{start}:{stop}]",
            self.ids[rows],
            self.n_keys,
            _part(self.times, rows),
            _part(self.sizes, rows),
            _part(self.ttls, rows),
            self.keys,
            notes=self.notes,
            sample_rate=self.sample_rate,
            operations=_part(self.operations, rows),
            backend_seconds=_part(self.backend_seconds, rows),
            check=False,
        )

    def compact(self) -> Trace:
        """Return it with ids numbered by first appearance, and no key that is never requested."""
        if is_by_first_appearance(self.ids, self.n_keys):
            return self
        ids, order = first_appearance(self.ids, self.n_keys)
        keys = order if self.keys is None else self.keys.take(order)
        return dataclasses.replace(self, ids=ids, n_keys=len(order), keys=keys, check=False)

    def uploaded(self, name: str) -> Self:
        """Return it under another name, as what was sent and cannot be read again."""
        return dataclasses.replace(self, name=name, source="", options={}, check=False)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


def _part(
    values: npt.NDArray[_E] | None, rows: npt.NDArray[np.bool_] | slice
) -> npt.NDArray[_E] | None:
    return None if values is None else values[rows]
