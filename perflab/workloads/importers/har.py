"""HAR: what a browser or proxy recorded of a page's requests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from perflab.errors import BadInputError
from perflab.workloads.importers.har_entries import LeftOutEntries, is_cached, leaves_out
from perflab.workloads.importers.json_readers import UnusableError
from perflab.workloads.importers.json_text import load_archive, shown
from perflab.workloads.importers.json_values import CHOSEN_FROM, JsonValues, RefusedError
from perflab.workloads.importers.requests import Requests, no_sizes_note, ordered_trace
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.trace import Trace

NAMES = {
    "key": (),
    "time": (),
    "size": ("response.content.size", "response.bodySize"),
    "backend": ("timings.wait",),
}
WANTED = {"key": "{request.method} {request.url}", "time": "startedDateTime"}


def read_har(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read method and URL as key, the start as time, and the content's bytes as size.

    How long the browser waited for the answer is the backend's time, unless it asked no server.

    A PUT, POST, PATCH or DELETE is a write or removal of what a GET of the URL asks for.

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
    keys, rows, words = [], [], []
    asked = [entry for entry in entries if isinstance(entry, dict) and not leaves_out(entry)]
    values.choose(asked[:CHOSEN_FROM])
    for number, entry in enumerate(entries, start=1):
        if left_out.leaves_out(entry):
            continue
        fields = entry if isinstance(entry, dict) else {}
        try:
            key, numbers = values.read(fields)
            word, key = values.operation(fields, key)
        except RefusedError:
            continue
        except UnusableError:
            requests.skip(number, shown(entry))
            continue
        if "backend" in values.roles and is_cached(entry):
            numbers[values.roles.index("backend")] = np.nan
        # A fragment is never sent, so it is no part of what a server was asked for.
        keys.append(key if "key" in (columns or {}) else key.partition("#")[0])
        words.append(word)
        rows.append(numbers)
    if not keys:
        if left_out.notes():
            raise BadInputError(f"has no request ({left_out.notes()[0]})", source.place)
        raise BadInputError("no entry has a request and a start", source.place)
    table = np.array(rows, np.float64)
    found = {role: table[:, i] for i, role in enumerate(values.roles)}
    requests.add({"key": pa.array(keys, pa.string()), **found})
    ids, known, merged = requests.columns()
    values.operations.add(pa.array(words, pa.string()))
    values.put_operations(merged, source.place)
    told = values.settle_backend(merged, source.place)
    notes = requests.notes("entries", "entry", len(entries))
    notes = (*notes, *left_out.notes(), *values.later_notes())
    notes = (*notes, *values.operation_notes(), *told, *no_sizes_note(merged))
    return ordered_trace(source, ids, known, merged, notes, fill=False)
