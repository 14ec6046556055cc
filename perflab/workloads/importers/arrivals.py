"""One entry to all importers of arrivals, by the format's name or by what a file looks like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from perflab.callbacks import Progress
from perflab.workloads.formats import ARRIVAL_FORMATS, FORMATS
from perflab.workloads.importers.columns import ARRIVAL_ROLES, arrival_columns, is_keyed
from perflab.workloads.importers.csv_heading import table_header
from perflab.workloads.importers.detect import LOOKED_AT
from perflab.workloads.importers.dispatch import HowRead, how_read, import_file, is_recorded
from perflab.workloads.importers.durations import read_durations
from perflab.workloads.importers.har_served import is_har, read_har_served
from perflab.workloads.importers.parquet_rows import is_parquet, parquet_names
from perflab.workloads.importers.pg_stat_statements import (
    is_pg_stat_statements,
    read_pg_stat_statements,
)
from perflab.workloads.importers.postgres import read_postgres
from perflab.workloads.importers.postgres_entries import check_has_times, is_postgres
from perflab.workloads.importers.reading import Reading, check_applies
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.arrivals import Arrivals

TABLE_SUFFIXES = (".csv", ".tsv")
OF_ARRIVALS = frozenset(ARRIVAL_ROLES) - {"time"}


def import_arrivals(
    path: str, kind: str | None, columns: Mapping[str, str] | None, progress: Progress | None
) -> Arrivals:
    """Read a file of arrivals, or the times of a trace.

    Raises:
        BadInputError: With the place, if the file does not say when requests came.
    """
    if is_recorded(path):
        return Arrivals.of(import_file(path, kind, columns, progress), path)
    reading = Reading.of(columns)
    source = Source(path, progress, reading=reading)
    given, columns = columns, reading.columns
    chosen = _kind(source, kind, reading)
    if chosen == "durations":
        return read_durations(source, columns)
    if chosen == "postgres":
        return read_postgres(source)
    if chosen == "pg_stat_statements":
        return read_pg_stat_statements(source)
    if chosen == "har" and not columns:
        return read_har_served(source)
    return Arrivals.of(import_file(path, kind, given, progress), path)


def how_arrivals_are_read(
    path: str, kind: str | None, columns: Mapping[str, str] | None
) -> HowRead:
    """Return how a file of arrivals, or of a trace whose times are taken, is read.

    Raises:
        BadInputError: As `how_read` does.
    """
    reading = Reading.of(columns)
    if is_recorded(path) or kind in FORMATS or reading.log_format is not None:
        return how_read(path, kind, columns)
    source = Source(path, reading=reading)
    chosen = _kind(source, kind, reading)
    if chosen is None or (chosen == "har" and reading.columns):
        return how_read(path, kind, columns)
    is_text = chosen == "durations" and not is_parquet(source)
    separator = table_header(source)[1] if is_text else None
    return HowRead(chosen, separator, named=kind is not None)


def _kind(source: Source, kind: str | None, reading: Reading) -> str | None:
    """Return the named or detected format of arrivals; None for a trace's."""
    chosen = kind or ("har" if is_har(source) else detect_arrivals(source, reading.columns))
    if kind is None and chosen in ARRIVAL_FORMATS:
        check_applies(chosen, reading)
    return chosen


def is_arrivals(path: str, columns: Mapping[str, str] | None) -> bool:
    """Say whether a file is of arrivals and has no keys, so it is not a trace.

    Raises:
        BadInputError: If it cannot be opened.
    """
    if is_recorded(path):
        return False
    reading = Reading.of(columns)
    source = Source(path, reading=reading)
    kind = detect_arrivals(source, reading.columns)
    return kind is not None and not (kind == "durations" and _is_keyed(source, reading.columns))


def detect_arrivals(source: Source, columns: Mapping[str, str] | None = None) -> str | None:
    """Return the format of arrivals that a file is of; None for a trace or anything else."""
    if OF_ARRIVALS & set(columns or ()):
        return "durations"
    if is_parquet(source):
        return "durations" if _says_when(source, columns) else None
    if b"\0" in source.head or source.reading.log_format is not None:
        return None
    if is_postgres(source, LOOKED_AT):
        return "postgres"
    check_has_times(source, LOOKED_AT)
    names = _names(source)
    if is_pg_stat_statements([name.lower() for name in names]):
        return "pg_stat_statements"
    # A text of keys has one word a line, and the first may be any word.
    is_table = len(names) > 1 or Path(source.content_name.lower()).suffix in TABLE_SUFFIXES
    return "durations" if is_table and _says_when(source, columns) else None


def _says_when(source: Source, columns: Mapping[str, str] | None) -> bool:
    names = _names(source)
    found = arrival_columns(names)
    lowered = {name.lower() for name in names}
    if OF_ARRIVALS & lowered or ("start" in found and len(found) > 1):
        return True
    timed = "time" in lowered or "time" in (columns or ())
    return timed and not _is_keyed(source, columns)


def _names(source: Source) -> list[str]:
    names = parquet_names(source) if is_parquet(source) else table_header(source)[0]
    return [name.strip() for name in names]


def _is_keyed(source: Source, columns: Mapping[str, str] | None) -> bool:
    return "key" in (columns or ()) or is_keyed(_names(source))
