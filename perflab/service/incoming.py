"""`Incoming`: the requests of a workload as they come to a service, and the worker of each."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from perflab.bench.registry import load_bench
from perflab.bench.stage import Place, Requests
from perflab.errors import BadInputError
from perflab.units import counted, grouped
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.trace import Trace

if TYPE_CHECKING:
    from perflab.service.layout import ServiceLayout
    from perflab.service.settings import ServiceSettings

Floats = npt.NDArray[np.float64]
Workers = npt.NDArray[np.uint16]
MOST_PROCESSES = 10_000
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio: multiplicative hashing of Knuth, "The Art of Computer
Programming" volume 3, section 6.4."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Incoming:
    """What comes to a service.

    Attributes:
        workload: What it was made of.
        requests: In order of time.
        workers: The worker that each goes to, uint16 of shape (requests,).
        processes: How many workers there are.
        seconds: How long the requests take to come: the span and a mean gap.
        drawn_times: Whether the times were drawn at random, since the workload has none.
    """

    workload: Trace | Arrivals
    requests: Requests
    workers: Workers
    processes: int
    seconds: float
    drawn_times: bool

    @property
    def rate(self) -> float:
        """Requests per second, on average."""
        return len(self.requests) / self.seconds


def incoming(
    service: ServiceLayout, workload: object = None, clients: npt.ArrayLike | None = None
) -> Incoming:
    """Return the requests of a workload with their times and workers.

    A `request_rate` stretches the workload's times; where it has none, requests come at random at
    that rate (Poisson).

    Args:
        service: Whose stages and settings.
        workload: As the bench of the first stage takes it.
        clients: For the spread ``sticky``, whose each request is; drawn where not given.

    Raises:
        BadInputError: If the workload is not right, or nothing says when its requests come.
    """
    settings, first = service.settings, service.entry
    if settings.processes > MOST_PROCESSES:
        text = f"{grouped(settings.processes)} workers in all; at most {grouped(MOST_PROCESSES)}"
        raise BadInputError(text, "service.replicas")
    known = (str, os.PathLike, Trace, Arrivals)
    if workload is not None and not isinstance(workload, known):
        kind = type(workload).__name__
        text = f"must be a file's path, a name with parameters or a Trace, not {kind}"
        raise BadInputError(text, "workload")
    loaded: Any = workload
    own = service.workload
    if workload is None and own is not None:
        told = (own.spec, own.format, own.columns)
        loaded = load_bench(first.bench).workload_for(first.settings, *told)
    elif not isinstance(workload, (Trace, Arrivals)):
        loaded = load_bench(first.bench).workload_for(first.settings, workload)
    if isinstance(loaded, Trace):
        loaded.check_reads()
        keys: npt.NDArray[np.integer] = loaded.ids
    elif isinstance(loaded, Arrivals) and first.place >= Place.CALL:
        # A share of the keys calls: here of the requests, since these have no keys.
        called = first.place is Place.CALL
        keys = np.arange(len(loaded)) if called else np.zeros(len(loaded), np.int64)
    else:
        text = f"is of {type(loaded).__name__}, but a service takes a trace of requests"
        raise BadInputError(text, loaded.name)
    times = _times(loaded, settings)
    requests = Requests(times, keys, loaded.sizes, loaded.ttls, getattr(loaded, "operations", None))
    workers = workers_of(requests, settings, clients)
    seconds, drawn = pass_seconds(times), loaded.times is None
    return Incoming(loaded, requests, workers, settings.processes, seconds, drawn)


def workers_of(
    requests: Requests, settings: ServiceSettings, clients: npt.ArrayLike | None = None
) -> Workers:
    """Return the worker of each request, uint16 of shape (requests,).

    Args:
        requests: In order of time.
        settings: With `spread`, and for ``sticky`` the number of clients.
        clients: Whose each request is, int64 of shape (requests,); drawn where not given.

    Raises:
        BadInputError: If `clients` has another length, or the spread is not ``sticky``.
    """
    count, processes = len(requests), np.uint64(settings.processes)
    if clients is not None and settings.spread != "sticky":
        text = f"apply to the spread sticky, which is {settings.spread}"
        raise BadInputError(text, "clients")
    if processes == 1 and clients is None:
        return np.zeros(count, np.uint16)
    if settings.spread == "round_robin":
        return (np.arange(count, dtype=np.uint32) % np.uint32(processes)).astype(np.uint16)
    if settings.spread == "key_hash":
        asking = requests.keys
    elif clients is None:
        draw = np.random.default_rng(settings.seed)
        asking = draw.integers(0, settings.clients, count)
    else:
        given = np.asarray(clients)
        if given.dtype.kind not in "iu":
            raise BadInputError("must be whole numbers, one per request", "clients")
        asking = given.astype(np.int64)
        if asking.shape != (count,):
            text = f"has {asking.size} values, but there are {counted(count, 'request')}"
            raise BadInputError(text, "clients")
    hashed = (asking.astype(np.uint64) * _SPREAD) >> np.uint64(32)
    return (hashed % processes).astype(np.uint16)


def _times(workload: Any, settings: ServiceSettings) -> Floats:
    """Return when requests come, in seconds from the first on.

    Raises:
        BadInputError: If neither the workload nor a rate says that.
    """
    rate, times = settings.request_rate, workload.times
    if times is None:
        return _at_random(workload, rate, settings.seed)
    since: Floats = times - times[0]
    if rate is not None:
        since *= (len(workload) / rate) / pass_seconds(times)
    return since


def _at_random(workload: Any, rate: float | None, seed: int) -> Floats:
    if rate is None:
        text = (
            "has no times, so nothing says when its requests come; set request_rate, such as "
            "request_rate = 500, or take a workload with times"
        )
        raise BadInputError(text, workload.name)
    gaps = np.random.default_rng(seed).exponential(1.0 / rate, len(workload))
    gaps[0] = 0.0
    return np.cumsum(gaps, out=gaps)
