"""One entry to all importers, by the format's name."""

from __future__ import annotations

from collections.abc import Mapping

from perflab.workloads.importers.binary import read_binary
from perflab.workloads.importers.combined import read_combined
from perflab.workloads.importers.csv import read_csv
from perflab.workloads.importers.detect import detect
from perflab.workloads.importers.parquet import read_parquet
from perflab.workloads.importers.source import Progress, Source
from perflab.workloads.importers.text import read_text
from perflab.workloads.trace import Trace


def import_file(
    path: str, kind: str | None, columns: Mapping[str, str] | None, progress: Progress | None
) -> Trace:
    """Read a file of a known format, or of one that is found out.

    Raises:
        BadInputError: With the place, if the file cannot be read as a trace.
    """
    source = Source(path, progress)
    kind = kind or detect(source, names_columns=bool(columns))
    if kind == "text":
        return read_text(source)
    if kind == "combined":
        return read_combined(source)
    if kind == "csv":
        return read_csv(source, columns)
    if kind == "parquet":
        return read_parquet(source, columns)
    return read_binary(source, kind)
