"""`Flows`: each request's way through the stages of a service, exact and in order of time."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from perflab.bench.passing import requests_at
from perflab.bench.registry import load_bench
from perflab.bench.stage import Passed, Place, Requests
from perflab.errors import BadInputError
from perflab.kernels.chain.chain import failed as chain_failed
from perflab.modelling.kept_answers import KeptAnswers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perflab.bench.stage import PoolStage
    from perflab.kernels.chain.flights import ChainAnswers
    from perflab.modelling.prediction import Costs
    from perflab.service.incoming import Incoming, Workers
    from perflab.service.layout import ServiceLayout, ServiceStage
    from perflab.service.scenarios.windows import Windows

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
_Key = tuple[object, ...]
_Parts = list[tuple[Places, Requests]]
"""Of each worker, the places of its requests among those that came, and these."""
_MOST_CALM = 100
_MOST_KEPT = 1_200_000_000
"""So many bytes are kept for all stages together."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class StageFlow:
    """What came to a stage, and what became of it, over all processes.

    Attributes:
        stage: The stage.
        came: Which of the service's requests came, int64, in order of time.
        passed: What became of them; `origins` are places in `came`.
        memory_bytes: Of each process at the end; of what is shared, one; of what holds no entries,
            none.
        goes_on: Which of the service's requests it passes on, int64, in order of time.
        latencies: Seconds that each of the service's requests has waited up to here and in here,
            float64, what is behind not included; not to be written to.
    """

    stage: ServiceStage
    came: Places
    passed: Passed
    memory_bytes: tuple[float, ...]
    goes_on: Places
    latencies: Floats


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Flow:
    """The requests of a service on their way.

    Attributes:
        incoming: What came.
        stages: In order.
        latencies: Seconds from arrival to answer of each request, float64: the waits of all
            stages that it met, and what is behind the last one. One that fails takes its waits.
            Behind a client in front they are those of a chain whose answers feed back.
        failed: Whether a pool gave each request no connection, or its calls or the client in front
            gave it up, bool.
        fed_back: What became of them in that chain; none without a client in front.
        total_seconds: All latencies together.
    """

    incoming: Incoming
    stages: tuple[StageFlow, ...]
    latencies: Floats
    failed: npt.NDArray[np.bool_]
    fed_back: ChainAnswers | None = None
    total_seconds: float = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total_seconds", float(self.latencies.sum()))


