"""`perflab predict`: what the model says, at one point or over a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.cli.cluster import Scheduler, executor_at
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
    parse_sweep,
)
from perflab.cli.output import (
    fitting,
    hand_over,
    notes,
    progress,
    table,
    value_text,
    without_result,
    workload_line,
)
from perflab.cli.project import Profile, Project, check_output_of, input_of, read_given
from perflab.cli.service.playing import play_scenario
from perflab.cli.service.predicting import predict_service
from perflab.cli.service.reading import SERVICE, Asked, refuse_for_service
from perflab.units import percent

if TYPE_CHECKING:
    from perflab.instrumentation.catalog import MetricInfo
    from perflab.tuning.points import Point
    from perflab.tuning.predictions import Predictions

_EXAMPLES = """\b
Examples:
  perflab predict cache --set max_cache_size=2k
  perflab predict cache --sweep policy=lru,fifo,sieve,opt --sweep max_cache_size=100,1k,10k
  perflab predict service --scenario redis-down:at=60s,seconds=20s
  perflab predict service --set redis_cache.maxmemory=256MiB --set workers=8
  perflab predict cache --workload trace.csv --sweep ttl_seconds=1m..1d*12 --out sweep.json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "predict", short_help="Predict the effect of settings, without a run.", epilog=_EXAMPLES
    )(predict)


def predict(
    pattern: Pattern = None,
    workload: Workload = None,
    format_: Format = None,
    columns: Columns = None,
    log_format: LogFormat = None,
    time_unit: TimeUnit = None,
    separator: Separator = None,
    no_header: NoHeader = False,
    set_: Set = None,
    project: Project = None,
    profile: Profile = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=A,B,C",
            help="Values of a setting, or a range such as max_cache_size=10..10k*8 (8 values, "
            "evenly on its scale); of several keys the cross product.",
            autocompletion=completion.swept_values,
        ),
    ] = None,
    sample: Annotated[
        float | None,
        typer.Option(metavar="R", help="Share of the keys to sample; exact if not given."),
    ] = None,
    sampling: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD",
            help="How keys are drawn with --sample: stratified (by how often they are requested) "
            "or spatial (by their hashes, as SHARDS).",
        ),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:at=60s,...]",
            help="With 'service': what happens, and what becomes of the service then: redis-down, "
            "deploy, traffic, slow-database, slow-call, key-version, crawler, or a name of the "
            "file; several happen together.",
            autocompletion=completion.scenarios,
        ),
    ] = None,
    scheduler: Scheduler = None,
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
    show: ShowProgress = None,
) -> None:
    """Predict at once what settings would do, without running anything.

    With 'service' in place of a pattern, predict the whole service that the table [service] of a
    perflab.toml describes; --set takes KEY=VALUE of the service and STAGE.KEY=VALUE of a stage.
    """
    if pattern == SERVICE:
        refuse_for_service({"--sweep": sweep, "--sampling": sampling, "--scheduler": scheduler})
        reading = reading_of(columns, log_format, time_unit, separator, no_header)
        source = (workload, format_, reading)
        asked = Asked(source, set_, project, profile, out, show, as_json, force)
        if not scenario:
            predict_service(asked, sample)
        else:
            refuse_for_service({"--sample": sample})
            play_scenario(asked, scenario)
        return
    if scenario:
        raise typer.BadParameter("applies only to 'service'", param_hint="--scenario")
    from perflab.tuning.sweep import predictions

    given = read_given(pattern, set_, project, profile)
    bench, settings = given.bench, given.settings
    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    source = input_of(given, workload, format_, reading)
    check_output_of(out, source[0], given, force=force)
    axes = parse_sweep(bench, sweep, settings)
    loaded = read_workload(source[0], show, *source[1:], bench, settings)
    prepare_kernels(show, loaded)
    with (
        executor_at(scheduler) as executor,
        progress("predicting", " points", show) as report,
        without_result(),
    ):
        result = predictions(
            bench.identity.pattern,
            loaded,
            settings,
            axes,
            sample,
            executor,
            progress=report,
            sampling=sampling,
        )
    hand_over(result, write_predictions, as_json=as_json, out=out, force=force)


def write_predictions(result: Predictions) -> str:
    """Return predictions as text for a terminal."""
    from perflab.bench.registry import load_bench
    from perflab.instrumentation.catalog import metric

    bench = load_bench(result.pattern)
    known = result.points[0]["metrics"]
    metrics = [name for name in bench.display.headline if name in known]
    looked_at = [point["settings"] for point in result.points]
    on = workload_line(result.workload, bench, looked_at)
    lines = [f"{bench.identity.title}, predicted on {on}", ""]
    left_out = 0
    if len(result.points) == 1:
        lines.append(_one_point(result.points[0], metrics, metric(bench.tuning.objective.metric)))
    else:
        rows, left_out = fitting(_many_points(result, metrics), len(result.swept))
        words = [i for i, key in enumerate(result.swept) if bench.info(key).kind is str]
        lines.append(table(rows, words))
    remarks = [*result.workload.get("notes", ()), *result.remarks]
    if left_out:
        remarks.append(f"{left_out} more columns in a wider terminal, and in --json")
    if remarks:
        lines += ["", notes(remarks)]
    return "\n".join(lines)


def _one_point(point: Point, metrics: list[str], info: MetricInfo) -> str:
    from perflab.instrumentation.catalog import metric

    rows = [("metric", "predicted")]
    rows += [(metric(name).label, metric(name).format(point["metrics"][name])) for name in metrics]
    if point["sampled"] < 1:
        rows.append(("share of keys sampled", percent(point["sampled"])))
        rows.append(("error, about", info.format_band(point["error"])))
    return table(rows)


def _many_points(result: Predictions, metrics: list[str]) -> list[list[str]]:
    from perflab.bench.registry import load_bench
    from perflab.instrumentation.catalog import metric

    bench = load_bench(result.pattern)
    sampled = any(point["sampled"] < 1 for point in result.points)
    header = [*result.swept, *(metric(name).label for name in metrics)]
    info = metric(bench.tuning.objective.metric)
    rows = [[*header, f"{info.label}, error"] if sampled else header]
    for point in result.points:
        row = [value_text(bench.info(key), point["settings"][key]) for key in result.swept]
        row += [metric(name).format(point["metrics"].get(name)) for name in metrics]
        rows.append([*row, info.format_band(point["error"])] if sampled else row)
    return rows
