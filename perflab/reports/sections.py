"""The sections of a report, in the order in which a reader wants them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from perflab.bench import AnyBench
from perflab.errors import BadInputError
from perflab.lab.run import Run
from perflab.lab.which_is_off import which_is_off_in
from perflab.reports import (
    agreement,
    details,
    facts,
    figures,
    maps,
    measured,
    observed,
    over_time,
    tables,
)
from perflab.reports.blocks import Block, Code, Figure, Heading, Points, Section, Table, Text
from perflab.reports.events import events_table
from perflab.reports.report_scope import AnyResult, ReportScope, pattern_settings
from perflab.reports.reproduce import reproduce
from perflab.reports.trade_off import trade_off
from perflab.reports.turns import turns_blocks
from perflab.reports.verdict import objective_text
from perflab.reports.wording import sentence
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation
from perflab.units import percent, rounded


def sections_of(
    bench: AnyBench, scope: ReportScope, results: Sequence[AnyResult]
) -> tuple[Section, ...]:
    """Return all sections that the results have something for, those to decide by first."""
    runs = [result for result in results if isinstance(result, Run)]
    labelled = [(f"run {n}" if len(runs) > 1 else "the run", run) for n, run in enumerate(runs, 1)]
    found = (
        _measured(bench, scope, labelled),
        _events(bench, labelled),
        _recommendation(bench, scope),
        _what_if(bench, scope, results),
        _paste(bench, scope, results),
        _live(bench, labelled),
        _details(bench, labelled, results),
        _settings(bench, scope),
        _workload(results),
        _origin(results),
        _reproduce(results),
    )
    return tuple(section for section in found if section.blocks)


def _recommendation(bench: AnyBench, scope: ReportScope) -> Section:
    blocks: list[Block] = []
    recommendation = scope.recommendation
    if recommendation is not None:
        blocks.append(Text(sentence(recommendation.reason)))
        kept = ", ".join(recommendation.limits) or "none"
        blocks.append(Text(f"Objective: {objective_text(scope)}. Constraints: {kept}."))
        blocks += _present(tables.alternatives_table(bench, recommendation))
        blocks += _present(trade_off(bench, recommendation))
        blocks += _present(tables.sensitivity_table(bench, recommendation))
    blocks += _present(tables.effect_table(bench, scope))
    title = "Recommendation" if recommendation is not None else "What changed"
    return Section("recommendation", title, tuple(blocks))


def _what_if(bench: AnyBench, scope: ReportScope, results: Sequence[AnyResult]) -> Section:
    curves = figures.curves_of(bench, scope, results)
    elsewhere = observed.observed_in(scope, results)
    blocks: list[Block] = [*figures.curve_figures(bench, scope, curves, elsewhere)]
    drawn = maps.maps_of(bench, scope, results)
    blocks += maps.map_figures(bench, scope, drawn)
    blocks += _present(figures.standing_text(bench, scope, curves))
    histories = over_time.histories_in(bench, scope, results)
    blocks += over_time.time_figures(bench, scope, histories)
    blocks += _present(over_time.time_text(bench, scope, histories))
    blocks += figures.curve_tables(bench, scope, curves)
    blocks += maps.map_tables(bench, drawn)
    blocks += _present(over_time.time_table(bench, scope, histories))
    blocks += _present(observed.observed_table(bench, elsewhere))
    return Section("what-if", "What if", tuple(blocks))


def _measured(bench: AnyBench, scope: ReportScope, runs: Sequence[tuple[str, Run]]) -> Section:
    blocks: list[Block] = []
    if any(run.fitted for _, run in runs):
        blocks.append(
            Text(
                "The prediction from the calibration, made before a run, tells what to expect. The"
                " refitted one, from the run's own arrivals and service times, tells whether the"
                " model is right: where only the first is off, the calibration does not fit this"
                " load."
            )
        )
    for number, (label, run) in enumerate(runs, 1):
        title = label.capitalize() if len(runs) > 1 else "Over the same requests"
        said = which_is_off_in(run, bench)
        blocks += [Text(f"{label.capitalize()}: {said}" if len(runs) > 1 else said)] if said else []
        blocks += _present(agreement.agreement_figure(bench, run, label, number))
        blocks += _present(measured.measured_table(bench, run, f"measured-{number}", title))
    recommendation = scope.recommendation
    if recommendation is not None and recommendation.measured:
        blocks += turns_blocks(recommendation.turns)
        blocks += _present(measured.recommended_table(bench, recommendation))
    return Section("measured", "Predicted beside measured", tuple(blocks))


def _settings(bench: AnyBench, scope: ReportScope) -> Section:
    known = scope.before is not None
    return Section(
        "settings",
        "Settings before and after" if known else "Settings",
        (
            tables.settings_table(bench, scope, load=False),
            tables.settings_table(bench, scope, load=True),
        ),
    )


def _paste(bench: AnyBench, scope: ReportScope, results: Sequence[AnyResult]) -> Section:
    settings, load = bench.read(scope.ship.settings)
    shown = pattern_settings(bench, scope.ship.settings)
    as_json = Code("JSON", "json", json.dumps(shown, indent=2))
    try:
        bench.live.check(settings, load)
    except BadInputError as error:
        return Section("paste", "Ready to paste", (Text(sentence(str(error))), as_json))
    workload = str((scope.recommendation or results[-1]).workload.get("name", ""))
    exports = bench.exports(settings, load, workload)
    codes = [Code(export.title, export.language, export.text) for export in exports]
    return Section("paste", "Ready to paste", (*codes, as_json))


def _events(bench: AnyBench, runs: Sequence[tuple[str, Run]]) -> Section:
    return Section("events", "Events", tuple(_present(events_table(bench, runs))))


def _live(bench: AnyBench, runs: Sequence[tuple[str, Run]]) -> Section:
    blocks: list[Block] = []
    if runs:
        blocks.append(measured.runs_table(bench, runs))
    for number, (label, run) in enumerate(runs, 1):
        drawn = figures.live_figures(bench, run, label, number)
        blocks += [Heading(label.capitalize()), *drawn] if drawn and len(runs) > 1 else drawn
        blocks += _present(figures.live_table(bench, run, label, number))
    return Section("live", "Live runs" if len(runs) > 1 else "Live run", tuple(blocks))


def _details(
    bench: AnyBench, runs: Sequence[tuple[str, Run]], results: Sequence[AnyResult]
) -> Section:
    blocks = [
        *_present(details.percentiles_table(bench, runs)),
        *_present(details.failures_table(bench, runs)),
        *details.requests_tables(results),
        *details.urls_tables(runs),
    ]
    what = "URLs" if any(run.by_url for _, run in runs) else "keys"
    return Section("details", f"Percentiles, failures and {what}", tuple(blocks))


def _workload(results: Sequence[AnyResult]) -> Section:
    found = facts.workloads(results)
    blocks: list[Block] = []
    if len(found) > 1:
        blocks.append(Text("The results are of different workloads: compare them with care."))
    for number, workload in enumerate(found, 1):
        name = "workload" if len(found) == 1 else f"workload-{number}"
        blocks.append(facts.workload_table(workload, name))
        replayed = facts.replay_notes(results, workload.get("fingerprint"))
        said = [*(workload.get("notes") or ()), *replayed]
        notes = tuple(sentence(str(note)) for note in said)
        blocks += [Points(notes)] if notes else []
    return Section("workload", "Workload", tuple(blocks))


def _origin(results: Sequence[AnyResult]) -> Section:
    """Say what all of it rests on: calibration, environment, and what a reader must know."""
    blocks: list[Block] = []
    notes: dict[str, None] = {}
    for result in results:
        said = [note for note in facts.said_of(result) if note and not facts.is_of_replay(note)]
        notes.update(dict.fromkeys(sentence(str(note)) for note in said))
        notes.update(dict.fromkeys(_exactness(result)))
    if notes:
        blocks.append(Points(tuple(notes)))
    for field, found, make in (
        (
            "calibration",
            facts.calibrations(results),
            facts.calibration_table,
        ),
        ("environment", facts.environments(results), facts.environment_table),
    ):
        for number, values in enumerate(found, 1):
            words = facts.described(values) if field == "calibration" else ""
            blocks += [Text(sentence(words))] if words else []
            blocks.append(make(values, field if len(found) == 1 else f"{field}-{number}"))
    return Section("basis", "Notes and environment", tuple(blocks))


def _exactness(result: AnyResult) -> list[str]:
    """Say how exact predictions from a sample are; nothing of exact ones."""
    points = result.points if isinstance(result, Predictions) else ()
    sampled = [point for point in points if (point.get("sampled") or 1.0) < 1.0]
    if not sampled:
        return []
    share = min(point["sampled"] for point in sampled)
    error = max(point.get("error") or 0.0 for point in sampled)
    off = f"exact to {rounded(error)} either way at worst"
    return [f"Predicted from {percent(share)} of the keys; {off}."]


def _reproduce(results: Sequence[AnyResult]) -> Section:
    blocks: list[Block] = [Code("Shell", "sh", reproduce(results))]
    runs = [result for result in results if isinstance(result, Run)]
    if any(change.get("settings") for run in runs for change in run.changes):
        blocks.append(Text("Settings were changed during a run; its command has the last ones."))
    if any(isinstance(result, Recommendation) for result in results):
        blocks.append(Text("Times depend on the machine; hit counts are the same on any."))
    return Section("reproduce", "Reproduce", tuple(blocks))


def _present(block: Table | Text | Figure | None) -> list[Block]:
    return [block] if block is not None else []
