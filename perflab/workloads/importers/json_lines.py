"""JSON access logs, as nginx, Caddy, Traefik and loggers write them and clouds export them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import orjson

from perflab.errors import BadInputError
from perflab.primitives.lenient_json import load_exact, load_json
from perflab.workloads.importers.json_objects import parse_objects
from perflab.workloads.importers.json_text import ESCAPE, load_objects, shown
from perflab.workloads.importers.json_values import JsonValues
from perflab.workloads.importers.quick_lines import QuickLines
from perflab.workloads.importers.requests import (
    Requests,
    no_sizes_note,
    ordered_trace,
)
from perflab.workloads.importers.source import HEAD_BYTES, Source
from perflab.workloads.importers.time_units import settled
from perflab.workloads.importers.utf8 import BYTE_ORDER_MARK
from perflab.workloads.kinds.trace import Trace


def read_json(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read from each object a key and, where the first thousand have them, the other roles.

    Objects stand one on a line, in an array, or one after the other over several lines.

    Lines that are no object, or have no key or time, are skipped and counted. Lines are sorted by
    time, which a note says.

    Args:
        source: The file.
        columns: The field of a role; the key may be a template, such as ``{host}{path}``, and
            names a field within another by a dot, such as ``{request.host}``.

    Raises:
        BadInputError: If no object has a key, or most lines do not parse.
    """
    values = JsonValues(columns, time_unit=source.time_unit)
    requests = Requests(source, "JSON objects with key and time")
    total, noun, one = None, "lines", "line"
    try:
        if is_document(source.head) and source.wrapper is None:
            found = load_objects(source)
            total, noun, one = len(found), "objects", "object"
            good, read = parse_objects(found, values, partial(_exact_object, source, []))
            requests.add(read)
            for place in np.flatnonzero(~good).tolist():
                requests.skip(place + 1, shown(found[place]))
        else:
            quick = QuickLines(values, _objects, _exact_line, file_bytes=source.total_bytes)
            requests.read(quick.parse, ESCAPE)
        ids, keys, columns_found = requests.columns()
    except BadInputError:
        values.check_found(source.place)
        raise
    values.check_one_metric(source.place)
    values.put_operations(columns_found, source.place)
    told = values.settle_backend(columns_found, source.place)
    notes = (*requests.notes(noun, one, total), *values.notes(), *told)
    notes = (*notes, *no_sizes_note(columns_found))
    if "time" in columns_found:
        columns_found["time"], said = settled(
            columns_found["time"], source.place, values.time_unit, dated=values.dated
        )
        notes = (*notes, *said)
    return ordered_trace(source, ids, keys, columns_found, notes, fill=False)


def is_document(head: bytes) -> bool:
    """Say whether JSON is an array, or objects of which each takes several lines."""
    lines = [line for line in head.removeprefix(BYTE_ORDER_MARK).splitlines() if line.strip()]
    first = lines[0].strip() if lines else b""
    if len(lines) == 1 and first[:1] == b"{":
        return True
    if first[:1] == b"[":
        # What a log or a list of settings has in brackets is none.
        if b"".join(lines)[:HEAD_BYTES].lstrip()[1:].lstrip()[:1] not in (b"{", b'"', b"["):
            return False
        # An array per line is something else.
        return len(lines) == 1 or first[-1:] != b"]"
    return first == b"{" or (first[:1] == b"{" and first[-1:] in b",{[" and len(lines) > 1)


def _objects(lines: Any) -> Iterator[Any]:
    for line in lines.to_pylist():
        try:
            yield load_json(line)
        except orjson.JSONDecodeError:
            yield None


def _exact_line(lines: Any, row: int) -> Any:
    return load_exact(lines[row].as_py())


def _exact_object(source: Source, found: list[Any], row: int) -> Any:
    """Return an object of a document, which is read once more for the first of them."""
    if not found:
        found.extend(load_objects(source, load_exact))
    return found[row]
