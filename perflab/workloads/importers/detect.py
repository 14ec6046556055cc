"""Which format a file is of: by its ending, else by what its first lines look like."""

from __future__ import annotations

import re
from pathlib import Path

from perflab.settings import BadInputError
from perflab.workloads.importers.columns import KEY_NAMES
from perflab.workloads.importers.combined import LINE
from perflab.workloads.importers.csv import read_header
from perflab.workloads.importers.source import BINARY_TEXT, Source

LOOKED_AT = 20
LOG_NAME = re.compile(r"(\.log(\.\d+|-\d+)?|access_log(\.\d+|-\d+)?)$")
LOG_LINE = re.compile(LINE.encode())
PARQUET_MAGIC = b"PAR1"
ZIP_MAGIC = b"PK\x03\x04"


def detect(source: Source, *, names_columns: bool = False) -> str:
    """Return the name of a file's format.

    Args:
        source: The file.
        names_columns: Whether the user named columns, so that it must be a table.

    Raises:
        BadInputError: If it is binary data, whose format must be named, or a zip archive.
    """
    name = source.content_name.lower()
    if source.head.startswith(PARQUET_MAGIC):
        return "parquet"
    if source.head.startswith(ZIP_MAGIC):
        raise BadInputError("is a zip archive; unpack it and name the file inside", source.place)
    suffix = Path(name).suffix
    if suffix in (".parquet", ".pq"):
        return "parquet"
    lines = [line + b"\n" for line in source.head.split(b"\n")[:LOOKED_AT] if line.strip()]
    is_log = any(LOG_LINE.match(line) for line in lines)
    # A log may hold NUL bytes where the machine went down while it was written.
    if b"\0" in source.head and not is_log:
        raise BadInputError(BINARY_TEXT, source.place)
    if names_columns or suffix in (".csv", ".tsv"):
        return "csv"
    if is_log or LOG_NAME.search(name):
        return "combined"
    header, _ = read_header(source.head)
    if any(column.strip().lower() in KEY_NAMES for column in header):
        return "csv"
    return "text"
