"""`Flow`: each request's way through the stages of a service, exact and in order of time."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from perflab.bench.passing import requests_at
from perflab.bench.registry import load_bench
from perflab.bench.stage import Passed, Place, Requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perflab.bench.stage import PoolStage
    from perflab.modelling.prediction import Costs
    from perflab.service.incoming import Incoming, Workers
    from perflab.service.service import Service, ServiceStage

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class StageFlow:
    """What came to a stage, and what became of it, over all processes.

    Attributes:
        stage: The stage.
        came: Which of the service's requests came, int64, in order of time.
        passed: What became of them; `origins` are places in `came`.
        memory_bytes: Of each process at the end; of what is shared, one; of a pool, none.
    """

    stage: ServiceStage
    came: Places
    passed: Passed
    memory_bytes: tuple[float, ...]

    @property
    def goes_on(self) -> Places:
        """Which of the service's requests it passes on, int64, in order of time."""
        on: Places = self.came[self.passed.origins]
        return on


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Flow:
    """The requests of a service on their way.

    Attributes:
        incoming: What came.
        stages: In order.
        latencies: Seconds from arrival to answer of each request, float64: the waits of all
            stages that it met, and what is behind the last one. One that fails takes its waits.
        failed: Whether a pool gave each request no connection, bool.
    """

    incoming: Incoming
    stages: tuple[StageFlow, ...]
    latencies: Floats
    failed: npt.NDArray[np.bool_]


def flow_through(service: Service, incoming: Incoming, costs: Mapping[str, Costs]) -> Flow:
    """Return the flow of requests through a service.

    Each stage gets what the one before it passes on, at the times at which that does; what a
    worker's own stage gets is what came to this worker. Answers do not feed back: a request comes
    when it comes, however long others take.

    Args:
        service: The stages.
        incoming: The requests.
        costs: By the name of each stage's bench, what its model is told.

    Raises:
        BadInputError: If a stage cannot answer.
    """
    came: Places = np.arange(len(incoming.requests))
    requests, workers = incoming.requests, incoming.workers
    latencies, failed = np.zeros(len(came)), np.zeros(len(came), np.bool_)
    found: list[StageFlow] = []
    for stage in service.stages:
        told, processes = costs[stage.bench], incoming.processes
        if stage.place is Place.POOL:
            shared = service.settings.pgbouncer_connections
            passed = _through_pools(stage, requests, workers, processes, told, shared)
            memory: tuple[float, ...] = ()
        elif stage.place is Place.PROCESS and processes > 1:
            passed, memory = _by_worker(stage, requests, workers, processes, told)
        else:
            passed = _forward(stage, requests, told)
            memory = (passed.memory_bytes,)
        here = StageFlow(stage, came, passed, memory)
        found.append(here)
        latencies[came] += passed.waits
        if stage.place is Place.POOL:
            lost = np.ones(len(came), np.bool_)
            lost[passed.origins] = False
            failed[came[lost]] = True
        came, requests, workers = here.goes_on, passed.requests, workers[passed.origins]
    behind = found[-1].passed.loads
    if behind is not None:
        latencies[came] += behind
    return Flow(incoming, tuple(found), latencies, failed)


def _forward(stage: ServiceStage, requests: Requests, costs: Costs) -> Passed:
    of = load_bench(stage.bench).stage
    assert of is not None  # noqa: S101  (refused where the service is made)
    return of.forward(requests, stage.settings, costs)


def _through_pools(
    stage: ServiceStage,
    requests: Requests,
    workers: Workers,
    processes: int,
    costs: Costs,
    shared: int | None,
) -> Passed:
    """Return what the pools of all workers pass on."""
    if processes == 1 and shared is None:
        return _forward(stage, requests, costs)
    of = cast("PoolStage[Any]", load_bench(stage.bench).stage)
    return of.forward_pools(requests, workers, processes, stage.settings, costs, shared)


def _by_worker(
    stage: ServiceStage, requests: Requests, workers: Workers, processes: int, costs: Costs
) -> tuple[Passed, tuple[float, ...]]:
    """Return what the caches of all workers pass on together, and the memory of each."""
    order = np.argsort(workers, kind="stable")
    ends = np.cumsum(np.bincount(workers, minlength=processes))
    groups = np.split(order, ends[:-1])

    def forward(group: Places) -> Passed:
        return _forward(stage, requests_at(requests, group), costs)

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        parts = list(threads.map(forward, groups))
    return _together(requests, groups, parts), tuple(part.memory_bytes for part in parts)


def _together(requests: Requests, groups: Sequence[Places], parts: Sequence[Passed]) -> Passed:
    """Return what the caches of workers pass on as one, in order of time.

    A cache passes on at the time at which a request came, so that places are in its order.
    """
    waits, entries = np.empty(len(requests)), np.empty(len(requests), np.int64)
    behind = np.zeros(len(requests))
    on = np.zeros(len(requests), np.bool_)
    for group, part in zip(groups, parts, strict=True):
        waits[group], entries[group] = part.waits, part.entries
        places = group[part.origins]
        on[places] = True
        if part.loads is not None:
            behind[places] = part.loads
    origins = np.flatnonzero(on)
    return Passed(requests_at(requests, origins), origins, waits, entries, loads=behind[origins])
