"""From what workers have measured to answers of a chain, its costs, and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.bench.passing import requests_at
from perflab.bench.stage import CACHES, Place, Requests
from perflab.kernels.chain.chain import failed
from perflab.kernels.chain.flights import Answer, ChainAnswers
from perflab.modelling.key_share import share_of_keys
from perflab.modelling.prediction import Metrics
from perflab.operations import Operation
from perflab.service.live.job import WorkerDone
from perflab.units import counted, grouped

if TYPE_CHECKING:
    from perflab.service.incoming import Incoming
    from perflab.service.scenarios.feedback import Chain

Floats = npt.NDArray[np.float64]

_ANSWERS = {
    Place.PROCESS: Answer.LOCAL,
    Place.SHARED: Answer.REMOTE,
    Place.CALL: Answer.DATABASE,
    Place.POOL: Answer.DATABASE,
}
_FAILURES = (0, Answer.TIMED_OUT, Answer.REFUSED, Answer.TIMED_OUT, Answer.CALL_FAILED)
_NO_CONNECTION = (1, 2)
"""How a row of a worker says that its request timed out, or was refused."""
_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


class Measured(NamedTuple):
    """What a run has measured of the requests that were done, in order of time.

    Attributes:
        places: Which of the service's requests, int64 of shape (n,).
        times: When they came, seconds.
        found: What became of them.
        late: Seconds from when each was due until a thread began it.
        own: Seconds that each stage itself took, float64 of shape (n, stages); NaN where it was
            not asked.
        deepest: The last stage that each asked, int64.
    """

    places: npt.NDArray[np.int64]
    times: Floats
    found: ChainAnswers
    late: Floats
    own: Floats
    deepest: npt.NDArray[np.int64]


def measured_of(
    done: Sequence[WorkerDone], requests: Requests, places: Sequence[Place]
) -> Measured:
    """Return what all workers have measured together, each request once.

    Where a process has done requests that the one which took over from it did, too, those of the
    later one count.

    Args:
        done: What each process said, those of one worker in their order.
        requests: The service's.
        places: Of the stages, in order.
    """
    rows = np.concatenate([each.rows for each in done])
    own = np.concatenate([each.own for each in done])
    order = np.argsort(rows[:, 0], kind="stable")
    last = order[np.diff(rows[order, 0], append=np.inf) > 0]
    rows, own = rows[last], own[last]
    which, deepest = rows[:, 0].astype(np.int64), rows[:, 3].astype(np.int64)
    behind = [*(_ANSWERS[place] for place in places), Answer.DATABASE]
    answers = np.array(behind, np.uint8)[deepest]
    if requests.operations is not None:
        acts = requests.operations[which]
        written = np.where(acts == Operation.WRITE, Answer.DATABASE, Answer.WRITTEN)
        answers = np.where(acts == Operation.GET, answers, written)
    lost = rows[:, 4].astype(np.int64)
    answers = np.where(lost > 0, np.array(_FAILURES, np.uint8)[lost], answers)
    due, waits = requests.times[which], rows[:, 5]
    if Place.POOL in places:
        # Who got no connection has no query to note its wait with: it is all of its time there.
        unserved = np.isin(lost, _NO_CONNECTION)
        waits = np.where(unserved, own[:, places.index(Place.POOL)], waits)
    found = ChainAnswers(
        rows[:, 2],
        answers.astype(np.uint8),
        np.nan_to_num(waits),
        rows[:, 6],
        rows[:, 7],
        (~np.isnan(waits)).astype(np.int32),
    )
    return Measured(which, due, found, rows[:, 1] - due, own, deepest)


def unevenly_done(
    done: Sequence[WorkerDone], measured: Measured, expected: int | None
) -> list[str]:
    """Return what a reader must know of requests that were not done once each.

    Args:
        done: What each process said.
        measured: The same together.
        expected: How many requests came; none where the run was ended early.
    """
    once = len(measured.places)
    twice, said = sum(len(each.rows) for each in done) - once, []
    if twice:
        said.append(
            f"{counted(twice, 'request')} {_was(twice)} done twice, as a process was told too late "
            "that another takes over from it; what the latter measured counts"
        )
    missed = 0 if expected is None else expected - once
    if missed:
        came = counted(once + missed, "request")
        said.append(f"{grouped(missed)} of {came} {_was(missed)} done by no worker")
    return said


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def counting_calls(measured: Measured, ready: Chain, came: Incoming) -> Measured:
    """Return what was measured, with calls that nothing is behind as what is asked last.

    Args:
        measured: What was measured.
        ready: The service.
        came: All of its requests.
    """
    if ready.service.stages[-1].place is not Place.CALL:
        return measured
    own, requests = measured.own[:, -1], requests_at(came.requests, measured.places)
    made = share_of_keys(requests.keys, ready.linked[-1].call_share) & ~np.isnan(own)
    if requests.operations is not None:
        made &= requests.operations == Operation.GET
    found = measured.found._replace(called=np.where(made, own, 0.0))
    return measured._replace(found=ready.behind(found))


def found_idle(
    measured: Measured, workers: npt.NDArray[np.integer], connections: int
) -> npt.NDArray[np.bool_]:
    """Return which requests found an idle connection in the pool of their worker.

    Args:
        measured: What was measured.
        workers: The worker of each request, of shape (n,).
        connections: That the pool of each worker may open.
    """
    found = measured.found
    idle = np.zeros(len(found.ends), np.bool_)
    sent = ~np.isnan(found.starts)
    for worker in np.unique(workers):
        here = np.flatnonzero(sent & (workers == worker))
        begun = found.starts[here]
        asked = begun - found.waits[here]
        busy = np.searchsorted(np.sort(begun), asked, side="left")
        busy -= np.searchsorted(np.sort(begun + found.services[here]), asked, side="right")
        idle[here[busy < connections]] = True
    return idle


def metrics_of(
    times: Floats,
    found: ChainAnswers,
    places: Sequence[Place],
    reads: npt.NDArray[np.bool_] | None = None,
) -> Metrics:
    """Return the metrics of a run through a chain, measured or not; latencies are of all requests.

    Args:
        times: When requests came, seconds.
        found: What became of them.
        places: Of the stages.
        reads: Which of them are lookups; all where not given.
    """
    lost = failed(found.answers)
    latencies, span = found.ends - times, max(float(times[-1] - times[0]), 1e-9)
    result: Metrics = {
        "requests": float(len(times)),
        "latency_seconds_mean": float(latencies.mean()),
        "errors": float(np.count_nonzero(lost)),
    }
    quantiles = kernels.quantiles_of(latencies, tuple(_SHARES.values()))
    for name, value in zip(_SHARES, quantiles, strict=True):
        result[f"latency_seconds_{name}"] = float(value)
    asked = len(times) if reads is None else int(np.count_nonzero(reads))
    for number, place in enumerate(place for place in places if place in CACHES):
        # Who joined another's load did so in the first cache.
        which = [_ANSWERS[place]] + ([] if number else [Answer.JOINED])
        here = int(np.count_nonzero(np.isin(found.answers, which)))
        result[f"hit_rate_{place.name.lower()}"] = here / max(asked, 1)
        asked -= here
    begun = ~np.isnan(found.starts)
    result["database_per_second"] = float(np.count_nonzero(begun)) / span
    queried = ~np.isnan(found.services)
    if queried.any():
        result["service_seconds_mean"] = float(found.services[queried].mean())
        tried = found.tries > 0
        result["wait_seconds_mean"] = float(found.waits[tried].mean())
    return result
