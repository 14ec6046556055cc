"""JSON access logs: an object a line, as nginx, Caddy, Traefik and loggers write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from perflab.errors import BadInputError
from perflab.primitives.lenient_json import load_json
from perflab.workloads.importers.json_text import ESCAPE
from perflab.workloads.importers.json_values import JsonValues, UnusableError
from perflab.workloads.importers.requests import Parsed, Requests, ordered_trace
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.time_units import in_seconds, unit_notes
from perflab.workloads.kinds.trace import Trace


def read_json(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read a key and, where the first with a key has them, time, size and TTL from each line.

    Lines that are no object, or have no key or time, are skipped and counted. Lines are sorted by
    time, which a note says.

    Args:
        source: The file.
        columns: The field of a role; the key may be a template, such as ``{host}{path}``, and
            names a field within another by a dot, such as ``{request.host}``.

    Raises:
        BadInputError: If no object has a key, or most lines do not parse.
    """
    values = JsonValues(columns)
    requests = Requests(source, "JSON objects with key and time")
    try:
        requests.read(lambda lines: _parse(lines, values), ESCAPE)
    except BadInputError:
        values.check_found(source.place)
        raise
    ids, keys, columns_found = requests.columns()
    notes = (*requests.notes(), *values.notes())
    if "time" in columns_found:
        notes = (*notes, *unit_notes(columns_found["time"], source.place))
        columns_found["time"] = in_seconds(columns_found["time"])
    return ordered_trace(source.stem, ids, keys, columns_found, notes)


def _parse(lines: Any, values: JsonValues) -> Parsed:
    good = np.zeros(len(lines), np.bool_)
    keys, rows = [], []
    for row, line in enumerate(lines.to_pylist()):
        try:
            fields = load_json(line)
        except orjson.JSONDecodeError:
            continue
        if not isinstance(fields, dict):
            continue
        try:
            key, numbers = values.read(fields)
        except UnusableError:
            continue
        good[row] = True
        keys.append(key)
        rows.append(numbers)
    table = np.array(rows, np.float64).reshape(len(rows), len(values.roles))
    columns: dict[str, Any] = {role: table[:, i] for i, role in enumerate(values.roles)}
    if "size" in columns:
        columns["size"] = np.floor(columns["size"])
    return good, {"key": pa.array(keys, pa.string()), **columns}
