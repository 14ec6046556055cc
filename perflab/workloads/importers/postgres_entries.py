"""PostgreSQL's log, message by message: as text, CSV or JSON, also in what others put around it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from perflab.errors import BadInputError
from perflab.primitives.lenient_json import load_json
from perflab.workloads.importers.json_lines import is_document
from perflab.workloads.importers.json_text import ESCAPE, load_objects, shown
from perflab.workloads.importers.records import lines, records
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.wrapped import wrappers_of

SEVERITIES = r"(?:DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC)"
FIELDS = r"(?:DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT|BACKTRACE)"
TIME = re.compile(
    r"(?<!\d)(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?)"
    r" ?([+-]\d\d(?::?\d\d)?|[A-Z]{2,5}\b)?|(?<!\d)(\d{10}\.\d{3})(?!\d)"
)
_MESSAGE = re.compile(rf"(?:^|[^A-Za-z])({SEVERITIES}|{FIELDS}):\s+(.*)$")
_OF_DURATION = re.compile(r"LOG:\s+duration: ")
# Positions in a row of the csvlog (PostgreSQL manual, 19.8.4).
_CSV_TIME, _CSV_PROCESS, _CSV_SEVERITY, _CSV_MESSAGE = 0, 3, 11, 13
_CSV_COLUMNS = 22
# What names the process in a prefix: %c, [%p] or [%p-%l], pid=%p, or %p behind the time.
_PROCESS = re.compile(r"\b[0-9a-f]{8}\.([0-9a-f]{1,8})\b|\[(\d+)(?:-\d+)?\]|\bpid[=:] ?(\d+)")
_BEHIND_TIME = re.compile(r"[ :](\d+)(?=[ :])")
# By syslog each line of a message has its number in it, and a tab may be #011.
_SYSLOG_PART = re.compile(r"\[\d+-(\d+)\] ")
_TABS = ("\t", "#011")
# Fields of a JSON object that hold PostgreSQL's own (CloudNativePG, Cloud Logging), or its text.
_OBJECTS = ("record", "jsonPayload")
_TEXTS = ("log", "MESSAGE", "textPayload", "message", "msg")
_DEEPEST = 4


class Entry(NamedTuple):
    """One message of the log; of a line that is none, the message is None.

    Attributes:
        line: Its number, from 1.
        text: The line, to be shown.
        time: When it was written, as it stands there.
        message: What it says; of a text, the first line.
        process: Which process wrote it; empty if that is not known.
    """

    line: int
    text: str
    time: str
    message: str | None
    process: str = ""


def looks_like_postgres(line: str) -> str | None:
    """Return which log a line could be of: ``text``, ``csv`` or ``json``; None for no such log."""
    if line.startswith("{"):
        return "json" if _is_object(line) else None
    try:
        row = next(csv.reader([line]), [])
    except csv.Error:  # a lone CR, or a field that is too long
        row = []
    # A statement may hold what looks like the beginning of a text log's message.
    if len(row) >= _CSV_COLUMNS and re.fullmatch(SEVERITIES, row[_CSV_SEVERITY]):
        return "csv" if TIME.match(row[_CSV_TIME]) else None
    match = _MESSAGE.search(line)
    return "text" if match and TIME.search(line, 0, match.start(1)) else None


def entries(source: Source) -> Iterator[Entry]:
    """Yield the messages of a log; lines on which a statement goes on belong to theirs.

    Raises:
        BadInputError: If it is binary data, a broken archive, or no CSV or JSON where it began so.
    """
    head = source.head.decode("utf-8-sig", errors="replace").splitlines()
    kinds = [kind for kind in map(looks_like_postgres, head) if kind]
    kind = kinds[0] if kinds else "text"
    if is_document(source.head):
        yield from _of_objects(enumerate(load_objects(source), start=1))
    elif kind == "csv":
        yield from _csv_entries(source)
    elif kind == "json":
        yield from _of_objects(_objects(source))
    else:
        yield from _text_entries(source)


def is_postgres(source: Source, looked_at: int) -> bool:
    """Say whether a file looks like a log of PostgreSQL by its first lines, or as a document."""
    head = source.head.decode("utf-8-sig", errors="replace")
    if any(map(looks_like_postgres, head.splitlines()[:looked_at])):
        return True
    return is_document(source.head) and bool(_OF_DURATION.search(head) or _has_fields(head))


def check_has_times(source: Source, looked_at: int) -> None:
    """Refuse a log of PostgreSQL whose first lines say no time with a year, as syslog writes it.

    Raises:
        BadInputError: With what to set.
    """
    head = source.head.decode("utf-8-sig", errors="replace").splitlines()[:looked_at]
    if any(map(_OF_DURATION.search, head)):
        text = (
            "is a log of PostgreSQL whose lines have no time with a year (syslog writes none); "
            "set log_line_prefix = '%m [%p] ', or write it by journalctl -o short-iso"
        )
        raise BadInputError(text, source.place)


def _is_object(line: str) -> bool:
    """Say whether a line is an object of the jsonlog, or one with a line of PostgreSQL in it."""
    if '"error_severity"' in line:
        return _has_fields(line)
    if _OF_DURATION.search(line) is None and "error_severity" not in line:
        return False
    entry = next(_of_objects([(1, _object(line))]), None)
    return entry is not None and entry.message is not None


def _has_fields(text: str) -> bool:
    return "error_severity" in text and any(name in text for name in ("timestamp", "log_time"))


def _text_entries(source: Source) -> Iterator[Entry]:
    head = [line + b"\n" for line in source.head.splitlines() if line.strip()]
    prefixes = [wrapper.prefix for wrapper in wrappers_of(head) if wrapper.prefix]
    prefix = re.compile(prefixes[0]) if prefixes else None
    for number, line in lines(source):
        begun = prefix.match(line) if prefix else None
        found = _text_entry(number, line, begun.end() if begun else 0)
        if found is not None:
            yield found


def _text_entry(number: int, line: str, begun: int = 0) -> Entry | None:
    """Return the message of a line, or None if it is blank or goes on with the one before.

    Args:
        number: The line's number.
        line: The line.
        begun: Where it begins, behind what a container or syslog put before it.
    """
    if line.startswith(_TABS, begun) or not line[begun:].strip():
        return None
    match = _MESSAGE.search(line, begun)
    end = match.start(1) if match else 0
    time = (TIME.search(line, begun, end) or TIME.search(line, 0, end)) if match else None
    if time is None:
        part = _SYSLOG_PART.match(line, begun)
        if line[begun] == " " or (part and part[1].lstrip("0") != "1"):
            return None
        message = match[2] if match and "duration: " not in line else None
        return Entry(number, line, "", message)
    named = _PROCESS.search(line, 0, end) or _BEHIND_TIME.match(line, time.end(), end)
    process = named[named.lastindex or 0] if named else ""
    return Entry(number, line, time[0], match[2] if match else None, process)


def _csv_entries(source: Source) -> Iterator[Entry]:
    for number, row in records(source):
        text = ",".join(row)
        if len(row) < _CSV_COLUMNS:
            yield Entry(number, text, "", None)
        else:
            yield Entry(number, text, row[_CSV_TIME], row[_CSV_MESSAGE], row[_CSV_PROCESS])


def _objects(source: Source) -> Iterator[tuple[int, Any]]:
    for number, line in lines(source, ESCAPE):
        if line.strip():
            found = _object(line)
            yield number, line if found is None else found


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        found = load_json(text.encode())
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _of_objects(objects: Iterable[tuple[int, Any]]) -> Iterator[Entry]:
    for number, said in objects:
        text = said if isinstance(said, str) else shown(said)
        found = _inside(number, said) if isinstance(said, dict) else Entry(number, text, "", None)
        if found is not None:
            yield found._replace(text=text)


def _inside(number: int, said: Mapping[str, Any], depth: int = 0) -> Entry | None:
    """Return the message in an object; None if it is a line that goes on with another's."""
    nothing = Entry(number, "", "", None)
    if "error_severity" in said:
        time = said.get("timestamp", said.get("log_time"))
        process = said.get("pid", said.get("process_id"))
        known = "" if process is None else str(process)
        return nothing if time is None else Entry(number, "", str(time), _message(said), known)
    for field in _OBJECTS if depth < _DEEPEST else ():
        if isinstance(said.get(field), dict):
            return _inside(number, said[field], depth + 1)
    if said.get("logger", "postgres") != "postgres":  # CloudNativePG's own
        return Entry(number, "", "", "")
    text = next((said[field] for field in _TEXTS if isinstance(said.get(field), str)), "")
    inner = _object(text) if text.startswith("{") and depth < _DEEPEST else None
    if inner is not None:
        return _inside(number, inner, depth + 1)
    return _text_entry(number, text.partition("\n")[0]) if text else nothing


def _message(said: Mapping[str, Any]) -> str:
    message = said.get("message")
    return message if isinstance(message, str) else ""
