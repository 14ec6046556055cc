"""HAR: what a browser or proxy recorded of a page's requests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from perflab.errors import BadInputError
from perflab.workloads.importers.doubts import operations_note
from perflab.workloads.importers.har_entries import LeftOutEntries
from perflab.workloads.importers.json_text import load_archive, shown
from perflab.workloads.importers.json_values import JsonValues, UnusableError
from perflab.workloads.importers.requests import Requests, ordered_trace
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.trace import Trace

NAMES = {"key": (), "time": (), "size": ("response.content.size", "response.bodySize")}
WANTED = {"key": "{request.method} {request.url}", "time": "startedDateTime"}


def read_har(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read method and URL as key, the start as time, and the content's bytes as size.

    Entries without a key or time are skipped and counted, and so are those for which no server
    was asked, such as ``data:``. (HTTP Archive 1.2.)

    Args:
        source: The file.
        columns: The field of a role within an entry, such as ``{"key": "{request.url}"}``.

    Raises:
        BadInputError: With the line, if it is no JSON; if it has no entries.
    """
    entries = load_archive(source)
    values = JsonValues({**WANTED, **(columns or {})}, NAMES)
    requests = Requests(source, "entries of a HAR file")
    left_out = LeftOutEntries(served=False)
    keys, rows = [], []
    for number, entry in enumerate(entries, start=1):
        if left_out.leaves_out(entry):
            continue
        fields = entry if isinstance(entry, dict) else {}
        try:
            key, numbers = values.read(fields)
        except UnusableError:
            requests.skip(number, shown(entry))
            continue
        keys.append(key)
        rows.append(numbers)
    if not keys:
        if left_out.notes():
            raise BadInputError(f"has no request ({left_out.notes()[0]})", source.place)
        raise BadInputError("no entry has a request and a start", source.place)
    table = np.array(rows, np.float64)
    found = {role: table[:, i] for i, role in enumerate(values.roles)}
    requests.add({"key": pa.array(keys, pa.string()), **found})
    ids, known, merged = requests.columns()
    notes = requests.notes("entries", "entry", len(entries))
    notes = (*notes, *left_out.notes(), *values.later_notes())
    notes = (*notes, *operations_note(values.operations))
    return ordered_trace(source.stem, ids, known, merged, notes)
