"""CSV or Parquet of when each request came and how long it was served."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from perflab.errors import BadInputError
from perflab.workloads.importers.backend_times import parse_backend_time
from perflab.workloads.importers.columns import (
    ARRIVAL_ROLES,
    arrival_columns,
    check_roles,
    columns_note,
    duration_unit,
    heading_note,
    listed,
)
from perflab.workloads.importers.csv_heading import above_notes, lines_above, table_header
from perflab.workloads.importers.parquet_rows import is_parquet, parquet_names, parquet_rows
from perflab.workloads.importers.records import records
from perflab.workloads.importers.role_names import plain_name
from perflab.workloads.importers.served import Served, seconds_of
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.time_units import UNITS
from perflab.workloads.kinds.arrivals import Arrivals

ADVICE = "name the columns, such as --columns start=ts,duration_ms=elapsed"


def read_durations(source: Source, columns: Mapping[str, str] | None = None) -> Arrivals:
    """Read the columns ``start`` (or ``time``), ``end``, ``duration`` and ``duration_ms``.

    Other names that people use are known too, such as ``timestamp`` and ``elapsed_ms``; a duration
    is read where its name, or the duration itself, has the unit.

    Two of start, end and duration give the third; a start alone will do. Rows that do not parse
    are skipped and counted.

    Raises:
        BadInputError: If no column says when requests came, or most rows do not parse.
    """
    delimiter = ","
    if is_parquet(source):
        names, rows = parquet_names(source), parquet_rows(source)
    else:
        names, delimiter = table_header(source)
        above = lines_above(source)
        rows = (row for row in records(source, delimiter) if row[0] > above)
        if source.reading.has_header:
            next(rows, None)
    stripped = [name.strip() for name in names]
    chosen = _choose(stripped, columns or {}, source.place)
    places = {role: stripped.index(name) for role, name in chosen.items()}
    units = _units(stripped, chosen, columns or {})
    served = Served(source, "rows of a start and a duration", ADVICE)
    total = 0
    for line, row in rows:
        total += 1
        try:
            if len(row) != len(names):
                raise ValueError  # noqa: TRY301 - skipped like any other bad row
            start, duration = _read_row(row, places, units, served.seconds)
        except (ValueError, OverflowError):
            served.skip(line, delimiter.join(row))
        else:
            served.add(line, delimiter.join(row), start, duration)
    lost: tuple[str, ...] = ()
    if not is_parquet(source):
        of_heading = heading_note(stripped) if source.reading.has_header else ()
        lost = (*above_notes(source), *of_heading)
    return served.finish(total, (*lost, *columns_note(stripped, chosen, columns)))


def _choose(names: Sequence[str], wanted: Mapping[str, str], place: str) -> dict[str, str]:
    check_roles(wanted, ARRIVAL_ROLES)
    there = f"; it has: {listed(names)}"
    for role, column in wanted.items():
        if column not in names:
            raise BadInputError(f"has no column {column!r} for the {role}{there}", place)
    chosen = arrival_columns(names)
    if {"duration", "duration_ms"} & set(wanted):
        chosen.pop("duration", None)
    elif chosen.get("duration", "").lower() == "duration_ms":
        chosen["duration_ms"] = chosen.pop("duration")
    chosen |= wanted
    if "time" in chosen and "start" not in wanted:
        chosen["start"] = chosen["time"]
    chosen.pop("time", None)
    has_duration = "duration" in chosen or "duration_ms" in chosen
    if "start" not in chosen and not ("end" in chosen and has_duration):
        text = f"has no column start or time (nor end with duration){there}; {ADVICE}"
        raise BadInputError(text, place)
    return chosen


def _units(
    names: Sequence[str], chosen: Mapping[str, str], wanted: Mapping[str, str]
) -> dict[str, str]:
    """Return the unit of numbers in columns whose unit is known."""
    units = {"duration": "s", "duration_ms": "ms"}
    if "duration" in chosen and "duration" not in wanted:
        units["duration"] = duration_unit(chosen["duration"], names) or "s"
    for role in ("start", "end"):
        unit = plain_name(chosen.get(role, ""))[1]
        if unit:
            units[role] = unit
    return units


def _read_row(
    row: Sequence[str],
    places: Mapping[str, int],
    units: Mapping[str, str],
    seconds: Callable[[str], float],
) -> tuple[float, float]:
    def moment(role: str) -> float:
        text = row[places[role]]
        return seconds_of(text, units[role]) if role in units else seconds(text)

    duration = math.nan
    for role in ("duration", "duration_ms"):
        if role in places:
            duration = _duration(row[places[role]], units[role])
    end = moment("end") if "end" in places else math.nan
    if "start" not in places:
        return end - duration, duration
    start = moment("start")
    return start, end - start if math.isnan(duration) else duration


def _duration(text: str, unit: str) -> float:
    """Return the seconds of a number, or of a text with its unit such as ``12ms``."""
    try:
        return float(text) / UNITS[unit]
    except ValueError:
        found = parse_backend_time(text, unit)
    if math.isnan(found):
        raise ValueError(text)
    return found
