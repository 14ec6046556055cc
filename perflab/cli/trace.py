"""`perflab trace`: what a workload is like, and its conversion to Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perflab.cli.inputs import read_workload
from perflab.cli.options import Columns, Format, Json, ShowProgress, check_writable
from perflab.cli.output import notes, say, say_json, say_written, table

if TYPE_CHECKING:
    from perflab.workloads.trace import Trace
    from perflab.workloads.workload import Workload

File = Annotated[
    str, typer.Argument(metavar="FILE", help="A file, or a name such as zipf:skew=0.9,keys=1M.")
]
_INFO_EXAMPLES = """\b
Examples:
  perflab trace info access.log
  perflab trace info requests.csv --columns key=url,time=ts
  perflab trace info access.json --columns 'key={host}{path}'
  perflab trace info keys.bin --format int64le --json
  perflab trace info postgresql.log
"""
_CONVERT_EXAMPLES = """\b
Examples:
  perflab trace convert access.log.gz access.parquet
  perflab trace convert zipf:skew=0.9,keys=1M,requests=10M zipf.parquet
"""
SECONDS = ("duration_seconds", "service_seconds_mean", "service_seconds_p95")
BYTES = ("total_bytes", "distinct_bytes")

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
    as_json: Json = False,
    show: ShowProgress = None,
) -> None:
    """Show a workload's requests, keys, skew, times and sizes, and what would mislead on it.

    Of arrivals (starts and durations, a PostgreSQL log) it shows rates, bursts and durations.
    """
    trace = read_workload(file, show, format_, columns, any_kind=True)
    from perflab.workloads import Trace, remarks

    said = remarks(trace) if isinstance(trace, Trace) else []
    if as_json:
        say_json({**trace.summary(), "notes": list(trace.notes), "remarks": said})
        return
    lines = [table([("of the workload", trace.name), *_rows(trace)], left=(0, 1))]
    if trace.notes or said:
        lines += ["", notes((*trace.notes, *said))]
    say("\n".join(lines))


def convert(
    file: File,
    out: Annotated[Path, typer.Argument(metavar="OUT.parquet", help="The file to write.")],
    format_: Format = None,
    columns: Columns = None,
    show: ShowProgress = None,
) -> None:
    """Convert a workload to Parquet, which is read several times faster."""
    from perflab.settings.errors import BadInputError

    if out.suffix != ".parquet":
        raise BadInputError("is not a name for a Parquet file; end it with .parquet", str(out))
    check_writable(out)
    trace = _read(file, format_, columns, show)
    trace.to_parquet(out)
    say_written(out)
    if trace.notes:
        say(notes(trace.notes))


def _group(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _read(file: str, format_: str | None, columns: str | None, show: bool | None) -> Trace:
    trace: Trace = read_workload(file, show, format_, columns)
    return trace


def _rows(trace: Workload) -> list[tuple[str, str]]:
    from perflab.settings import format_quantity

    values: dict[str, Any] = trace.summary()
    units = dict.fromkeys(SECONDS, "seconds") | dict.fromkeys(BYTES, "bytes")
    rows = []
    for key, value in values.items():
        if key == "name":
            continue
        if value is None:
            text = "not known"
        elif isinstance(value, bool):
            text = "yes" if value else "no"
        elif key in units:
            text = format_quantity(value, units[key])
        elif isinstance(value, int):
            text = f"{value:,}"
        else:
            text = f"{value:,.4g}" if isinstance(value, float) else str(value)
        rows.append((key.replace("_seconds", "").replace("_", " "), text))
    return rows