class Flows:
    """Flows of the same requests through services that differ in the settings of their stages.

    What came to a stage and what it passed on is kept: a service that differs in its pool alone
    goes through the pool alone.

    Args:
        incoming: The requests, with their workers.
        costs: By the name of each stage's bench, what its model is told.

    Attributes:
        calm: What the same requests do where answers feed back and nothing happens, by service;
            who plays scenarios keeps it here.
    """

    def __init__(self, incoming: Incoming, costs: Mapping[str, Costs]) -> None:
        self.incoming = incoming
        self.costs = costs
        self._kept: KeptAnswers[_Key, StageFlow] = KeptAnswers(_MOST_KEPT, _weight)
        self._parts: KeptAnswers[_Key, _Parts] = KeptAnswers(1)
        self._chains: KeptAnswers[_Key, ChainAnswers] = KeptAnswers(1)
        self.calm: KeptAnswers[_Key, Windows] = KeptAnswers(_MOST_CALM)

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
        failed = np.zeros(len(self.incoming.requests), np.bool_)
        found: list[StageFlow] = []
        for place, stage in enumerate(service.stages):
            before = found[-1] if found else None
            shared = service.settings.pgbouncer_connections if stage.place is Place.POOL else None
            # What a client in front lets in, and when, depends on all that is behind it.
            whole = (service.stages, service.settings) if service.front else ()
            front = (*whole, *service.stages[:place])
            told = (costs or self.costs)[stage.bench]
            compute = partial(self._stage, stage, before, front, shared, told)
            if stage.place is Place.FRONT:
                compute = partial(let_in, stage, self.incoming, self._fronted(service))
            try:
                here = self._kept.answer((*front, stage, shared), compute)
            except BadInputError as error:
                where = f"{stage.bench}.{error.place}" if error.place else stage.bench
                raise BadInputError(error.message, where) from None
            found.append(here)
            lossy = here.stage.place in (Place.CALL, Place.POOL)
            if lossy and len(here.goes_on) < len(here.came):
                lost = np.ones(len(here.came), np.bool_)
                lost[here.passed.origins] = False
                failed[here.came[lost]] = True
        last = found[-1]
        latencies = last.latencies
        if last.passed.loads is not None:
            latencies = _added(latencies, last.goes_on, last.passed.loads)
        answers = None
        if service.front:
            answers = self._fronted(service)
            latencies = answers.ends - self.incoming.requests.times
            failed = chain_failed(answers.answers)
        return Flow(self.incoming, tuple(found), latencies, failed, answers)

    def _fronted(self, service: ServiceLayout) -> ChainAnswers:
        """Return what becomes of requests that a client lets in as others are answered."""
        from perflab.service.scenarios.feedback import chain_of

        def compute() -> ChainAnswers:
            return chain_of(service, self.incoming, self).follow(self.incoming, [])

        return self._chains.answer((service.stages, service.settings), compute)

    def _stage(
        self,
        stage: ServiceStage,
        before: StageFlow | None,
        front: _Key,
        shared: int | None,
        costs: Costs,
    ) -> StageFlow:
        requests = self.incoming.requests if before is None else before.passed.requests
        passed, memory = self._passed(stage, before, requests, front, shared, costs)
        if before is None:
            every = self._every
            return StageFlow(stage, every, passed, memory, passed.origins, passed.waits)
        came = before.goes_on
        latencies = _added(before.latencies, came, passed.waits)
        return StageFlow(stage, came, passed, memory, came[passed.origins], latencies)

    @cached_property
    def _every(self) -> Places:
        return np.arange(len(self.incoming.requests))

    def _passed(
        self,
        stage: ServiceStage,
        before: StageFlow | None,
        requests: Requests,
        front: _Key,
        shared: int | None,
        costs: Costs,
    ) -> tuple[Passed, tuple[float, ...]]:
        """Return what a stage passes on, and the memory of each process."""
        processes, place = self.incoming.processes, stage.place
        lossy = place in (Place.CALL, Place.POOL)
        if place is Place.SHARED or (processes == 1 and shared is None):
            passed = _forward(stage, requests, costs)
            return passed, () if lossy else (passed.memory_bytes,)
        workers = self.incoming.workers
        workers = workers if before is None else workers[before.goes_on]
        if lossy:
            of = cast("PoolStage[Any]", load_bench(stage.bench).stage)
            told = (requests, workers, processes, stage.settings, costs, shared)
            return of.forward_pools(*told), ()
        parts = self._parts.answer(front, partial(_parted, requests, workers, processes))
        return _by_worker(stage, requests, parts, costs)


def let_in(stage: ServiceStage, incoming: Incoming, answers: ChainAnswers) -> StageFlow:
    """Return the flow through a client in front: all requests, when each is first let in."""
    requests, count = incoming.requests, len(incoming.requests)
    times = requests.times if answers.let_in is None else answers.let_in
    every = np.arange(count)
    under_way = every + 1 - np.searchsorted(np.sort(answers.ends), times, side="right")
    waits = times - requests.times
    passed = Passed(dataclasses.replace(requests, times=times), every, waits, under_way)
    return StageFlow(stage, every, passed, (), every, waits)


def _weight(here: StageFlow) -> int:
    """Return the bytes that a stage's flow holds, beside what came to it."""
    passed, on = here.passed, here.passed.requests
    columns: list[npt.NDArray[Any] | None] = [
        *(here.latencies, here.goes_on, passed.origins, passed.waits, passed.entries),
        *(passed.loads, on.times, on.keys, on.sizes, on.ttls, on.operations),
    ]
    return sum({id(each): each.nbytes for each in columns if each is not None}.values())


def _added(latencies: Floats, places: Places, more: Floats) -> Floats:
    """Return latencies with more at some places; no place is there twice."""
    found = latencies.copy()
    found[places] += more
    return found


def _forward(stage: ServiceStage, requests: Requests, costs: Costs) -> Passed:
    of = load_bench(stage.bench).stage
    assert of is not None  # noqa: S101  (refused where the service is made)
    return of.forward(requests, stage.settings, costs)


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
    waits, entries = np.empty(len(requests)), np.empty(len(requests), np.int32)
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
