"""`perflab check`: a gate for a pipeline."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.cli.consent import agree
from perflab.cli.errors import BROKEN_LIMIT
from perflab.cli.inputs import prepare_kernels, read_workload, reading_of
from perflab.cli.options import (
    Columns,
    Format,
    Json,
    LogFormat,
    NoHeader,
    Out,
    Separator,
    Set,
    ShowProgress,
    TimeUnit,
    Workload,
    Yes,
    check_files,
    parse_seconds,
)
from perflab.cli.output import hand_over, notes, progress, say_written, table, workload_line
from perflab.cli.project import (
    Profile,
    Project,
    agree_to_backend,
    agree_to_call,
    check_output_of,
    input_of,
    read_given,
    refuse_functions,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perflab.project.given import Given
    from perflab.tuning.check.baseline import Baseline
    from perflab.tuning.check.document import Check
    from perflab.tuning.check.turns import Turns

_EXAMPLES = """\b
Examples:
  perflab check best.json --limit 'hit_rate>=0.8'
  perflab check best.json --workload today.parquet --force --max-worse hit_rate=1pt,memory_bytes=5%
  perflab check best.json --set max_cache_size=8k --live --max-worse latency_seconds_mean=5%
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check", short_help="Hold settings against a baseline.", epilog=_EXAMPLES)(check)


def check(
    baseline: Annotated[
        Path, typer.Argument(metavar="BASELINE.json", help="What --out of a command wrote.")
    ],
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
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIMIT",
            help="What must hold: 'hit_rate>=0.8'. Those of perflab.toml, or what the baseline "
            "was tuned for, where neither it nor --max-worse is given.",
        ),
    ] = None,
    max_worse: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC=AMOUNT,...",
            help="How much worse than the baseline a metric may be: hit_rate=1pt (percentage "
            "points), memory_bytes=5%, latency_seconds_p95=2ms.",
            autocompletion=completion.metrics_of_file,
        ),
    ] = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="Run baseline and settings in turns; noise is told from change."
        ),
    ] = False,
    repeats: Annotated[
        int | None, typer.Option(metavar="N", help="Rounds of turns of --live: 10.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="N", help="Time for all turns of --live: 2m.")
    ] = None,
    turn: Annotated[
        str | None, typer.Option(metavar="N", help="Duration of one turn of --live: 1s.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE.xml", help="Write the result as JUnit's XML.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE.md", help="Write the result for a comment on a pull request."),
    ] = None,
    out: Out = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Compare also with a baseline of another workload; replace output files even if "
            "perflab did not write them.",
        ),
    ] = False,
    as_json: Json = False,
    yes: Yes = False,
    show: ShowProgress = None,
) -> None:
    """Hold settings, or another workload, against limits and a baseline; exit with 1 if one breaks.

    The settings are those of perflab.toml (its profile, then --set on top), or without one the
    baseline's own. What is predicted uses the costs kept in the baseline and has no noise.
    """
    for option, value in (("--repeats", repeats), ("--budget", budget), ("--turn", turn)):
        if value is not None and not live:
            raise typer.BadParameter("applies only to --live", param_hint=option)
    check_files([baseline])
    from perflab.tuning.check.baseline import read_baseline
    from perflab.tuning.check.gate import check as held_against

    known = read_baseline(baseline)
    pattern = known.bench.identity.pattern
    given = read_given(pattern, set_, project, profile)
    # Prices alone are no settings to check: they go on top of the baseline's.
    of_file = given.file is not None and bool(given.file.section.settings)
    settings = {**({} if of_file else known.settings), **given.settings}
    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    source = input_of(given, workload, format_, reading, yes=yes)
    if not yes:
        kept = dict.fromkeys(known.settings, known.place)
        refuse_functions(known.bench, settings, kept, lambda key: key not in given.sources)
    for path in (out, junit, markdown):
        check_output_of(path, source[0], given, force=force)
        _not_the_baseline(path, baseline)
    _check_apart({"--out": out, "--junit": junit, "--markdown": markdown})
    limits, worse = _conditions(given, limit, max_worse)
    if live:
        _agree(known, given, settings, yes)
    loaded = read_workload(source[0], show, *source[1:], known.bench, settings)
    prepare_kernels(show, loaded)
    with progress("turns", " s", show) as report:
        turns = dataclasses.replace(_turns(repeats, budget, turn), progress=report)
        result = held_against(
            known,
            loaded,
            settings,
            limits,
            worse,
            live=live,
            turns=turns,
            sources=given.sources,
            other_workload=force,
            calls_backend=True,
        )
    _write(result, junit, markdown)
    hand_over(result, write_check, as_json=as_json, out=out, force=force)
    if not result.held:
        raise typer.Exit(BROKEN_LIMIT)


