"""A service as a chain whose answers feed back: single flight, stampedes, timeouts, retries."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from perflab import kernels
from perflab.bench.linked import Around, Linked, LinkedStage
from perflab.bench.registry import load_bench
from perflab.bench.stage import Place, Requests
from perflab.errors import BadInputError
from perflab.kernels.chain.chain import chain
from perflab.kernels.chain.flights import ChainAnswers, Happening, Links
from perflab.modelling.key_share import share_of_keys
from perflab.operations import ACTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perflab.modelling.prediction import Costs
    from perflab.service.incoming import Incoming
    from perflab.service.layout import ServiceLayout
    from perflab.service.scenarios.base import Happenings


class Followed(Protocol):
    """What a chain must know of how requests flow without feedback."""

    costs: Mapping[str, Costs]
    """By the name of each stage's bench."""

    def through(self, service: ServiceLayout) -> Any:
        """Return the `Flow` through a service."""


@dataclasses.dataclass(frozen=True, slots=True)
class Chain:
    """A service that is ready to be followed.

    Attributes:
        service: The service.
        links: Of all stages.
        linked: What each stage said.
        single_flight: Whether loads of one key are one.
    """

    service: ServiceLayout
    links: Links
    linked: tuple[Linked, ...]
    single_flight: str

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the chain takes otherwise than the stages are."""
        return tuple(remark for linked in self.linked for remark in linked.remarks)

    def follow(self, came: Incoming, happenings: Happenings) -> ChainAnswers:
        """Return what becomes of each request.

        Args:
            came: The requests; there may be fewer or more than the chain was made for.
            happenings: What happens to the stages.
        """
        ids, known = kernels.bounded_ids(came.requests.keys)
        drawn = [linked for linked in self.linked if linked.services is not None]
        services, factors = np.zeros(0), None
        if drawn:
            services, factors = cast("Any", drawn[-1].services), drawn[-1].factors
            if len(services) != len(ids):
                services = np.resize(services, len(ids))
        return chain(
            *(came.requests.times, ids, known, came.workers, came.processes, services),
            self.links,
            single_flight=self.single_flight,
            operations=came.requests.operations,
            ttls=as_loaded(came.requests).ttls,
            factors=() if factors is None else factors,
            happenings=self.noticed(happenings),
            **self._calls(came),
        )

    def behind(self, found: ChainAnswers) -> ChainAnswers:
        """Return answers whose `starts` are those of what is asked last: calls, without a pool.

        Args:
            found: As `follow` returns it.
        """
        last = self.service.stages[-1].place
        if last is not Place.CALL or found.called is None:
            return found
        return found._replace(starts=np.where(found.called > 0, found.ends - found.called, np.nan))

    def _calls(self, came: Incoming) -> dict[str, Any]:
        """Return what a chain is told of calls and of a client in front; nothing without them."""
        found: dict[str, Any] = {}
        for linked in self.linked:
            if linked.chances is not None:
                found["chances"] = linked.chances
            if linked.call_seconds is not None:
                found["call_seconds"] = linked.call_seconds
                found["calls"] = share_of_keys(came.requests.keys, linked.call_share)
        return found

    def noticed(self, happenings: Happenings) -> Happenings:
        """Return what happens, a server's return when clients notice it.

        They try it in steps from its end on: a breaker lets one caller through each time.
        """
        step = max(linked.tries_every for linked in self.linked)
        found: Happenings = []
        died = 0.0
        for when, kind, value in sorted(happenings, key=lambda each: each[0]):
            at = when
            if kind is Happening.REMOTE_DOWN:
                died = when
            elif kind is Happening.REMOTE_UP and step > 0:
                at = died + step * math.ceil((when - died) / step)
            found.append((at, kind, value))
        return found


def as_loaded(requests: Requests) -> Requests:
    """Return requests with the lifetime that each gives an entry, as caches by themselves do.

    A miss loads its key with the lifetime that was last written for it; where nothing was, with
    its own.

    Args:
        requests: In order of time; with operations and lifetimes, or returned as they are.
    """
    if requests.operations is None or requests.ttls is None:
        return requests
    ids, known = kernels.dense_ids(requests.keys)
    acts = np.array(ACTS["recorded"], np.uint8)[requests.operations]
    _, lifetimes = kernels.resolved(ids, len(known), acts, None, requests.ttls)
    return dataclasses.replace(requests, ttls=lifetimes)


def chain_of(service: ServiceLayout, came: Incoming, flows: Followed, *, retries: int = 0) -> Chain:
    """Return a service as a chain.

    Args:
        service: The service: at most one cache in each worker, one that all share, calls and a
            pool, and a client before all of them.
        came: What comes to it on a calm day.
        flows: How that flows without feedback, and the costs.
        retries: How often a request that got no connection is tried again.

    Raises:
        BadInputError: If a stage cannot be a link, or there are two caches of one kind.
    """
    sizes, requests = came.requests.sizes, came.requests
    ids = kernels.dense_ids(requests.keys)[1]
    flow = flows.through(service.without_front())
    found: list[Linked] = []
    places: list[Place] = []
    came_to = [len(requests)] if service.front else []
    came_to += [len(here.came) for here in flow.stages]
    for stage, count in zip(service.stages, came_to, strict=True):
        of = load_bench(stage.bench).stage
        if stage.place in places:
            raise BadInputError("a scenario knows one cache of each worker", stage.bench)
        if not hasattr(of, "linked"):
            raise BadInputError("cannot be a stage of a scenario yet", stage.bench)
        around = Around(
            requests=len(requests),
            keys=len(ids),
            value_bytes=0.0 if sizes is None else float(sizes.mean()),
            rate=max(count, 1) / came.seconds,
            processes=came.processes,
            shared=service.settings.pgbouncer_connections,
            seed=service.settings.seed,
        )
        told = cast("LinkedStage[Any]", of).linked(around, stage.settings, flows.costs[stage.bench])
        found.append(told)
        places.append(stage.place)
    if all(linked.services is None for linked in found) and Place.CALL not in places:
        found.append(_behind(flow))
    flights = [linked.single_flight for linked in found if linked.single_flight]
    fields: dict[str, Any] = {}
    for linked in found:
        fields |= linked.links
    flight = "service" if "service" in flights else flights[0] if flights else "none"
    return Chain(service, Links(**fields, retries=retries), tuple(found), flight)


def _behind(flow: Any) -> Linked:
    """Return what is behind the last cache of a service without a pool: its calibrated loads."""
    loads = flow.stages[-1].passed.loads
    if loads is None or not len(loads):
        loads = np.zeros(1)
    return Linked({}, services=loads)
