"""The sections of a service's chapter: its chain, scenarios, budget, fleet, run and settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perflab.bench.registry import load_bench
from perflab.charts.service.chain import chain_picture
from perflab.charts.service.shares import share_picture
from perflab.charts.service.sheet import Drawn
from perflab.charts.service.time_line import time_line
from perflab.instrumentation.catalog import metric
from perflab.reports.blocks import Block, Cell, Code, Column, Figure, Points, Section, Table, Text
from perflab.reports.service.kinds import ServiceResult, of_kind
from perflab.reports.service.outcomes import outcomes_of
from perflab.reports.svg import svg_of
from perflab.reports.wording import sentence
from perflab.service.budget import Budget
from perflab.service.fleet import Fleet
from perflab.service.live.result import ServiceRun
from perflab.service.prediction import ServicePrediction
from perflab.service.scenarios.outcome import ScenarioOutcome
from perflab.service.scenarios.survive import Survival
from perflab.service.service import Service
from perflab.units import in_words

_STAGE = (
    *("requests_per_second", "hit_rate", "passed_per_second", "wait_seconds_mean"),
    *("wait_seconds_p99", "latency_share", "memory_bytes", "connections", "errors"),
)
_RUN = (
    *("latency_seconds_mean", "latency_seconds_p50", "latency_seconds_p95", "latency_seconds_p99"),
    *("hit_rate_process", "hit_rate_shared", "database_per_second"),
    *("wait_seconds_mean", "service_seconds_mean", "errors"),
)
_FLEET = ("wait_seconds_p99", "errors")
_SPLIT = ("latency_seconds_mean", "latency_seconds_p99", "hit_rate", "database_per_second")


def service_sections(results: Sequence[ServiceResult]) -> tuple[Section, ...]:
    """Return all sections that the results have something for, those to decide by first."""
    found = (
        Section("chain", "The chain", tuple(_chain(of_kind(results, ServicePrediction)))),
        Section("scenarios", "What happens when", tuple(_scenarios(results))),
        Section("run", "Predicted beside measured", tuple(_runs(of_kind(results, ServiceRun)))),
        Section("budget", "Where more pays", tuple(_budgets(of_kind(results, Budget)))),
        Section("fleet", "Connections of the fleet", tuple(_fleets(of_kind(results, Fleet)))),
        Section("paste", "Settings to paste", tuple(_exports(results))),
        Section("notes", "What to know", tuple(_notes(results))),
    )
    return tuple(section for section in found if section.blocks)


def _figure(name: str, title: str, drawn: Drawn) -> Figure:
    return Figure(name, title, drawn.words, svg_of(drawn.figure, name), wide=True)


def _chain(predictions: Sequence[ServicePrediction]) -> Iterator[Block]:
    for number, prediction in enumerate(predictions[-1:], 1):
        yield _figure("chain", "Load from stage to stage", chain_picture(prediction))
        yield _figure("shares", "Share of the mean latency", share_picture(prediction))
        names = [name for name in _STAGE if any(name in row.metrics for row in prediction.stages)]
        columns = (
            Column("stage", "Stage"),
            *(Column(name, metric(name).label, numeric=True) for name in names),
        )
        rows = tuple(
            (
                Cell(row.title, row.stage),
                *(_cell(name, row.metrics.get(name)) for name in names),
            )
            for row in prediction.stages
        )
        yield Table(f"stages-{number}", "Stage by stage, predicted", columns, rows)


def _cell(name: str, value: float | None) -> Cell:
    return Cell("" if value is None else metric(name).format(value), value)


def _scenarios(results: Sequence[ServiceResult]) -> Iterator[Block]:
    for number, (title, outcome, found) in enumerate(outcomes_of(results), 1):
        yield Text(f"{title}: {outcome.verdict}")
        yield _figure(f"scenario-{number}", title, time_line(outcome))
        yield _numbers(outcome, title, number)
        if found is not None:
            yield Text(found.advice)
            if found.ways:
                yield _ways(found, number)


def _numbers(outcome: ScenarioOutcome, title: str, number: int) -> Table:
    columns = (
        Column("what", "Metric"),
        Column("calm", "On a calm day", numeric=True),
        Column("then", "Then", numeric=True),
    )
    rows = tuple(tuple(Cell(text, text) for text in row) for row in outcome.table())
    return Table(f"scenario-{number}", f"{title}, in numbers", columns, rows)


def _ways(found: Survival, number: int) -> Table:
    columns = (
        Column("setting", "Setting"),
        Column("before", "Now", numeric=True),
        Column("after", "Survives from", numeric=True),
        Column("most", "Tried up to", numeric=True),
        Column("bound", "Why no more was tried"),
    )
    rows = tuple(
        (
            *(Cell(text, text) for text in (way.key, way.before)),
            *(Cell(text, text) for text in (way.after or "no value", way.most, way.bound)),
        )
        for way in found.ways
    )
    return Table(f"survives-{number}", "What survives", columns, rows)


def _runs(runs: Sequence[ServiceRun]) -> Iterator[Block]:
    for number, run in enumerate(runs, 1):
        columns = (
            Column("metric", "Metric"),
            Column("predicted", "Predicted before", numeric=True),
            Column("refitted", "Refitted", numeric=True),
            Column("measured", "Measured", numeric=True),
        )
        rows = tuple(
            (
                Cell(metric(name).label, name),
                *(_cell(name, found.get(name)) for found in (run.predicted, run.fitted)),
                _cell(name, run.metrics[name]),
            )
            for name in _RUN
            if name in run.metrics
        )
        note = f"Scenario: {run.scenario}." if run.scenario else ""
        yield Table(f"run-{number}", "Over the same requests", columns, rows, note)
        if run.events:
            said = (f"{in_words(e['seconds'], 'seconds')}: {e['words']}" for e in run.events)
            yield Points(tuple(said))


def _budgets(budgets: Sequence[Budget]) -> Iterator[Block]:
    for number, budget in enumerate(budgets, 1):
        yield Text(budget.reason)
        names = [name for name in _SPLIT if name in budget.metrics]
        columns = (
            Column("what", "Split"),
            Column("memory_bytes", "Memory of all caches", numeric=True),
            Column("connections", "Connections per pool", numeric=True),
            *(Column(name, metric(name).label, numeric=True) for name in names),
        )
        points = (budget.chosen, *budget.next_steps)
        rows = tuple(
            (
                Cell(point.name, point.name),
                Cell(in_words(point.total_bytes, "bytes"), point.total_bytes),
                Cell(in_words(point.connections, ""), point.connections),
                *(_cell(name, point.metrics.get(name)) for name in names),
            )
            for point in points
        )
        yield Table(f"budget-{number}", "The split, and one step more", columns, rows)


def _fleets(fleets: Sequence[Fleet]) -> Iterator[Block]:
    for number, fleet in enumerate(fleets, 1):
        yield Text(sentence(fleet.reason))
        if fleet.warnings:
            yield Points(tuple(sentence(text) for text in fleet.warnings))
        columns = (
            Column("replicas", "Replicas", numeric=True),
            Column("way", "Connected"),
            Column("per_process", "Per process", numeric=True),
            Column("connections", "At the database", numeric=True),
            Column("deploying", "In a deploy", numeric=True),
            *(Column(name, metric(name).label, numeric=True) for name in _FLEET),
        )
        rows = tuple(
            (
                Cell(in_words(row.replicas, ""), row.replicas),
                Cell("PgBouncer" if row.way == "pgbouncer" else "directly", row.way),
                Cell(in_words(row.per_process, ""), row.per_process),
                Cell(in_words(row.connections, ""), row.connections),
                Cell(in_words(row.deploying, ""), row.deploying, "" if row.fits else "worse"),
                *(_cell(name, row.metrics.get(name)) for name in _FLEET),
            )
            for row in fleet.rows
        )
        yield Table(f"fleet-{number}", "Pools of all processes", columns, rows)


def _exports(results: Sequence[ServiceResult]) -> Iterator[Block]:
    """Yield the settings of every stage as its bench gives them to paste."""
    budgets, predictions = of_kind(results, Budget), of_kind(results, ServicePrediction)
    if not budgets and not predictions:
        return
    # Of several, those that the sections above show last.
    which = "These are the settings of the last prediction, whose chain is above."
    if budgets:
        which = "These are the settings that the last budget recommends."
    yield Text(which)
    last = (budgets or predictions)[-1]
    service = Service.from_mapping(last.settings)
    for stage in service.stages:
        bench = load_bench(stage.bench)
        exports = bench.exports(stage.settings, bench.read({})[1], last.workload["name"])
        for export in list(exports)[:1]:
            yield Code(f"{bench.identity.title}: {export.title}", export.language, export.text)


def _notes(results: Sequence[ServiceResult]) -> Iterator[Block]:
    said = dict.fromkeys(text for result in results for text in getattr(result, "remarks", ()))
    if said:
        yield Points(tuple(said))
