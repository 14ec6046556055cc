"""logfmt: lines of ``name=value``, as Heroku's router, Grafana and Go's loggers write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from perflab.errors import BadInputError
from perflab.workloads.importers.field_spans import LOGFMT
from perflab.workloads.importers.json_values import JsonValues
from perflab.workloads.importers.log_names import count_matches
from perflab.workloads.importers.quick_lines import QuickLines
from perflab.workloads.importers.requests import Requests, no_sizes_note, ordered_trace
from perflab.workloads.importers.role_names import JSON_NAMES
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.time_units import settled
from perflab.workloads.kinds.trace import Trace

LINE_TIME = "line_time"
"""The field of a date and time that stands before the first pair."""

ADVICE = (
    "if the other lines are not requests, keep those that are, as grep ' path=' FILE does; "
    "another key is named with --columns key=FIELD"
)
# A name is tried from its start only: else a long word takes the square of its length.
_PAIR = re.compile(r'(?<![^\s="])([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)')
# Three pairs or more to the end of the line, behind at most a time and names in words.
_LINE = (
    r'^(?:[^="]{0,200}[ \t])?(?:[\w.@/\-]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)[ \t]+){2,}'
    r'[\w.@/\-]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)\s*$'
)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?(?=\s|$)"
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MOST = 0.8
_NAMES = {
    **JSON_NAMES,
    "time": (*JSON_NAMES["time"], "t", LINE_TIME),
    "backend": (*JSON_NAMES["backend"], "service"),
}


def looks_like_logfmt(lines: Sequence[bytes]) -> bool:
    """Say whether most lines are pairs of name and value to their end, three at least."""
    return bool(lines) and count_matches(lines, [_LINE]) >= _MOST * len(lines)


def read_logfmt(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read key, time and the other roles from fields that are called as in JSON logs.

    A value may be quoted, with JSON's escapes. The first of several fields of one name counts. A
    date and time before the first pair, as Heroku and syslog write it, is the field `LINE_TIME`.
    Lines without a key or time are skipped and counted; lines are sorted by time, which a note
    says.

    Args:
        source: The file.
        columns: The field of a role; the key may be a template, such as ``{host}{path}``.

    Raises:
        BadInputError: If no line has a key, or most lines do not parse.
    """
    values = JsonValues(columns, _NAMES, time_unit=source.time_unit)
    requests = Requests(source, "logfmt lines with key and time", advice=ADVICE)
    try:
        length = source.total_bytes
        quick = QuickLines(values, _objects, form=LOGFMT, moment=LINE_TIME, file_bytes=length)
        requests.read(quick.parse)
        ids, keys, found = requests.columns()
    except BadInputError:
        values.check_found(source.place)
        raise
    values.put_operations(found, source.place)
    told = values.settle_backend(found, source.place)
    notes = (*requests.notes(), *values.notes(), *told, *no_sizes_note(found))
    if "time" in found:
        found["time"], said = settled(
            found["time"], source.place, values.time_unit, dated=values.dated
        )
        notes = (*notes, *said)
    return ordered_trace(source, ids, keys, found, notes, fill=False)


def parse_line(line: str) -> dict[str, Any] | None:
    """Return the fields of a line, all of them texts; None if it has none."""
    first = _PAIR.search(line)
    if first is None:
        return None
    fields: dict[str, Any] = {}
    for name, quoted, plain in _PAIR.findall(line, first.start()):
        if name not in fields:
            fields[name] = _unescaped(quoted) if "\\" in quoted else quoted or plain
    before = _MOMENT.search(line, 0, first.start())
    if before is not None:
        fields.setdefault(LINE_TIME, before[0])
    return fields


def _objects(lines: pa.Array) -> Iterator[dict[str, Any] | None]:
    for line in lines.to_pylist():
        yield parse_line(line.decode())


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return _ESCAPED.sub(r"\1", text)
