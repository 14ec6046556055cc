"""PostgreSQL's log of statements with their durations: as text, as CSV and as JSON."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from perflab.primitives.lenient_json import load_json
from perflab.units import counted, grouped
from perflab.workloads.importers.json_text import ESCAPE
from perflab.workloads.importers.records import lines, records
from perflab.workloads.importers.served import Served, seconds_of
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.arrivals import Arrivals

SEVERITIES = r"(?:DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC)"
FIELDS = r"(?:DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT|BACKTRACE)"
TIME = re.compile(
    r"(?<!\d)(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?)"
    r" ?([+-]\d\d(?::?\d\d)?|[A-Z]{2,5}\b)?|(?<!\d)(\d{10}\.\d{3})(?!\d)"
)
MESSAGE = re.compile(rf"(?:^|[^A-Za-z])({SEVERITIES}|{FIELDS}):\s+(.*)$")
DURATION = re.compile(r"duration: (\d+(?:\.\d+)?) ms(?:\s+(\w+))?")
NO_REQUEST = ("parse", "bind")
STEPS = 3
# Positions in a row of the csvlog (PostgreSQL manual, 19.8.4): log_time, severity, message.
CSV_TIME, CSV_SEVERITY, CSV_MESSAGE = 0, 11, 13
CSV_COLUMNS = 22
UTC_NAMES = frozenset({"", "UTC", "GMT", "Z"})
WHAT = "lines of PostgreSQL with a time and a duration"
ADVICE = (
    "set log_min_duration_statement = 0 and a log_line_prefix with %m, such as '%m [%p] ', "
    "or log_destination = 'jsonlog'"
)


class Entry(NamedTuple):
    """One message of the log; of a line that is none, the message is None."""

    line: int
    text: str
    time: str
    message: str | None


def looks_like_postgres(line: str) -> str | None:
    """Return which log a line could be of: ``text``, ``csv`` or ``json``; None for no such log."""
    if line.startswith("{"):
        return "json" if '"error_severity"' in line and '"timestamp"' in line else None
    try:
        row = next(csv.reader([line]), [])
    except csv.Error:  # a lone CR, or a field that is too long
        row = []
    # A statement may hold what looks like the beginning of a text log's message.
    if len(row) >= CSV_COLUMNS and re.fullmatch(SEVERITIES, row[CSV_SEVERITY]):
        return "csv" if TIME.match(row[CSV_TIME]) else None
    match = MESSAGE.search(line)
    return "text" if match and TIME.search(line, 0, match.start(1)) else None


def read_postgres(source: Source) -> Arrivals:
    """Read a start (the time logged less the duration) and a duration for each statement.

    The log has a line when a statement has ended: requests are sorted by start. The steps
    ``parse`` and ``bind`` of a prepared statement are not requests of their own and left out.

    Raises:
        BadInputError: If most lines are no log of PostgreSQL, or none has a duration.
    """
    served = Served(source, WHAT, ADVICE)
    total = steps = 0
    zones: set[str] = set()
    kinds: Counter[str] = Counter()
    whole = True
    for entry in _entries(source):
        total += 1
        if entry.message is None:
            served.skip(entry.line, entry.text)
            continue
        match = DURATION.match(entry.message)
        if match is None:
            continue
        if match[2] in NO_REQUEST:
            steps += 1
            continue
        try:
            end, zone = _seconds(entry.time)
        except ValueError:
            served.skip(entry.line, entry.text)
            continue
        duration = float(match[1]) / 1e3
        zones.add(zone)
        kinds[_kind(entry.message, match)] += 1
        whole = whole and end == int(end)
        served.add(entry.line, entry.text, end - duration, duration)
    return served.finish(total, (*_twice(kinds), *_notes(steps, zones, whole=whole)))


def _kind(message: str, match: re.Match[str]) -> str:
    """Return what a duration is of: a ``plan``, a ``statement``, or ``bare`` without a word."""
    if match[2] == "plan":
        return "plan"
    return "statement" if message[match.end() :].strip() or match[2] else "bare"


def _twice(kinds: Counter[str]) -> tuple[str, ...]:
    """Return what of the requests may be counted more than once."""
    total = kinds.total()
    said = []
    if kinds["plan"] and kinds["plan"] < total:
        said.append(
            f"{grouped(kinds['plan'])} of {counted(total, 'request')} are plans of auto_explain: "
            "a statement that is logged with its plan counts twice, so the rate may be too high; "
            "take out one of the two"
        )
    if kinds["bare"] >= STEPS:
        said.append(
            f"{grouped(kinds['bare'])} of {grouped(total)} durations stand without their statement "
            "(log_duration): parse, bind and execute of one statement may count as three requests; "
            "log with log_min_duration_statement = 0 instead"
        )
    return tuple(said)


def _notes(steps: int, found: set[str], *, whole: bool) -> tuple[str, ...]:
    said = []
    zones = found - UTC_NAMES
    named = sorted(zone for zone in found if zone)
    if steps:
        said.append(f"{grouped(steps)} parse and bind steps left out; they are part of a request")
    if len(named) > 1:
        said.append(
            f"times of the zones {', '.join(named)} are read as UTC alike, so the gap where one "
            "follows another is wrong; set log_timezone = 'UTC'"
        )
    elif zones:
        said.append(f"the zone {', '.join(sorted(zones))} is read as UTC; only gaps matter")
    if whole:
        said.append("times are whole seconds; a log_line_prefix with %m has milliseconds")
    return tuple(said)


def _entries(source: Source) -> Iterator[Entry]:
    head = source.head.decode("utf-8-sig", errors="replace").splitlines()
    kinds = [kind for kind in map(looks_like_postgres, head) if kind]
    kind = kinds[0] if kinds else "text"
    if kind == "csv":
        yield from _csv_entries(source)
    elif kind == "json":
        yield from _json_entries(source)
    else:
        yield from _text_entries(source)


def _text_entries(source: Source) -> Iterator[Entry]:
    for number, line in lines(source):
        if not line.strip() or line.startswith("\t"):
            continue  # a statement goes on
        match = MESSAGE.search(line)
        time = TIME.search(line, 0, match.start(1)) if match else None
        message = match[2] if match and (time or "duration: " not in line) else None
        yield Entry(number, line, time[0] if time else "", message)


def _csv_entries(source: Source) -> Iterator[Entry]:
    for number, row in records(source):
        good = len(row) >= CSV_COLUMNS
        time, message = (row[CSV_TIME], row[CSV_MESSAGE]) if good else ("", None)
        yield Entry(number, ",".join(row), time, message)


def _json_entries(source: Source) -> Iterator[Entry]:
    for number, line in lines(source, ESCAPE):
        if not line.strip():
            continue
        try:
            said = load_json(line.encode())
            time, message = str(said["timestamp"]), str(said.get("message", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            time, message = "", None
        yield Entry(number, line, time, message)


def _seconds(text: str) -> tuple[float, str]:
    """Return the epoch seconds of a log's time and the name of its zone, if it is no offset."""
    match = TIME.match(text)
    if match is None:
        raise ValueError(text)
    if match[3]:
        return float(match[3]), ""
    zone = match[2] or ""
    moment = match[1].replace(",", ".")
    if zone[:1] in ("+", "-"):
        return seconds_of(moment + zone), ""
    return seconds_of(moment), zone
