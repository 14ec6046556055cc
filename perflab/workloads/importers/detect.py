"""Which format a file is of: by what its first lines look like, or by its ending."""

from __future__ import annotations

import re
from pathlib import Path

from perflab.errors import BadInputError
from perflab.workloads.importers.blocks import ARC_LINE, MSR_LINE, SPC_LINE
from perflab.workloads.importers.columns import KEY_NAMES
from perflab.workloads.importers.combined import LINE
from perflab.workloads.importers.csv import read_header
from perflab.workloads.importers.foreign import check_is_read
from perflab.workloads.importers.postgres import looks_like_postgres
from perflab.workloads.importers.redis_monitor import LINE as MONITOR_LINE
from perflab.workloads.importers.source import BINARY_TEXT, Source
from perflab.workloads.importers.structured import check_no_document, check_one_key_a_line
from perflab.workloads.importers.twitter import LINE as TWITTER_LINE
from perflab.workloads.importers.utf8 import BYTE_ORDER_MARK

LOOKED_AT = 20
JUDGED = 200
LOG_NAME = re.compile(r"(\.log(\.\d+|-\d+)?|access_log(\.\d+|-\d+)?)$")
LOG_LINE = re.compile(LINE.encode())
ARC = re.compile(ARC_LINE.encode())
HAR_START = re.compile(rb'\s*\{\s*"log"\s*:\s*\{')
# Formats whose lines nothing else looks like.
LINES = {
    "combined": LOG_LINE,
    "redis_monitor": MONITOR_LINE,
    "twitter": re.compile(TWITTER_LINE.encode()),
    "msr": re.compile(MSR_LINE.encode()),
    "spc": re.compile(SPC_LINE.encode()),
    "json": re.compile(rb'\s*\{\s*"'),
}
LOGS = ("combined", "json")
OF_POSTGRES = (
    "is a log of PostgreSQL: it says when statements ran and how long, and has no keys; use it "
    "with connection_pool or async_io"
)
ORACLE_NAME = "oraclegeneral"
ORACLE_HEADING = re.compile(
    rb"[#\s]{0,9}\w{0,40}time\w{0,40}\s{0,9},\s{0,9}obj(?:ect)?(?:_id)?"
    rb"\s{0,9},\s{0,9}(?:obj_)?size\b",
    re.IGNORECASE,
)
PARQUET_MAGIC = b"PAR1"


def detect(source: Source, *, names_columns: bool = False) -> str:
    """Return the name of a file's format.

    Args:
        source: The file.
        names_columns: Whether the user named columns, so that it must be a table.

    Raises:
        BadInputError: If it is binary data, whose format must be named, a zip archive, or a text
            whose lines are no keys.
    """
    name = source.content_name.lower()
    suffix = Path(name).suffix
    head = source.head.removeprefix(BYTE_ORDER_MARK)
    kind = _of_one_piece(name, suffix, head, source.place)
    if kind is not None:
        return kind
    lines = [line + b"\n" for line in head.split(b"\n")[:LOOKED_AT] if line.strip()]
    kind = next((kind for kind in LINES if any(map(LINES[kind].match, lines))), None)
    # A log may hold NUL bytes where the machine went down while it was written.
    if b"\0" in head and kind != "combined":
        raise BadInputError(BINARY_TEXT, source.place)
    if kind in LOGS or (kind is not None and not names_columns):
        return kind
    if names_columns:
        return "csv"
    if lines and ORACLE_HEADING.match(lines[0]):
        return "oracle_csv"
    if suffix == ".lis" and any(map(ARC.match, lines)):
        return "arc"
    return _by_name_or_header(source, name, suffix)


def _of_one_piece(name: str, suffix: str, head: bytes, place: str) -> str | None:
    if head.startswith(PARQUET_MAGIC) or suffix in (".parquet", ".pq"):
        return "parquet"
    check_is_read(head, suffix, place)
    if ORACLE_NAME in name and suffix != ".csv":
        return "oracle"
    # Of a log with such an object on each line, the second begins as the first does.
    several = HAR_START.match(head.partition(b"\n")[2]) is not None
    return "har" if suffix == ".har" or (HAR_START.match(head) and not several) else None


def _by_name_or_header(source: Source, name: str, suffix: str) -> str:
    if suffix in (".csv", ".tsv"):
        return "csv"
    lines = [line for line in source.head.splitlines()[:JUDGED] if line.strip()]
    if LOG_NAME.search(name):
        check_no_document(lines, source.place)
        if any(looks_like_postgres(line.decode(errors="replace")) for line in lines[:LOOKED_AT]):
            raise BadInputError(OF_POSTGRES, source.place)
        return "combined"
    header, _ = read_header(source.head)
    if any(column.strip().lower() in KEY_NAMES for column in header):
        return "csv"
    check_one_key_a_line(lines, source.place)
    return "text"
