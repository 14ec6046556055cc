"""`perflab calibrate`: what the model cannot know, measured on this machine and kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perflab.cli.consent import agree
from perflab.cli.inputs import read_workload, reading_of
from perflab.cli.options import (
    Columns,
    Format,
    Json,
    LogFormat,
    NoHeader,
    Pattern,
    Separator,
    Set,
    TimeUnit,
    Workload,
    Yes,
)
from perflab.cli.output import hand_over, table, tell
from perflab.cli.project import Profile, Project, agree_to_backend, input_of, read_given
from perflab.units import in_words, rounded

if TYPE_CHECKING:
    from perflab.lab.calibration import Calibration

_Show = Annotated[
    bool,
    typer.Option("--show", help="Show what is kept, and when it was measured; measure nothing."),
]

_EXAMPLES = """\b
Examples:
  perflab calibrate cache
  perflab calibrate cache --show
  perflab calibrate cache --set backend=my_service:load_user --workload users.csv
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate", short_help="Measure costs on this machine.", epilog=_EXAMPLES)(
        calibrate
    )


def calibrate(
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
    show: _Show = False,
    as_json: Json = False,
    yes: Yes = False,
) -> None:
    """Measure what a hit, a miss or an entry costs here, so that predictions are of this machine.

    It takes a few seconds and is kept by machine and backend.
    """
    from perflab.lab import verbs
    from perflab.lab.calibration import calibration_for
    from perflab.lab.measuring import CALIBRATION_SECONDS

    given = read_given(pattern, set_, project, profile)
    bench, settings = given.bench, given.settings
    if not show:
        agree_to_backend(given, yes)
        agree(bench, settings, yes)
    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    name, format_, reading = input_of(given, workload, format_, reading, yes=yes)
    loaded = read_workload(name, None, format_, reading, bench, settings)
    if show:
        checked, load = bench.read(settings)
        known = loaded if loaded is not None else bench.workload_for(checked, None)
        kept = calibration_for(bench, checked, load, known)
        hand_over(kept, write_calibration, as_json=as_json)
        return
    name = bench.identity.pattern
    tell(f"measuring {name} in runs of {in_words(CALIBRATION_SECONDS, 'seconds')} each")
    result = verbs.calibrate(name, loaded, settings, progress=sys.stderr.isatty())
    hand_over(result, write_calibration, as_json=as_json)


def write_calibration(result: Calibration) -> str:
    """Return a calibration as text for a terminal."""
    rows = [("cost", "mean", "p50", "p95", "p99"), *_rows(result.costs)]
    return f"{result.pattern}: {result.describe()}\n\n{table(rows)}"


def _rows(costs: Mapping[str, object], kind: str = "", of: str = "") -> Iterator[tuple[str, ...]]:
    """Yield a row a cost; of a cost by chunk size, engine or such, a row for each of them.

    Args:
        costs: Costs by name; lists belong to the number beside them and have no row.
        kind: The name of what these are a part of, which may say the unit.
        of: The same in words.
    """
    from perflab.instrumentation.catalog import metric

    for key, value in costs.items():
        name = f"{of} {key.removesuffix('_seconds').replace('_', ' ')}".strip()
        if isinstance(value, dict) and "mean" in value:
            yield name, *_latencies(value)
        elif isinstance(value, dict):
            yield from _rows(value, f"{kind} {key}", name)
        elif isinstance(value, (int, float)) and not (key.endswith("_seconds") and value <= 0):
            said = key if any(word in key for word in ("bytes", "seconds")) else f"{kind} {key}"
            unit = "memory_bytes" if "bytes" in said else "latency_seconds_mean"
            plain = not any(word in said for word in ("bytes", "seconds"))
            yield name, rounded(value) if plain else metric(unit).format(value), "", "", ""


def _latencies(cost: Mapping[str, Any]) -> tuple[str, str, str, str]:
    from perflab.instrumentation.catalog import metric
    from perflab.modelling.latency import QUANTILES

    write = metric("latency_seconds_mean").format
    known = dict(
        zip((round(float(q), 4) for q in QUANTILES), cost.get("quantiles", ()), strict=False)
    )
    mean, p50, p95, p99 = (cost["mean"], *(known.get(share) for share in (0.5, 0.95, 0.99)))
    return write(mean), write(p50), write(p95), write(p99)
