"""Logs with W3C headers (``#Fields: ...``): IIS, CloudFront and others, in any order of fields."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perflab.errors import BadInputError
from perflab.workloads.importers.access_log import AccessLog
from perflab.workloads.importers.columns import listed
from perflab.workloads.importers.log_format import LogFormat, Token
from perflab.workloads.importers.requests import Parsed, Requests
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.template import fields_of
from perflab.workloads.kinds.trace import Trace

HEADER = re.compile(rb"#(?:Version|Fields|Software|Date|Start-Date|Remark):", re.IGNORECASE)
_FIELDS = re.compile(rb"#Fields:\s*(.+)", re.IGNORECASE)
_NAME = "of a log with W3C headers"
_NAMES = {
    "cs-method": "request_method",
    "cs-uri-stem": "uri",
    "cs-uri-query": "args",
    "cs-uri": "request_uri",
    "sc-status": "status",
    "sc-bytes": "body_bytes_sent",
    "cs(Host)": "host",
    "cs-host": "host",
    "x-host-header": "http_host",
}
# Of IIS, which counts it in ms; others count it in s, and CloudFront's is of hits as well.
_TIME_TAKEN, _OF_IIS = "time-taken", ("sc-win32-status", "s-sitename", "s-computername")


def read_w3c(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read method, URL and query as key, date and time (UTC), and ``sc-bytes`` as size.

    Raises:
        BadInputError: If no header names the fields, or most lines do not parse.
    """
    found = _FIELDS.search(source.head)
    if found is None:
        text = "has no header #Fields: that names its fields; describe it with --log-format"
        raise BadInputError(text, source.place)
    tabbed = _is_tabbed(source.head)
    form = _form(found[1], tabbed)
    log = AccessLog(source, form, columns)

    def parse(lines: pa.Array) -> Parsed:
        marked = np.flatnonzero(pc.starts_with(lines, "#").to_numpy(zero_copy_only=False))
        if not len(marked):
            return log.parse(lines)
        ends = [*marked.tolist(), len(lines)]
        parts = [log.parse(lines.slice(0, ends[0]))] if ends[0] else []
        good = [each for each, _ in parts]
        for start, end in pairwise(ends):
            header = _FIELDS.match(lines[start].as_py())
            if header is not None:
                log.take(_form(header[1], tabbed))
            good.append(np.ones(1, np.bool_))
            if end > start + 1:
                parts.append(log.parse(lines.slice(start + 1, end - start - 1)))
                good.append(parts[-1][0])
        return np.concatenate(good), _together([columns for _, columns in parts])

    trace = log.read(Requests(source, _NAME), parse)
    return dataclasses.replace(trace, notes=(*trace.notes, *_unused(form, columns)), check=False)


def _unused(form: LogFormat, columns: Mapping[str, str] | None) -> tuple[str, ...]:
    """Return a note on the fields that the first header names and nothing is read from."""
    roles = (form.time, form.size, form.target, form.host, form.backend)
    used = {*roles, "args", "request_method", "status"}
    used |= set(fields_of(columns["key"])) if columns else set()
    unused = [name for name in form.fields if name not in used]
    return (f"fields not used: {listed(unused)}",) if unused else ()


def _together(parts: list[Mapping[str, pa.Array]]) -> dict[str, pa.Array]:
    if not parts:
        return {"key": pa.array([], pa.string())}
    names = set.intersection(*(set(part) for part in parts))
    keys = pa.concat_arrays([part["key"] for part in parts])
    return {"key": keys} | {
        name: np.concatenate([part[name] for part in parts]) for name in names - {"key"}
    }


def _is_tabbed(head: bytes) -> bool:
    first = next((line for line in head.splitlines() if line and not line.startswith(b"#")), b"")
    return b"\t" in first


def _form(header: bytes, tabbed: bool) -> LogFormat:
    """Return the form that a header names: its fields, parted by tabs or blanks."""
    names = header.decode("utf-8", "replace").split()
    by = "\t" if tabbed else " "
    is_iis = any(name in names for name in _OF_IIS)
    tokens: list[Token] = []
    place = 0
    while place < len(names):
        if tokens:
            tokens.append(Token(by))
        if names[place : place + 2] == ["date", "time"]:
            tokens.append(Token("date_time", True))
            place += 2
            continue
        known = _NAMES.get(names[place], re.sub(r"\W", "_", names[place].lower()))
        if names[place] == _TIME_TAKEN and is_iis:
            known = "duration_ms"
        tokens.append(Token(known, True))
        place += 1
    return LogFormat(_NAME, tuple(tokens), utc=True)
