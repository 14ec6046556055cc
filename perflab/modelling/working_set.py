"""How many keys and bytes live at once at each TTL: what a cache must hold to lose none early."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.errors import BadInputError
from perflab.workloads.kinds.trace import Trace


@dataclasses.dataclass(frozen=True, slots=True)
class WorkingSets:
    """The working set of a trace over its time, for each of some TTLs.

    Attributes:
        ttls: float64 of shape (k,), seconds; infinite for a cache without a TTL.
        seconds: float64 of shape (m,), moments on the clock of the trace.
        keys: int64 of shape (k, m), live keys.
        bytes: int64 of shape (k, m), their bytes; none where the trace has no sizes.
        peak_keys: int64 of shape (k,), the most live keys at any time.
        peak_bytes: int64 of shape (k,), the most live bytes; none where the trace has no sizes.
        hit_rates: float64 of shape (k,), of reads of a cache that evicts nothing.
    """

    ttls: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]
    keys: npt.NDArray[np.int64]
    bytes: npt.NDArray[np.int64] | None
    peak_keys: npt.NDArray[np.int64]
    peak_bytes: npt.NDArray[np.int64] | None
    hit_rates: npt.NDArray[np.float64]


def working_sets(
    trace: Trace,
    ttls: Sequence[float],
    *,
    rate: float | None = None,
    moments: int = 200,
    at: npt.NDArray[np.float64] | None = None,
) -> WorkingSets:
    """Return the live keys and bytes of a trace over time, by one pass for each TTL.

    They are exact, but for a trace that holds a share of all keys: then they are estimated for all.

    Args:
        trace: The workload, as `replayed` returns it; lifetimes of its own requests are not
            looked at.
        ttls: Seconds that an entry lives after it was written.
        rate: Requests per second, where the trace has no times.
        moments: At how many times, evenly over the trace.
        at: At which times instead, in order, on the clock of the trace.

    Raises:
        BadInputError: If nothing dates the requests, or a TTL is not above 0.
    """
    if trace.times is None and rate is None:
        raise BadInputError(
            "the trace has no times; set request_rate to date its requests", "request_rate"
        )
    for ttl in ttls:
        if not ttl > 0 or math.isnan(ttl):
            raise BadInputError(f"{ttl!r} is not a number of seconds above 0", "ttl_seconds")
    times = trace.times
    if times is None:
        assert rate is not None  # noqa: S101  (refused above)
        times = np.arange(len(trace), dtype=np.float64) / rate
    ends = (times[0], times[-1]) if len(times) else (0.0, 0.0)
    seconds = np.linspace(float(ends[0]), float(ends[1]), moments) if at is None else at
    found = [
        kernels.working_set(
            trace.ids,
            trace.n_keys,
            times,
            ttl,
            seconds,
            trace.sizes,
            operations=trace.operations,
        )
        for ttl in ttls
    ]
    sized, share = trace.sizes is not None, trace.sample_rate

    def of_all(counts: Sequence[npt.ArrayLike]) -> npt.NDArray[np.int64]:
        return np.rint(np.array(counts, np.float64) / share).astype(np.int64)

    shape = (len(found), len(seconds))
    return WorkingSets(
        ttls=np.array(ttls, np.float64),
        seconds=seconds,
        keys=of_all([each.keys for each in found]).reshape(shape),
        bytes=of_all([each.bytes for each in found]).reshape(shape) if sized else None,
        peak_keys=of_all([each.peak_keys for each in found]),
        peak_bytes=of_all([each.peak_bytes for each in found]) if sized else None,
        hit_rates=np.array([each.hits for each in found], np.float64) / max(trace.reads, 1),
    )
