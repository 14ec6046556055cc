"""`Node`: a box of the chain, with what is written at it, from the prediction of a service."""

from __future__ import annotations

import dataclasses

from perflab.bench.stage import Place
from perflab.charts.style import COLOURS, QUIET
from perflab.service import Service, ServicePrediction, StageRow
from perflab.service.connections import Connections, connections_of
from perflab.service.prediction import DATABASE
from perflab.units import counted, grouped, in_words, percent, rounded

CLIENTS = "Clients"
BACKEND = "Backend"
_LESS_THAN_ALL = 0.0005
"""A smaller share of the latency is that of rounding."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fact:
    """A number at a box.

    Attributes:
        label: What it is.
        value: In words, with its unit.
        bad: Whether it is one that a reader must not miss.
    """

    label: str
    value: str
    bad: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """A box of the chain.

    Attributes:
        title: What it is called.
        aside: How many of it there are.
        colour: Of its edge, the same in all pictures of a service.
        facts: What is written at it.
        load: Requests per second that come to it; none for the clients.
    """

    title: str
    aside: str
    colour: str
    facts: tuple[Fact, ...]
    load: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """A stage's part of the latency.

    Attributes:
        title: The stage's.
        colour: The same as of its box.
        share: Of the mean latency, from 0 to 1.
    """

    title: str
    colour: str
    share: float


def nodes_of(prediction: ServicePrediction) -> list[Node]:
    """Return the boxes of the chain from left to right: clients, stages, what is behind them."""
    service = Service.from_mapping(prediction.settings)
    connections = connections_of(service)
    nodes = [_clients(prediction)]
    behind = prediction.metrics["database_per_second"]
    for number, row in enumerate(prediction.stages):
        if row.stage == DATABASE:
            nodes.append(_database(row, connections, _colour(number), behind))
            continue
        stage = service.stage(row.stage)
        place = Place.SHARED if stage is None else stage.place
        aside = "one for all workers"
        if place is not Place.SHARED:
            aside = f"× {counted(service.settings.processes, 'worker')}"
        if place is Place.FRONT:
            aside = "before all workers"
        load, facts = row.metrics["requests_per_second"], _facts(row, place, connections)
        nodes.append(Node(row.title, aside, _colour(number), facts, load))
    if prediction.stages[-1].stage != DATABASE:
        nodes.append(Node(BACKEND, "", QUIET, (), behind))
    return nodes


def shares_of(prediction: ServicePrediction) -> list[Share]:
    """Return each stage's share of the mean latency; what is behind the last one by itself."""
    found = [
        Share(row.title, _colour(number), row.metrics["latency_share"])
        for number, row in enumerate(prediction.stages)
    ]
    rest = 1.0 - sum(each.share for each in found)
    return [*found, Share(BACKEND, QUIET, rest)] if rest > _LESS_THAN_ALL else found


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _clients(prediction: ServicePrediction) -> Node:
    found = prediction.metrics
    facts = [
        Fact(name, in_words(found[f"latency_seconds_{name}"], "seconds"))
        for name in ("mean", "p95", "p99")
    ]
    if found["errors"]:
        facts.append(Fact("fail", percent(found["error_share"]), bad=True))
    return Node(CLIENTS, "latency", QUIET, tuple(facts))


def _facts(row: StageRow, place: Place, connections: Connections) -> tuple[Fact, ...]:
    if place is Place.POOL:
        return _pool(row, connections)
    return _client(row) if place in (Place.FRONT, Place.CALL) else _cache(row)


def _cache(row: StageRow) -> tuple[Fact, ...]:
    found = row.metrics
    facts = [Fact("hit rate", percent(found["hit_rate"])), _wait(row)]
    facts.append(Fact("memory", in_words(found["memory_bytes"], "bytes")))
    return tuple(facts)


def _pool(row: StageRow, connections: Connections) -> tuple[Fact, ...]:
    found, allowed = row.metrics, connections.allowed
    facts = [_wait(row), Fact("p95 wait", in_words(found.get("wait_seconds_p95"), "seconds"))]
    most = grouped(connections.most)
    over = allowed is not None and connections.most > allowed
    text = most if allowed is None else f"{most} of {grouped(allowed)}"
    facts.append(Fact("PgBouncer" if connections.pooled else "connections", text, bad=over))
    if found["errors"]:
        facts.append(Fact("give up", grouped(found["errors"]), bad=True))
    return tuple(facts)


def _client(row: StageRow) -> tuple[Fact, ...]:
    found = row.metrics
    facts = [_wait(row), Fact("p95", in_words(found.get("wait_seconds_p95"), "seconds"))]
    if "calls_per_second" in found:
        facts.append(Fact("calls", in_words(found["calls_per_second"], "1/s")))
    if found["errors"]:
        facts.append(Fact("fail", grouped(found["errors"]), bad=True))
    return tuple(facts)


def _wait(row: StageRow) -> Fact:
    return Fact("wait", in_words(row.metrics.get("wait_seconds_mean"), "seconds"))


def _database(row: StageRow, connections: Connections, colour: str, load: float) -> Node:
    found, most = row.metrics, connections.most
    facts = (
        Fact("service time", in_words(found.get("service_seconds_mean"), "seconds")),
        Fact("in use", f"{rounded(found['in_use'])} of {grouped(most)}"),
        Fact("utilisation", percent(found["in_use"] / most)),
    )
    return Node(row.title, "", colour, facts, load)
