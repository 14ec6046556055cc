"""`read_trace`: a file of any known format as a trace."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping

from perflab.settings import BadInputError, nearest
from perflab.workloads.trace import Trace

FORMATS = ("text", "csv", "parquet", "combined", "int32le", "int32be", "int64le", "int64be")
TABLES = ("csv", "parquet")


def read_trace(
    path: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the word that users write
    columns: Mapping[str, str] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Trace:
    """Read a trace from a file, compressed or not.

    Args:
        path: The file.
        format: One of `FORMATS`; found out where not given, but for binary numbers.
        columns: For tables: which column is the key, time, size or ttl, such as ``{"key": "url"}``.
        progress: Called with bytes read and bytes in all; what it raises stops the reading.

    Raises:
        BadInputError: With the place, if the file cannot be read as a trace.
    """
    if format is not None and format not in FORMATS:
        raise BadInputError(f"there is no format {format!r}{nearest(format, FORMATS)}", "format")
    if columns and format not in (None, *TABLES):
        text = f"only tables (csv, parquet) have columns to name, not {format}"
        raise BadInputError(text, "columns")
    from perflab.workloads.importers.dispatch import import_file  # loads pyarrow

    trace = import_file(os.fspath(path), format, columns, progress)
    if trace.source:
        return trace
    named = {"format": format, "columns": dict(columns or {})}
    options = {option: value for option, value in named.items() if value}
    return dataclasses.replace(trace, source=os.fspath(path), options=options, check=False)
