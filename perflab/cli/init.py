"""`perflab init`: a `perflab.toml` for this folder, by asking."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli.inputs import read_workload, reading_of
from perflab.cli.options import (
    Columns,
    Format,
    LogFormat,
    NoHeader,
    Pattern,
    Separator,
    Set,
    ShowProgress,
    TimeUnit,
    Workload,
    parse_assignments,
)
from perflab.cli.output import say_written, tell, workload_line

if TYPE_CHECKING:
    from perflab.bench.base import AnyBench

_EXAMPLES = """\b
Examples:
  perflab init
  perflab init cache --workload access.log --set max_cache_size=10k --limit 'hit_rate>=0.8'
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init", short_help="Write a perflab.toml, by asking.", epilog=_EXAMPLES)(init)


def init(
    pattern: Pattern = None,
    workload: Workload = None,
    format_: Format = None,
    columns: Columns = None,
    log_format: LogFormat = None,
    time_unit: TimeUnit = None,
    separator: Separator = None,
    no_header: NoHeader = False,
    set_: Set = None,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="LIMIT", help="What must hold: 'hit_rate>=0.8'.")
    ] = None,
    max_worse: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=AMOUNT,...", help="How much worse than a baseline it may be."),
    ] = None,
    file: Annotated[Path, typer.Option("--file", metavar="FILE", help="The file to write.")] = Path(
        "perflab.toml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    show: ShowProgress = None,
) -> None:
    """Write settings, workload and limits into a file that commands in this folder read.

    What options do not say is asked, where there is a terminal; Enter leaves a question out. The
    workload is read once, and nothing is written where something is wrong.
    """
    from perflab.errors import BadInputError
    from perflab.files import place_of, refuse_input, write_text
    from perflab.files.checks import check_room
    from perflab.project.writing import text_of
    from perflab.tuning.check.allowance import allowances_of, by_metric
    from perflab.tuning.check.gate import limits_of

    place = place_of(file)
    if place.is_folder or (place.is_file and not force):
        told = "is a folder; name a file" if place.is_folder else "is there; --force replaces it"
        raise BadInputError(told, str(file))
    if not place.is_stream:
        check_room(place)
    asking = sys.stdin.isatty() and sys.stderr.isatty()
    bench = _bench(pattern, asking)
    settings = parse_assignments(set_)
    bench.read(settings)
    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    if workload is None and asking:
        workload = _asked(f"Workload, a file or a name such as {bench.default_workload}: ")
    if workload is not None:
        refuse_input(place, [workload])
    loaded = read_workload(workload, show, format_, reading, bench, settings)
    if loaded is not None:
        from perflab.lab.outcome import workload_summary

        tell(f"read {workload_line(workload_summary(loaded))}")
    if asking:
        settings |= {} if set_ else _asked_settings(bench)
        limit = limit or _list(_asked("Limits that must hold, such as hit_rate>=0.8: "))
        max_worse = max_worse or _list(
            _asked("Metrics that may be worse than a baseline, such as hit_rate=1pt: ")
        )
    limits_of(bench, limit or ())
    worse = by_metric(max_worse or ())
    allowances_of(bench, worse)
    text = text_of(
        bench, _beside(workload, file), _as_written(reading, format_), settings, limit or (), worse
    )
    say_written(write_text(file, text))


def _bench(pattern: str | None, asking: bool) -> AnyBench:
    """Return the bench that an option or an answer names.

    Raises:
        BadInputError: If neither does, or there is none of that name.
    """
    from perflab.bench.registry import bench_names, load_bench
    from perflab.errors import BadInputError

    names = bench_names()
    if pattern is None and asking:
        for number, name in enumerate(names, 1):
            tell(f"  {number}. {name}: {load_bench(name).identity.question}")
        pattern = _asked(f"Pattern, 1 to {len(names)}: ")
        if pattern and pattern.isdecimal() and 1 <= int(pattern) <= len(names):
            pattern = names[int(pattern) - 1]
    if pattern is None:
        raise BadInputError(f"needs a pattern; there are: {', '.join(names)}", "PATTERN")
    return load_bench(pattern)


def _asked_settings(bench: AnyBench) -> dict[str, object]:
    """Return what is answered for the setting that is tuned, and for others by KEY=VALUE."""
    info = bench.info(bench.tuning.tuned)
    written = _asked(f"{info.label} today, default {info.format(info.default)}: ")
    found: dict[str, object] = {info.key: written} if written else {}
    more = _list(_asked("Other settings, such as KEY=VALUE, KEY=VALUE: "))
    found |= parse_assignments(more)
    bench.read(found)
    return found


def _asked(prompt: str) -> str | None:
    """Return an answer; none where it is empty."""
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip() or None


def _list(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _beside(workload: str | None, file: Path) -> str | None:
    """Return a workload as the file is to name it: a path from the file's own folder."""
    if workload is None or not Path(workload).exists():
        return workload
    return os.path.relpath(workload, file.parent)


def _as_written(reading: dict[str, str] | None, format_: str | None) -> dict[str, object]:
    found: dict[str, object] = {} if format_ is None else {"format": format_}
    left = dict(reading or {})
    for name in ("log_format", "time_unit", "separator"):
        if name in left:
            found[name] = left.pop(name)
    if left.pop("no_header", None) is not None:
        found["no_header"] = True
    return {**found, "columns": left} if left else found
