"""`perflab calibrate`: what the model cannot know, measured on this machine and kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from perflab.cli.consent import agree
from perflab.cli.inputs import read_pattern, read_workload
from perflab.cli.options import Columns, Format, Json, Pattern, Set, Workload, Yes
from perflab.cli.output import hand_over, table, tell
from perflab.units import in_words, rounded

if TYPE_CHECKING:
    from perflab.lab.calibration import Calibration

_EXAMPLES = """\b
Examples:
  perflab calibrate cache
  perflab calibrate cache --set backend=my_service:load_user --workload users.csv
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate", short_help="Measure costs on this machine.", epilog=_EXAMPLES)(
        calibrate
    )


def calibrate(
    pattern: Pattern,
    workload: Workload = None,
    format_: Format = None,
    columns: Columns = None,
    set_: Set = None,
    as_json: Json = False,
    yes: Yes = False,
) -> None:
    """Measure what a hit, a miss or an entry costs here, so that predictions are of this machine.

    It takes a few seconds and is kept by machine and backend.
    """
    from perflab.lab import verbs

    bench, settings = read_pattern(pattern, set_)
    agree(bench, settings, yes)
    trace = read_workload(workload, None, format_, columns, bench, settings)
    tell(f"measuring {pattern} for {in_words(verbs.CALIBRATION_SECONDS, 'seconds')}")
    result = verbs.calibrate(pattern, trace, settings)
    hand_over(result, write_calibration, as_json=as_json)


def write_calibration(result: Calibration) -> str:
    """Return a calibration as text for a terminal."""
    rows = [("cost", "mean", "p50", "p95", "p99"), *_rows(result.costs)]
    return f"{result.pattern}: {result.describe()}\n\n{table(rows)}"


def _rows(costs: Mapping[str, Any], kind: str = "", of: str = "") -> Iterator[tuple[str, ...]]:
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


def _latencies(cost: dict[str, Any]) -> tuple[str, str, str, str]:
    from perflab.instrumentation.catalog import metric
    from perflab.modelling.latency import QUANTILES

    write = metric("latency_seconds_mean").format
    known = dict(
        zip((round(float(q), 4) for q in QUANTILES), cost.get("quantiles", ()), strict=False)
    )
    mean, p50, p95, p99 = (cost["mean"], *(known.get(share) for share in (0.5, 0.95, 0.99)))
    return write(mean), write(p50), write(p95), write(p99)
