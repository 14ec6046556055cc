"""`perflab tune`: the settings to ship, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.cli.cluster import Scheduler, executor_at
from perflab.cli.consent import agree
from perflab.cli.errors import BROKEN_LIMIT, INTERRUPTED
from perflab.cli.inputs import prepare_kernels, read_workload, reading_of
from perflab.cli.options import (
    Columns,
    Force,
    Format,
    Json,
    LogFormat,
    NoHeader,
    Out,
    Pattern,
    Separator,
    Set,
    ShowProgress,
    TimeUnit,
    Workload,
    Yes,
    parse_seconds,
)
from perflab.cli.output import (
    hand_over,
    notes,
    progress,
    table,
    tell_interrupted,
    value_text,
    without_result,
    workload_line,
)
from perflab.cli.project import (
    Profile,
    Project,
    agree_to_backend,
    check_output_of,
    input_of,
    read_given,
)
from perflab.cli.service.playing import find_survival
from perflab.cli.service.reading import SERVICE, Asked, refuse_for_service
from perflab.cli.service.tuning import tune_service

if TYPE_CHECKING:
    from perflab.tuning.recommendation import Recommendation

_EXAMPLES = """\b
Examples:
  perflab tune cache --limit 'memory_bytes<=1MiB'
  perflab tune cache --objective min:latency_seconds_mean --set max_cache_size=500
  perflab tune cache --workload trace.parquet --live --budget 2m --out best.json
  perflab tune service --limit 'memory_bytes<=4GiB' --limit 'most_connections<=400'
  perflab tune cache --workload trace.parquet --scheduler tcp://10.0.0.1:8786
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "tune", short_help="Recommend settings to ship, with the reason.", epilog=_EXAMPLES
    )(tune)


def tune(
    pattern: Pattern = None,
    workload: Workload = None,
    format_: Format = None,
    columns: Columns = None,
    log_format: LogFormat = None,
    time_unit: TimeUnit = None,
    separator: Separator = None,
    no_header: NoHeader = False,
    objective: Annotated[
        str | None,
        typer.Option(
            metavar="max:METRIC|min:METRIC",
            help="What to optimize; the pattern's own if not given.",
            autocompletion=completion.objectives,
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="LIMIT", help="A constraint: 'memory_bytes<=512MiB'."),
    ] = None,
    set_: Set = None,
    project: Project = None,
    profile: Profile = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="Run the recommended settings, the present ones and the next best in turns until "
            "it is decided which are better, and recommend those.",
        ),
    ] = False,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Time for all turns of --live: 60s (as where not given), 5m."
        ),
    ] = None,
    turn: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Duration of one turn of --live: 1s (as where not given), 10s."
        ),
    ] = None,
    fleet: Annotated[
        bool,
        typer.Option(
            "--fleet",
            help="Of a service: size the pools of its processes within max_connections, beside a "
            "PgBouncer, at all replicas and in a deploy.",
        ),
    ] = False,
    survive: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:at=60s,...]",
            help="Of a service: find the smallest change of one stage's size with which it "
            "survives redis-down, deploy, traffic, slow-database, slow-call, key-version, crawler, "
            "or a name of the file; several happen together.",
            autocompletion=completion.scenarios,
        ),
    ] = None,
    scheduler: Scheduler = None,
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
    yes: Yes = False,
    show: ShowProgress = None,
) -> None:
    """Recommend the smallest settings that are good enough, with the reason in words.

    With --live the settings are also run in turns. Ctrl-C ends these early, with what was measured
    until then and exit status 130.

    With 'service' in place of a pattern, split a budget of memory and connections over the stages
    of the table [service] of a perflab.toml: --limit 'memory_bytes<=4GiB' bounds all caches
    together, --limit 'most_connections<=400' all pools. Exit status 1: nothing survives --survive.
    """
    if pattern == SERVICE:
        refuse_for_service({"--live": live, "--budget": budget, "--turn": turn})
        refuse_for_service({"--scheduler": scheduler})
        reading = reading_of(columns, log_format, time_unit, separator, no_header)
        from_options = (workload, format_, reading)
        asked = Asked(from_options, set_, project, profile, out, show, as_json, force)
        _tune_service(asked, objective, limit, survive, fleet=fleet)
        return
    _refuse_alone("a service", {"--fleet": fleet or None, "--survive": survive or None})
    if not live:
        _refuse_alone("--live", {"--budget": budget, "--turn": turn})
    seconds = parse_seconds(budget or "60s", "--budget")
    turn_seconds = parse_seconds(turn or "1s", "--turn")
    from perflab.lab.alerts import parse_condition
    from perflab.lab.outputs import check_outputs
    from perflab.tuning.objective import parse_objective

    given = read_given(pattern, set_, project, profile)
    bench, settings = given.bench, given.settings
    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    source = input_of(given, workload, format_, reading, yes=yes)
    check_output_of(out, source[0], given, force=force)
    if not limit and given.file is not None:
        limit = list(given.file.section.limits or ())
    parse_objective(objective, bench.tuning.objective)
    for text in limit or ():
        parse_condition(text)
    if live:
        check_outputs(bench, bench.read(settings)[0], source[0], result=out, force=force)
    loaded = read_workload(source[0], show, *source[1:], bench, settings)
    from perflab.tuning import recommend
    from perflab.tuning.sweep import live_bounds

    if live:
        agree_to_backend(given, yes)
        checked = bench.read(settings)[0]
        sweep = bench.tuning_sweep(bench.workload_for(checked, loaded), checked)
        for bounds in live_bounds(sweep, settings):
            agree(bench, bounds, yes)
    prepare_kernels(show, loaded)

    with (
        executor_at(scheduler) as executor,
        progress("tuning", " points", show) as report,
        progress("turns", " s", show) as report_turns,
        without_result(),
    ):
        result = recommend.tune(
            bench.identity.pattern,
            loaded,
            objective,
            limit,
            executor,
            live,
            settings=settings,
            progress=report,
            force=force,
            budget=seconds,
            turn=turn_seconds,
            turn_progress=report_turns,
        )
    hand_over(result, write_recommendation, as_json=as_json, out=out, force=force)
    if result.turns is not None and result.turns["ended"] == "interrupted":
        tell_interrupted(out)
        raise typer.Exit(INTERRUPTED)


