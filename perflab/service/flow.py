"""`Flow`: each request's way through the stages of a service, exact and in order of time."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perflab.bench.passing import requests_at
from perflab.bench.registry import load_bench
from perflab.bench.stage import Passed, Place, Requests

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        memory_bytes: Of each process at the end; of what is shared, one.
        connections: Open at the end, of each process; of what is shared, one.
    """

    stage: ServiceStage
    came: Places
    passed: Passed
    memory_bytes: tuple[float, ...]
    connections: tuple[int, ...]

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
        told = costs[stage.bench]
        if stage.place is Place.SHARED or incoming.processes == 1:
            parts = [_forward(stage, requests, told)]
            passed = parts[0]
        else:
            passed, parts = _by_worker(stage, requests, workers, incoming.processes, told)
        memory = tuple(part.memory_bytes for part in parts)
        here = StageFlow(stage, came, passed, memory, tuple(part.connections for part in parts))
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


def _by_worker(
    stage: ServiceStage, requests: Requests, workers: Workers, processes: int, costs: Costs
) -> tuple[Passed, list[Passed]]:
    """Return what all workers pass on together, and each by itself."""
    order = np.argsort(workers, kind="stable")
    ends = np.cumsum(np.bincount(workers, minlength=processes))
    groups = np.split(order, ends[:-1])

    def forward(group: Places) -> Passed:
        return _forward(stage, requests_at(requests, group), costs)

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        parts = list(threads.map(forward, groups))
    return _together(stage, requests, groups, parts), parts


def _together(
    stage: ServiceStage, requests: Requests, groups: Sequence[Places], parts: Sequence[Passed]
) -> Passed:
    """Return what workers pass on as one, in order of time."""
    waits, entries = np.empty(len(requests)), np.empty(len(requests), np.int64)
    for group, part in zip(groups, parts, strict=True):
        waits[group], entries[group] = part.waits, part.entries
    both = list(zip(groups, parts, strict=True))
    origins = np.concatenate([group[part.origins] for group, part in both])
    known = [
        part.loads if part.loads is not None else np.zeros(len(part.origins)) for part in parts
    ]
    loads = np.concatenate(known)
    if stage.place is Place.POOL:
        times = np.concatenate([part.requests.times for part in parts])
        order = np.argsort(times, kind="stable")
        on = dataclasses.replace(requests_at(requests, origins[order]), times=times[order])
    else:
        # A cache passes on at the time at which a request came, so that places are in its order.
        order = np.argsort(origins)
        on = requests_at(requests, origins[order])
    return Passed(on, origins[order], waits, entries, loads=loads[order])
