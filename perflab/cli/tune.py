"""`perflab tune`: the settings to ship, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.cli.cluster import Scheduler, executor_at
from perflab.cli.consent import agree
from perflab.cli.inputs import prepare_kernels, read_pattern, read_workload
from perflab.cli.options import (
    Columns,
    Force,
    Format,
    Json,
    Out,
    Pattern,
    Set,
    ShowProgress,
    Workload,
    Yes,
    check_out,
)
from perflab.cli.output import hand_over, notes, progress, table, value_text, workload_line

if TYPE_CHECKING:
    from perflab.tuning.recommendation import Recommendation

_EXAMPLES = """\b
Examples:
  perflab tune cache --limit 'memory_bytes<=1MiB'
  perflab tune cache --objective min:latency_seconds_mean --set max_cache_size=500
  perflab tune cache --workload trace.parquet --live --out best.json
  perflab tune cache --workload trace.parquet --scheduler tcp://10.0.0.1:8786
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "tune", short_help="Recommend settings to ship, with the reason.", epilog=_EXAMPLES
    )(tune)


def tune(
    pattern: Pattern,
    workload: Workload = None,
    format_: Format = None,
    columns: Columns = None,
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
    live: Annotated[
        bool, typer.Option("--live", help="Run the recommended settings and show the measurements.")
    ] = False,
    scheduler: Scheduler = None,
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
    yes: Yes = False,
    show: ShowProgress = None,
) -> None:
    """Recommend the smallest settings that are good enough, with the reason in words."""
    check_out(out, workload, set_, force=force)
    from perflab.lab.alerts import parse_condition
    from perflab.lab.outputs import check_outputs
    from perflab.tuning.objective import parse_objective

    bench, settings = read_pattern(pattern, set_)
    parse_objective(objective, bench.tuning.objective)
    for text in limit or ():
        parse_condition(text)
    if live:
        check_outputs(bench, bench.read(settings)[0], workload, result=out, force=force)
    trace = read_workload(workload, show, format_, columns, bench, settings)
    from perflab.tuning import recommend

    if live:
        most = recommend.most_of(bench.tuning_sweep(trace, bench.read(settings)[0]), settings)
        agree(bench, most, yes)
    prepare_kernels(show)

    with executor_at(scheduler) as executor, progress("tuning", " points", show) as report:
        result = recommend.tune(
            pattern,
            trace,
            objective,
            limit,
            executor,
            live,
            settings=settings,
            progress=report,
            force=force,
        )
    hand_over(result, write_recommendation, as_json=as_json, out=out, force=force)


def write_recommendation(result: Recommendation) -> str:
    """Return a recommendation as text for a terminal: settings, metrics, reason."""
    from perflab.bench.registry import load_bench

    bench = load_bench(result.pattern)
    goal = ", ".join((result.objective, *result.limits))
    changed = [key for key in result.settings if result.settings[key] != result.before.get(key)]
    lines = [
        f"{bench.identity.title}, tuned for {goal} on {workload_line(result.workload)}",
        "",
        result.reason,
        "",
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
    said = [*result.workload.get("notes", ()), *result.notes]
    if said:
        lines += ["", notes(said)]
    return "\n".join(lines)


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
