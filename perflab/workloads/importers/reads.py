"""Reads told from writes: a cache is asked by reads, and writes say what it was given."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.units import counted
from perflab.workloads.importers.requests import Columns, Requests, ordered_trace
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.trace import Trace


def read_requests(source: Source, requests: Requests) -> Trace:
    """Return the reads as requests, each with the size and TTL that its key was written with.

    `requests` has a column ``read`` (bool) beside ``time``, ``size`` and ``ttl`` (NaN where one
    is not said). A value that a read does not say is that of the last write of its key before it
    or, where there is none, of the next one: after a miss, that is the fill.

    Raises:
        BadInputError: If there is no read.
    """
    return trace_of_reads(source.stem, source.place, requests.columns(), requests.notes())


def trace_of_reads(name: str, place: str, found: Columns, notes: tuple[str, ...]) -> Trace:
    """Return the reads of ids, keys and columns, as `read_requests` does.

    Raises:
        BadInputError: If there is no read.
    """
    ids, keys, columns = found
    reads = columns.pop("read")
    writes = int(np.count_nonzero(~reads))
    if writes == len(reads):
        text = "has no reads (get), only writes; a trace is of what a cache is asked"
        raise BadInputError(text, place)
    for column, values in columns.items():
        # A write without a TTL says that there is none; one without a size says nothing.
        told = ~np.isnan(values) | (~reads if column == "ttl" else False)
        columns[column] = last_told(ids, values, told)[reads]
    note = (
        f"not replayed: {counted(writes, 'write')}, only used for sizes and TTLs; entries renewed "
        "or replaced by writes are miscounted"
    )
    said = (note,) if writes else ()
    return ordered_trace(name, ids[reads], keys, columns, (*said, *notes)).compact()


def last_told(
    ids: npt.NDArray[np.int32], values: npt.NDArray[Any], told: npt.NDArray[np.bool_]
) -> npt.NDArray[Any]:
    """Return values of which each that is not told is the last of its key, or else the next."""
    if told.all():
        return values
    order = np.argsort(ids, kind="stable")
    owner, sorted_values, told = ids[order], values[order], told[order]
    rows = np.arange(len(order))
    last = np.maximum.accumulate(np.where(told, rows, -1))
    following = np.minimum.accumulate(np.where(told, rows, len(rows))[::-1])[::-1]
    before = np.where((last >= 0) & (owner[last] == owner), last, -1)
    after = np.minimum(following, len(rows) - 1)
    after = np.where((following < len(rows)) & (owner[after] == owner), after, -1)
    source = np.where(before >= 0, before, after)
    filled = np.where(source >= 0, sorted_values[source], np.nan)
    result = np.empty_like(values)
    result[order] = np.where(told, sorted_values, filled)
    return result
