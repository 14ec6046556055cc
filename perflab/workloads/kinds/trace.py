"""`Trace`: the requests of a workload, one key a request, as arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.units import counted, grouped
from perflab.workloads.kinds.check import as_ids, as_sizes, as_times, as_ttls
from perflab.workloads.kinds.fingerprint import fingerprint
from perflab.workloads.kinds.numbering import first_appearance, is_by_first_appearance
from perflab.workloads.kinds.workload import (
    LEAST_SHARE,
    MOST_REQUESTS,
    bounds_of_window,
    show_plainly,
)


@dataclasses.dataclass(frozen=True, eq=False)
class Trace:
    """Requests in order: dense key ids and, where known, times, sizes and TTLs.

    Attributes:
        name: What people call it.
        ids: int32, one per request, numbered by first appearance.
        n_keys: One more than the highest id there may be.
        times: float64 seconds, never backwards, from the epoch or from 0; or None.
        sizes: int64 bytes; or None.
        ttls: float64 seconds, NaN for a request without; or None.
        keys: The original key of each id: an int64 array, an Arrow array of texts, or None
            where the key is the id.
        source: What `load_workload` takes to make it again; empty where nothing does.
        options: What it takes beside: the ``format`` and ``columns`` that the user named.
        notes: What the reader of its file had to say, such as lines that it skipped.
        sample_rate: The share of all keys that it holds, with all requests of each; 1 is all.
        all_requests: How many requests there are for all keys, with those that it does not hold;
            None where that is not known. Whoever leaves requests out leaves it out too.
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
    keys: Any = None
    source: str = ""
    notes: tuple[str, ...] = ()
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    sample_rate: float = 1.0
    all_requests: int | None = None
    check: dataclasses.InitVar[bool] = True

    def __post_init__(self, check: bool) -> None:
        show_plainly(self)
        if not check:
            return
        self._set("ids", as_ids(self.ids, self.n_keys))
        for name, read in (("times", as_times), ("sizes", as_sizes), ("ttls", as_ttls)):
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
        if self.all_requests is not None and self.all_requests < len(self.ids):
            here = counted(len(self.ids), "request")
            text = f"is {grouped(self.all_requests)}, but there are {here} here alone"
            raise BadInputError(text, "all_requests")

    @classmethod
    def from_keys(
        cls,
        keys: Any,
        times: Any = None,
        sizes: Any = None,
        ttls: Any = None,
        *,
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
            name: What people call it.
            source: What `load_workload` takes to make it again.
            notes: Remarks that travel with it.

        Raises:
            BadInputError: With the row, if a value cannot be.
        """
        from perflab.workloads.kinds.encoding import encode_keys  # loads pyarrow

        ids, known = encode_keys(keys)
        return cls(name, ids, len(known), times, sizes, ttls, known, source, notes)

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
        """Its requests, as a multiple of what such a share of the keys has on average.

        1 where that is not known. Above 1, more of the popular keys are in it than their share.
        """
        if self.all_requests is None:
            return 1.0
        return len(self) / (self.sample_rate * self.all_requests)

    @property
    def requests_of_all(self) -> int:
        """The requests of the whole workload: an estimate where that is not known."""
        if self.all_requests is not None:
            return self.all_requests
        return round(len(self) / self.sample_rate)

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of ids, times, sizes and TTLs: equal for equal requests, on any machine."""
        return fingerprint(
            (self.ids, "<i4"), (self.times, "<f8"), (self.sizes, "<i8"), (self.ttls, "<f8")
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

        def cut(values: Any) -> Any:
            return None if values is None else values[start:stop]

        return Trace(
            f"{self.name}[{start}:{stop}]",
            cut(self.ids),
            self.n_keys,
            cut(self.times),
            cut(self.sizes),
            cut(self.ttls),
            self.keys,
            notes=self.notes,
            sample_rate=self.sample_rate,
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

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
