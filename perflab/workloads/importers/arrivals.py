"""One entry to all importers of arrivals, by the format's name or by what a file looks like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from perflab.callbacks import Progress
from perflab.workloads.importers.columns import ARRIVAL_ROLES, KEY_NAMES
from perflab.workloads.importers.csv import read_header
from perflab.workloads.importers.detect import LOOKED_AT
from perflab.workloads.importers.dispatch import import_file, is_recorded
from perflab.workloads.importers.durations import read_durations
from perflab.workloads.importers.har_served import is_har, read_har_served
from perflab.workloads.importers.parquet_rows import is_parquet, parquet_names
from perflab.workloads.importers.pg_stat_statements import (
    is_pg_stat_statements,
    read_pg_stat_statements,
)
from perflab.workloads.importers.postgres import looks_like_postgres, read_postgres
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
    source = Source(path, progress)
    chosen = kind or ("har" if is_har(source) else detect_arrivals(source, columns))
    if chosen == "durations":
        return read_durations(source, columns)
    if chosen == "postgres":
        return read_postgres(source)
    if chosen == "pg_stat_statements":
        return read_pg_stat_statements(source)
    if chosen == "har" and not columns:
        return read_har_served(source)
    return Arrivals.of(import_file(path, kind, columns, progress), path)


def is_arrivals(path: str, columns: Mapping[str, str] | None) -> bool:
    """Say whether a file is of arrivals and has no keys, so it is not a trace.

    Raises:
        BadInputError: If it cannot be opened.
    """
    if is_recorded(path):
        return False
    source = Source(path)
    kind = detect_arrivals(source, columns)
    return kind is not None and not (kind == "durations" and _is_keyed(source, columns))


def detect_arrivals(source: Source, columns: Mapping[str, str] | None = None) -> str | None:
    """Return the format of arrivals that a file is of; None for a trace or anything else."""
    if OF_ARRIVALS & set(columns or ()):
        return "durations"
    if is_parquet(source):
        return "durations" if _says_when(source, columns) else None
    if b"\0" in source.head:
        return None
    head = source.head.decode("utf-8-sig", errors="replace").splitlines()
    if any(looks_like_postgres(line) for line in head[:LOOKED_AT]):
        return "postgres"
    names = _names(source)
    if is_pg_stat_statements(names):
        return "pg_stat_statements"
    # A text of keys has one word a line, and the first may be any word.
    is_table = len(names) > 1 or Path(source.content_name.lower()).suffix in TABLE_SUFFIXES
    return "durations" if is_table and _says_when(source, columns) else None


def _says_when(source: Source, columns: Mapping[str, str] | None) -> bool:
    names = _names(source)
    timed = "time" in names or "time" in (columns or ())
    return bool(OF_ARRIVALS & set(names)) or (timed and not _is_keyed(source, columns))


def _names(source: Source) -> list[str]:
    names = parquet_names(source) if is_parquet(source) else read_header(source.head)[0]
    return [name.strip().lower() for name in names]


def _is_keyed(source: Source, columns: Mapping[str, str] | None) -> bool:
    return "key" in (columns or ()) or any(name in KEY_NAMES for name in _names(source))
