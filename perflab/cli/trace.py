"""`perflab trace`: what a workload is like, and its conversion to Parquet or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli.inputs import read_workload, reading_of
from perflab.cli.options import (
    Columns,
    Force,
    Format,
    Json,
    LogFormat,
    NoHeader,
    Separator,
    ShowProgress,
    TimeUnit,
)
from perflab.cli.output import notes, progress, say, say_json, say_written, table
from perflab.units import grouped, in_words, named, percent

if TYPE_CHECKING:
    from perflab.workloads.kinds.trace import Trace
    from perflab.workloads.kinds.workload import Workload

File = Annotated[
    str, typer.Argument(metavar="FILE", help="A file, or a name such as zipf:skew=0.9,keys=1M.")
]
Ttls = Annotated[
    str | None,
    typer.Option(
        "--ttl",
        metavar="TTL,...",
        help="Also how many keys, and bytes, live at once at such TTLs: 10m,1h,none.",
    ),
]
_INFO_EXAMPLES = """\b
Examples:
  perflab trace info access.log
  perflab trace info requests.csv --columns key=url,time=ts
  perflab trace info access.log --ttl 10m,1h,1d,none
  perflab trace info access.json --columns 'key={host}{path}'
  perflab trace info keys.bin --format int64le --json
  perflab trace info postgresql.log
"""
_CONVERT_EXAMPLES = """\b
Examples:
  perflab trace convert access.log.gz access.parquet
  perflab trace convert requests.csv requests.parquet --sort
  perflab trace convert requests.parquet requests.csv
  perflab trace convert zipf:skew=0.9,keys=1M,requests=10M zipf.parquet
"""
LEFT_OUT = ("name", "reuse_sampled", "most_requested")
BARS = "▁▂▃▄▅▆▇█"

app = typer.Typer(rich_markup_mode=None, help="Look at a workload's file, or convert it.")


def register(parent: typer.Typer) -> None:
    """Add the group of commands."""
    app.command("info", epilog=_INFO_EXAMPLES)(info)
    app.command("convert", epilog=_CONVERT_EXAMPLES)(convert)
    app.callback(invoke_without_command=True)(_group)
    parent.add_typer(app, name="trace")


def info(
    file: File,
    format_: Format = None,
    columns: Columns = None,
    log_format: LogFormat = None,
    time_unit: TimeUnit = None,
    separator: Separator = None,
    no_header: NoHeader = False,
    ttl: Ttls = None,
    as_json: Json = False,
    show: ShowProgress = None,
) -> None:
    """Show a workload's requests, keys, skew, times and sizes, and what would mislead on it.

    Of arrivals (starts and durations, a PostgreSQL log) it shows rates, bursts and durations.
    """
    from perflab.cli.working_sets import parse_ttls, working_set_points, working_set_table

    ttls = [] if ttl is None else parse_ttls(ttl)
    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    trace = read_workload(file, show, format_, reading, any_kind=not ttls)
    from perflab.workloads import Trace, remarks
    from perflab.workloads.recording.left_out import UNKEYED
    from perflab.workloads.registry.kinds import describe

    said = remarks(trace) if isinstance(trace, Trace) else []
    points = working_set_points(trace, ttls) if ttls else []
    if points and trace.ttls is not None:
        said = [
            *said,
            "live keys and bytes: each TTL is for every entry; TTLs of rows are left out",
        ]
    if as_json:
        more = {"working_sets": points} if ttls else {}
        say_json({**describe(trace), **more, "notes": list(trace.notes), "remarks": said})
        return
    # What no table can show stands before it.
    first = [note for note in trace.notes if UNKEYED in note]
    others = [note for note in (*trace.notes, *said) if note not in first]
    lines = [notes(first), ""] if first else []
    lines += [table([("of the workload", trace.name), *_rows(trace)], left=(0, 1))]
    lines += ["", working_set_table(points)] if points else []
    if others:
        lines += ["", notes(others)]
    say("\n".join(lines))


def convert(
    file: File,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The file to write: .parquet or .csv.")
    ],
    format_: Format = None,
    columns: Columns = None,
    log_format: LogFormat = None,
    time_unit: TimeUnit = None,
    separator: Separator = None,
    no_header: NoHeader = False,
    sort: Annotated[
        bool, typer.Option("--sort", help="Sort a table's rows by time, which must else not fall.")
    ] = False,
    force: Force = False,
    show: ShowProgress = None,
) -> None:
    """Convert a workload to Parquet, which is read several times faster, or to CSV."""
    from perflab.servers.keeper import keep_scratch_folders
    from perflab.workloads.write import check_trace_output, write_trace

    keep_scratch_folders()
    check_trace_output(out, [file], force=force)
    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    trace = _read(file, format_, reading, show, sort=sort)
    write_trace(trace, out, force=force)
    say_written(out)
    if trace.notes:
        say(notes(trace.notes))


def _group(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _read(
    file: str,
    format_: str | None,
    reading: dict[str, str] | None,
    show: bool | None,
    *,
    sort: bool,
) -> Trace:
    if not sort:
        trace: Trace = read_workload(file, show, format_, reading)
        return trace
    from perflab.workloads import read_trace

    with progress("reading", "B", show) as report:
        return read_trace(file, format_, reading, report, sort=True)


def _rows(workload: Workload) -> list[tuple[str, str]]:
    """Return a row a fact; quantiles of one thing share a row, and what is not known has none."""
    from perflab.workloads.registry.kinds import describe

    rows: dict[str, str] = {}
    for key, value in describe(workload).items():
        if key in LEFT_OUT or value is None:
            continue
        if key == "backend_known_share" and isinstance(value, float):
            rows["backend mean"] += f", known of {percent(value)} of the requests"
            continue
        what, _, quantile = key.rpartition("_")
        is_quantile = quantile[:1] == "p" and quantile[1:].isdecimal()
        label = (what if is_quantile else key).replace("_seconds", "").replace("_", " ")
        text = f"{quantile} {_text(key, value)}" if is_quantile else _text(key, value)
        rows[label] = f"{rows[label]}, {text}" if label in rows else text
    return list(rows.items())


def _text(key: str, value: object) -> str:

    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return _sparkline(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {grouped(count)}" for name, count in value.items())
    return named(key, value) if isinstance(value, (int, float)) else str(value)


def _sparkline(values: list[float]) -> str:
    """Return values as bars from 0 up, with the least and the most of them."""
    most = max(values)
    bars = "".join(BARS[min(int(value / most * len(BARS)), len(BARS) - 1)] for value in values)
    return f"{bars}  {in_words(min(values))} to {in_words(most)}"