def write_check(result: Check) -> str:
    """Return what a gate found as text for a terminal."""
    from perflab.bench.registry import load_bench
    from perflab.errors import shown
    from perflab.tuning.check.words import HEADS, row_of, settings_of

    title = load_bench(result.pattern).identity.title
    columns = 5 if result.live else 4
    rows = [("condition", "verdict", *(head.lower() for head in HEADS[1:columns]))]
    for each in result.conditions:
        verdict = "held, within noise" if each["verdict"] == "open" else each["verdict"]
        rows.append((each["condition"], verdict, *row_of(each)[1:columns]))
    lines = [
        f"{title} on {workload_line(result.workload)}",
        f"Baseline: {shown(result.baseline)}",
        "",
        f"{result.headline}.",
        "",
        table(rows, left=(0, 1)),
    ]
    if changed := settings_of(result):
        lines += ["", table([("setting", "baseline", "now", "given by"), *changed], left=(0, 3))]
    if result.notes:
        lines += ["", notes(result.notes)]
    return "\n".join(lines)


def _conditions(
    given: Given, limit: list[str] | None, max_worse: list[str] | None
) -> tuple[list[str], dict[str, str]]:
    """Return limits and allowances: options, where there are some, in place of the file's."""
    from perflab.tuning.check.allowance import by_metric

    section = None if given.file is None else given.file.section
    limits = limit or list((section.limits or ()) if section else ())
    worse = by_metric(max_worse) if max_worse else dict(section.max_worse) if section else {}
    return limits, worse


def _turns(repeats: int | None, budget: str | None, turn: str | None) -> Turns:
    from perflab.tuning.check.turns import Turns

    usual = Turns()
    return Turns(
        usual.repeats if repeats is None else repeats,
        usual.turn if turn is None else parse_seconds(turn, "--turn"),
        usual.budget if budget is None else parse_seconds(budget, "--budget"),
    )


def _agree(known: Baseline, given: Given, settings: dict[str, object], yes: bool) -> None:
    agree_to_backend(given, yes)
    if not yes:
        kept = dict.fromkeys(known.settings, known.place)
        refuse_functions(
            *(known.bench, known.settings, kept),
            lambda key: given.settings.get(key) != known.settings.get(key),
        )
    load = known.bench.read(known.settings)[1]
    if load.backend != settings.get("backend") or "backend" not in given.sources:
        agree_to_call(load, known.place, yes)
    for values in (known.settings, settings):
        agree(known.bench, values, yes)


def _not_the_baseline(path: Path | None, baseline: Path) -> None:
    """Refuse an output that is the baseline.

    Raises:
        BadInputError: If it is, by whatever name.
    """
    from perflab.files import place_of, refuse_input

    if path is not None:
        refuse_input(place_of(path), [baseline])


def _check_apart(outputs: Mapping[str, Path | None]) -> None:
    """Refuse one file for two outputs, of which the last would be left.

    Raises:
        BadInputError: If two are one, by whatever name; a stream takes both.
    """
    from perflab.errors import BadInputError
    from perflab.files import place_of

    known: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None or (place := place_of(path)).is_stream:
            continue
        other = known.setdefault(place.path.resolve(), option)
        if other != option:
            raise BadInputError(f"is the file of {other} too; name another", option)


def _write(result: Check, junit: Path | None, markdown: Path | None) -> None:
    from perflab.files import write_text

    if junit is not None:
        from perflab.tuning.check.junit import to_junit

        say_written(write_text(junit, to_junit(result)))
    if markdown is not None:
        # What draws comes with it, which takes a second to load.
        from perflab.reports.check_comment import to_comment

        say_written(write_text(markdown, to_comment(result)))
