"""`Flows`: each request's way through the stages of a service, exact and in order of time."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from perflab.bench.passing import requests_at
from perflab.bench.registry import load_bench
from perflab.bench.stage import Passed, Place, Requests
from perflab.errors import BadInputError
from perflab.modelling.kept_answers import KeptAnswers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perflab.bench.stage import PoolStage
    from perflab.modelling.prediction import Costs
    from perflab.service.incoming import Incoming, Workers
    from perflab.service.layout import ServiceLayout, ServiceStage

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
_Key = tuple[object, ...]
_Parts = list[tuple[Places, Requests]]
"""Of each worker, the places of its requests among those that came, and these."""
_MOST_KEPT = 150_000_000
"""So many numbers of 8 bytes are kept for all stages together."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class StageFlow:
    """What came to a stage, and what became of it, over all processes.

    Attributes:
        stage: The stage.
        came: Which of the service's requests came, int64, in order of time.
        passed: What became of them; `origins` are places in `came`.
        memory_bytes: Of each process at the end; of what is shared, one; of a pool, none.
        goes_on: Which of the service's requests it passes on, int64, in order of time.
    """

    stage: ServiceStage
    came: Places
    passed: Passed
    memory_bytes: tuple[float, ...]
    goes_on: Places = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "goes_on", self.came[self.passed.origins])


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


class Flows:
    """Flows of the same requests through services that differ in the settings of their stages.

    What came to a stage and what it passed on is kept: a service that differs in its pool alone
    goes through the pool alone.

    Args:
        incoming: The requests, with their workers.
        costs: By the name of each stage's bench, what its model is told.
    """

    def __init__(self, incoming: Incoming, costs: Mapping[str, Costs]) -> None:
        self.incoming = incoming
        self.costs = costs
        self._kept: KeptAnswers[_Key, StageFlow] = KeptAnswers(_MOST_KEPT, _weight)
        self._parts: KeptAnswers[_Key, _Parts] = KeptAnswers(1)

    def through(self, service: ServiceLayout, costs: Mapping[str, Costs] | None = None) -> Flow:
        """Return the flow through a service.

        Each stage gets what the one before it passes on, at the times at which that does; what a
        worker's own stage gets is what came to this worker. Answers do not feed back: a request
        comes when it comes, however long others take.

        Args:
            service: With as many workers as the requests were spread over.
            costs: Where those of the stages follow from their settings; else those of all.

        Raises:
            BadInputError: If a stage cannot answer.
        """
        count = len(self.incoming.requests)
        latencies, failed = np.zeros(count), np.zeros(count, np.bool_)
        found: list[StageFlow] = []
        for place, stage in enumerate(service.stages):
            before = found[-1] if found else None
            shared = service.settings.pgbouncer_connections if stage.place is Place.POOL else None
            front = service.stages[:place]
            told = (costs or self.costs)[stage.bench]
            compute = partial(self._stage, stage, before, front, shared, told)
            try:
                here = self._kept.answer((*front, stage, shared), compute)
            except BadInputError as error:
                where = f"{stage.bench}.{error.place}" if error.place else stage.bench
                raise BadInputError(error.message, where) from None
            found.append(here)
            passed = here.passed
            if len(here.came) == count:
                latencies += passed.waits
            else:
                latencies[here.came] += passed.waits
            if stage.place is Place.POOL:
                lost = np.ones(len(here.came), np.bool_)
                lost[passed.origins] = False
                failed[here.came[lost]] = True
        behind = found[-1].passed.loads
        if behind is not None:
            latencies[found[-1].goes_on] += behind
        return Flow(self.incoming, tuple(found), latencies, failed)

    def _stage(
        self,
        stage: ServiceStage,
        before: StageFlow | None,
        front: _Key,
        shared: int | None,
        costs: Costs,
    ) -> StageFlow:
        incoming = self.incoming
        if before is None:
            came, requests = np.arange(len(incoming.requests)), incoming.requests
        else:
            came, requests = before.goes_on, before.passed.requests
        processes = incoming.processes
        workers = incoming.workers if before is None else incoming.workers[came]
        if stage.place is Place.POOL:
            passed = _through_pools(stage, requests, workers, processes, costs, shared)
            return StageFlow(stage, came, passed, ())
        if stage.place is Place.PROCESS and processes > 1:
            made = partial(_parted, requests, workers, processes)
            parts = self._parts.answer(front, made)
            return StageFlow(stage, came, *_by_worker(stage, requests, parts, costs))
        passed = _forward(stage, requests, costs)
        return StageFlow(stage, came, passed, (passed.memory_bytes,))


def _weight(here: StageFlow) -> int:
    """Return about how many numbers a stage's flow holds."""
    return 3 * len(here.came) + 6 * len(here.passed.origins)


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


def _parted(requests: Requests, workers: Workers, processes: int) -> _Parts:
    """Return of each worker the places of its requests, and these."""
    order = np.argsort(workers, kind="stable")
    ends = np.cumsum(np.bincount(workers, minlength=processes))
    groups = np.split(order, ends[:-1])
    return [(group, requests_at(requests, group)) for group in groups]


def _by_worker(
    stage: ServiceStage, requests: Requests, parts: _Parts, costs: Costs
) -> tuple[Passed, tuple[float, ...]]:
    """Return what the caches of all workers pass on together, and the memory of each."""

    def forward(part: tuple[Places, Requests]) -> Passed:
        return _forward(stage, part[1], costs)

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        found = list(threads.map(forward, parts))
    groups = [group for group, _ in parts]
    return _together(requests, groups, found), tuple(each.memory_bytes for each in found)


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
