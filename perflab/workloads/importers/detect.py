"""Which format a file is of: by what its first lines look like, or by its ending."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from perflab.errors import BadInputError
from perflab.workloads.importers.blocks import ARC_LINE, MSR_LINE, SPC_LINE
from perflab.workloads.importers.columns import is_keyed
from perflab.workloads.importers.csv_heading import read_header
from perflab.workloads.importers.foreign import check_is_read
from perflab.workloads.importers.json_lines import is_document
from perflab.workloads.importers.json_text import begins_as_har
from perflab.workloads.importers.log_lines import COMBINED_LINE, COMBINED_SHAPES
from perflab.workloads.importers.log_names import (
    JSON_NAMES,
    LOGFMT_NAMES,
    VAGUEST,
    W3C_NAMES,
    count_matches,
    detect_log,
    detect_longer,
    matching,
    named_format,
)
from perflab.workloads.importers.logfmt import looks_like_logfmt
from perflab.workloads.importers.memcached_log import looks_like_memcached
from perflab.workloads.importers.postgres_entries import is_postgres, looks_like_postgres
from perflab.workloads.importers.redis_monitor import LINE as MONITOR_LINE
from perflab.workloads.importers.redis_monitor import START as MONITOR_START
from perflab.workloads.importers.role_names import KEYS
from perflab.workloads.importers.source import BINARY_TEXT, Source
from perflab.workloads.importers.structured import check_no_document, check_one_key_a_line
from perflab.workloads.importers.twitter import LINE as TWITTER_LINE
from perflab.workloads.importers.utf8 import BYTE_ORDER_MARK
from perflab.workloads.importers.w3c import HEADER
from perflab.workloads.importers.wrapped import wrappers_of

LOOKED_AT = 20
JUDGED = 200
LOG_NAME = re.compile(r"(\.log(\.\d+|-\d+)?|access_log(\.\d+|-\d+)?)$")
MOST = 0.8
ARC = re.compile(ARC_LINE.encode())
# Formats whose lines nothing else looks like.
LINES = {
    "redis_monitor": MONITOR_LINE,
    "twitter": re.compile(TWITTER_LINE.encode()),
    "msr": re.compile(MSR_LINE.encode()),
    "spc": re.compile(SPC_LINE.encode()),
    "json": re.compile(rb'\s*\{\s*"'),
}
# What a server was asked for; a log of PostgreSQL has no such line.
REQUEST = re.compile(rb'"[A-Z]+ \S+ HTTP/\d')
OF_POSTGRES = (
    "is a log of PostgreSQL: it says when statements ran and how long, and has no keys; use it "
    "with connection_pool or async_io"
)
_KEYED = re.compile(rb'"(?:%s)"\s*:' % "|".join(KEYS).encode())
ORACLE_NAME = "oraclegeneral"
ORACLE_HEADING = re.compile(
    rb"[#\s]{0,9}\w{0,40}time\w{0,40}\s{0,9},\s{0,9}obj(?:ect)?(?:_id)?"
    rb"\s{0,9},\s{0,9}(?:obj_)?size\b",
    re.IGNORECASE,
)
# What a text with one column may be called; others may as well be a key.
ALONE = ("key", "id", "url", "path", "row")
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
    lines = _first_lines(head)
    # A log may hold NUL bytes where the machine went down while it was written.
    kind = _known_log(source, lines)
    if kind is not None:
        return kind
    if b"\0" in head:
        raise BadInputError(BINARY_TEXT, source.place)
    kind = next((kind for kind in LINES if any(map(LINES[kind].match, lines))), None)
    if b"\n" not in head and MONITOR_START.match(head):  # a value longer than what is looked at
        kind = "redis_monitor"
    if suffix not in (".csv", ".tsv") and is_document(head):
        kind = "json"
    if kind == "json" and not names_columns:
        _check_no_postgres_objects(source)
    if names_columns:
        return "json" if kind == "json" else "csv"
    if kind is None and lines and ORACLE_HEADING.match(lines[0]):
        kind = "oracle_csv"
    elif kind is None and suffix == ".lis" and any(map(ARC.match, lines)):
        kind = "arc"
    return kind or _by_name_or_header(source, name, suffix)


def detect_wrapper(source: Source, log_format: str) -> str:
    """Return the kind of a named log format; note what stands around each line of the file.

    Raises:
        BadInputError: If there is no such format.
    """
    plain = log_format.strip().lower()
    if plain in W3C_NAMES:
        return "w3c"
    if plain in JSON_NAMES:
        return "json"
    lines = _first_lines(source.head.removeprefix(BYTE_ORDER_MARK))
    if plain in LOGFMT_NAMES:
        inside = (w for w in wrappers_of(lines) if looks_like_logfmt(w.unwrap(lines)))
        source.wrapper = None if looks_like_logfmt(lines) else next(inside, None)
        return "logfmt"
    form = named_format(log_format)
    wanted = [form.target or "request"]
    direct = matching(lines, form, wanted)
    for wrapper in wrappers_of(lines):
        if matching(wrapper.unwrap(lines), form, wanted) > direct:
            source.wrapper = wrapper
            break
    return "log"


def _first_lines(head: bytes) -> list[bytes]:
    lines = head.replace(b"\r\n", b"\n").split(b"\n")
    return [line + b"\n" for line in lines[:LOOKED_AT] if line.strip()]


def _known_log(source: Source, lines: Sequence[bytes]) -> str | None:
    """Return the kind of a log, whatever stands around its lines, which is noted."""
    kind = _log(lines) or _wrapped(source, lines)
    return _longer(source, lines) if kind == "combined" else kind


def _log(lines: Sequence[bytes]) -> str | None:
    """Return the kind of a log whose lines nothing else looks like."""
    if not lines:
        return None
    if count_matches(lines, [COMBINED_LINE]):
        return "combined"
    if any(map(HEADER.match, lines[:4])) and any(b"ields:" in line for line in lines):
        return "w3c"
    if looks_like_memcached(lines):
        return "memcached"
    named = detect_log(lines)
    shaped = count_matches(lines, [COMBINED_SHAPES]) >= MOST * len(lines)
    if shaped and named in (None, VAGUEST):
        named = "combined"
    return named or ("logfmt" if looks_like_logfmt(lines) else None)


def _longer(source: Source, lines: Sequence[bytes]) -> str:
    """Return the kind of a log that begins as the combined one; note what stands around lines."""
    wrappers = [source.wrapper] if source.wrapper is not None else [*wrappers_of(lines), None]
    for wrapper in wrappers:
        inside = lines if wrapper is None else wrapper.unwrap(lines)
        named = detect_longer(inside, count_matches(inside, [COMBINED_LINE, COMBINED_SHAPES]))
        if named is not None:
            source.wrapper = wrapper
            return named
    return "combined"


def _wrapped(source: Source, lines: Sequence[bytes]) -> str | None:
    """Return the kind of a log each line of which stands in something else, which is noted."""
    for wrapper in wrappers_of(lines):
        inside = wrapper.unwrap(lines)
        kind = _log(inside)
        objects = sum(bool(LINES["json"].match(line)) for line in inside)
        if kind is None and objects >= MOST * len(inside):
            kind = "json"
        if kind not in (None, "w3c"):
            source.wrapper = wrapper
            return kind
    return None


def _of_one_piece(name: str, suffix: str, head: bytes, place: str) -> str | None:
    if head.startswith(PARQUET_MAGIC) or suffix in (".parquet", ".pq"):
        return "parquet"
    check_is_read(head, suffix, place)
    if ORACLE_NAME in name and suffix != ".csv":
        return "oracle"
    return "har" if suffix == ".har" or begins_as_har(head) else None


def _check_no_postgres_objects(source: Source) -> None:
    """Refuse objects of a log of PostgreSQL that have no field of a key."""
    if _KEYED.search(source.head) is None and is_postgres(source, LOOKED_AT):
        raise BadInputError(OF_POSTGRES, source.place)


def _by_name_or_header(source: Source, name: str, suffix: str) -> str:
    lines = [line for line in source.head.splitlines()[:JUDGED] if line.strip()]
    is_served = any(map(REQUEST.search, lines[:LOOKED_AT]))
    texts = (line.decode(errors="replace") for line in lines[:LOOKED_AT])
    if not is_served and any(map(looks_like_postgres, texts)):
        raise BadInputError(OF_POSTGRES, source.place)
    if suffix in (".csv", ".tsv"):
        return "csv"
    if LOG_NAME.search(name):
        check_no_document(lines, source.place)
        return "combined"
    header, _ = read_header(source.head)
    if is_keyed(header) and (len(header) > 1 or header[0].strip().lower() in ALONE):
        return "csv"
    check_one_key_a_line(lines, source.place)
    return "text"
