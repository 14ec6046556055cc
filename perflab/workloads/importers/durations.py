"""CSV or Parquet of when each request came and how long it was served."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from perflab.errors import BadInputError
from perflab.workloads.importers.columns import (
    ARRIVAL_ROLES,
    check_roles,
    columns_note,
    heading_note,
    listed,
)
from perflab.workloads.importers.csv import read_header
from perflab.workloads.importers.parquet_rows import is_parquet, parquet_names, parquet_rows
from perflab.workloads.importers.records import records
from perflab.workloads.importers.served import Served
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.arrivals import Arrivals

MILLISECONDS = 1e-3
ADVICE = "name the columns, such as --columns start=ts,duration_ms=elapsed"


def read_durations(source: Source, columns: Mapping[str, str] | None = None) -> Arrivals:
    """Read the columns ``start`` (or ``time``), ``end``, ``duration`` and ``duration_ms``.

    Two of start, end and duration give the third; a start alone will do. Rows that do not parse
    are skipped and counted.

    Raises:
        BadInputError: If no column says when requests came, or most rows do not parse.
    """
    delimiter = ","
    if is_parquet(source):
        names, rows = parquet_names(source), parquet_rows(source)
    else:
        names, delimiter = read_header(source.head)
        rows = records(source, delimiter)
        next(rows, None)
    stripped = [name.strip() for name in names]
    chosen = _choose(stripped, columns or {}, source.place)
    places = {role: stripped.index(name) for role, name in chosen.items()}
    served = Served(source, "rows of a start and a duration", ADVICE)
    total = 0
    for line, row in rows:
        total += 1
        try:
            if len(row) != len(names):
                raise ValueError  # noqa: TRY301 - skipped like any other bad row
            start, duration = _read_row(row, places, served.seconds)
        except (ValueError, OverflowError):
            served.skip(line, delimiter.join(row))
        else:
            served.add(line, delimiter.join(row), start, duration)
    lost = () if is_parquet(source) else heading_note(stripped)
    return served.finish(total, (*lost, *columns_note(stripped, chosen, columns)))


def _choose(names: Sequence[str], wanted: Mapping[str, str], place: str) -> dict[str, str]:
    check_roles(wanted, ARRIVAL_ROLES)
    there = f"; it has: {listed(names)}"
    for role, column in wanted.items():
        if column not in names:
            raise BadInputError(f"has no column {column!r} for the {role}{there}", place)
    lower = {name.lower(): name for name in reversed(names)}
    chosen = {role: lower[role] for role in ARRIVAL_ROLES if role in lower} | dict(wanted)
    if "time" in chosen and "start" not in chosen:
        chosen["start"] = chosen["time"]
    chosen.pop("time", None)
    if "duration" in chosen and "duration_ms" in chosen:
        chosen.pop("duration" if "duration_ms" in wanted else "duration_ms")
    has_duration = "duration" in chosen or "duration_ms" in chosen
    if "start" not in chosen and not ("end" in chosen and has_duration):
        text = f"has no column start or time (nor end with duration){there}; {ADVICE}"
        raise BadInputError(text, place)
    return chosen


def _read_row(
    row: Sequence[str], places: Mapping[str, int], seconds_of: Callable[[str], float]
) -> tuple[float, float]:
    duration = float("nan")
    if "duration" in places:
        duration = float(row[places["duration"]])
    elif "duration_ms" in places:
        duration = float(row[places["duration_ms"]]) * MILLISECONDS
    end = seconds_of(row[places["end"]]) if "end" in places else float("nan")
    if "start" not in places:
        return end - duration, duration
    start = seconds_of(row[places["start"]])
    return start, end - start if duration != duration else duration  # noqa: PLR0124 - NaN