def _tune_service(
    asked: Asked,
    objective: str | None,
    limits: list[str] | None,
    survive: list[str] | None,
    *,
    fleet: bool,
) -> None:
    """Split a budget, size the pools of a fleet, or find what survives.

    Raises:
        Exit: With status 1 where nothing survives.
    """
    if not survive:
        tune_service(asked, objective, limits, fleet=fleet)
        return
    others = {"--objective": objective, "--limit": limits, "--fleet": fleet or None}
    _refuse_alone("a budget, not to --survive", others)
    if not find_survival(asked, survive):
        raise typer.Exit(BROKEN_LIMIT)


def _refuse_alone(applies_to: str, options: Mapping[str, object]) -> None:
    """Refuse options that were given and apply to something else.

    Raises:
        BadParameter: With the first of them.
    """
    for option, value in options.items():
        if value is not None:
            raise typer.BadParameter(f"applies only to {applies_to}", param_hint=option)


def write_recommendation(result: Recommendation) -> str:
    """Return a recommendation as text for a terminal: settings, metrics, reason."""
    from perflab.bench.registry import load_bench

    bench = load_bench(result.pattern)
    goal = ", ".join((result.objective, *result.limits))
    on = workload_line(result.workload, bench, (result.before, result.settings))
    changed = [key for key in result.settings if result.settings[key] != result.before.get(key)]
    lines = [
        f"{bench.identity.title}, tuned for {goal} on {on}",
        "",
        result.reason,
        "",
        *_turns(result),
    ]
    if changed:
        rows = [("setting", "now", "recommended")]
        for key in changed:
            info = bench.info(key)
            now, then = result.before.get(key), result.settings[key]
            rows.append((key, value_text(info, now), value_text(info, then)))
        lines += [table(rows), ""]
    else:
        kept = "Keep the settings as they are." if result.unreached else "Nothing to change."
        lines += [kept, ""]
    lines.append(table(_metric_rows(result)))
    for other in result.alternatives:
        values = ", ".join(
            f"{key}={value_text(bench.info(key), value)}"
            for key, value in other["settings"].items()
            if value != result.before.get(key)
        )
        lines += ["", f"Also: {other['name']}: {values or 'as now'}. {other['reason']}"]
    if result.sensitivity:
        changes = [(f"with {other['name']}", other["reason"]) for other in result.sensitivity]
        lines += ["", table([("change", "effect"), *changes], left=(0, 1))]
    said = [*result.workload.get("notes", ()), *result.notes]
    if said:
        lines += ["", notes(said)]
    return "\n".join(lines)


def _turns(result: Recommendation) -> list[str]:
    """Return what came of turns, unless the reason has it already, and a row for each contender."""
    if result.turns is None:
        return []
    from perflab.instrumentation.catalog import metric
    from perflab.tuning.turns.table import HEADS, row_of

    said = result.turns["outcome"]
    lines = [] if said in result.reason else [said, ""]
    name = result.turns["metric"]
    heads = [head.format(metric=metric(name).label) for head in HEADS]
    rows = [row_of(contender, name) for contender in result.turns["contenders"]]
    return [*lines, table([heads, *rows], left=(0, 1)), ""]


def _metric_rows(result: Recommendation) -> list[tuple[str, ...]]:
    from perflab.bench.registry import load_bench
    from perflab.instrumentation.catalog import metric

    rows: list[tuple[str, ...]] = [("metric", "now", "recommended", "change")]
    if result.measured:
        rows = [(*rows[0], "measured")]
    for name in load_bench(result.pattern).display.headline:
        before, after = result.before_metrics.get(name), result.metrics.get(name)
        if before is None or after is None:
            continue
        info = metric(name)
        change = info.difference(before, after)
        row = (info.label, info.format(before), info.format(after), change)
        rows.append((*row, info.format(result.measured.get(name))) if result.measured else row)
    return rows
