"""The folder that `perflab.record` writes."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from perflab.settings import BadInputError
from perflab.workloads.encoding import encode_integers
from perflab.workloads.importers.reads import trace_of_reads
from perflab.workloads.importers.source import Progress
from perflab.workloads.recording_keys import PLACES
from perflab.workloads.recording_parts import part_paths, read_part
from perflab.workloads.recording_table import below
from perflab.workloads.trace import Trace


def read_recording(path: str | os.PathLike[str], progress: Progress | None = None) -> Trace:
    """Read what was recorded, by any number of processes and runs, as one trace.

    Keys are hashes. Parts of different rates are thinned to the lowest, which is the trace's
    `sample_rate`. A note says the hit rate that the recorded cache had.

    Raises:
        BadInputError: If nothing was recorded yet, or a later perflab wrote it.
    """
    folder = Path(path).expanduser()
    paths = part_paths(folder)
    sizes = [part_path.stat().st_size for part_path in paths]
    parts, damaged = [], 0
    for done, part_path in enumerate(paths):
        if progress is not None:
            progress(sum(sizes[:done]), sum(sizes))
        part = read_part(part_path)
        damaged += part is None
        if part is not None:
            parts.append(part)
    if progress is not None:
        progress(sum(sizes), sum(sizes))
    limit = min((limit for _, limit in parts), default=PLACES)
    kept = [table if its == limit else below(table, limit) for table, its in parts]
    table = pa.concat_tables(kept) if kept else None
    if table is None or not len(table):
        raise BadInputError("no request was recorded yet", str(path))
    table = table.sort_by("time")
    notes = (f"{damaged} of {len(paths)} parts are damaged and left out",) if damaged else ()
    ids, keys = encode_integers(np.asarray(table.column("key")))
    columns: dict[str, Any] = {
        "time": np.asarray(table.column("time").cast(pa.int64())) / 1e6,
        "read": np.asarray(table.column("read")),
        "size": _numbers(table, "size"),
        "ttl": _numbers(table, "ttl"),
    }
    notes = (*notes, *_hit_note(table))
    trace = trace_of_reads(folder.stem, str(path), (ids, keys, columns), notes)
    return dataclasses.replace(trace, sample_rate=limit / PLACES)


def _numbers(table: Any, name: str) -> Any:
    return np.asarray(table.column(name).cast(pa.float64()).fill_null(np.nan))


def _hit_note(table: Any) -> tuple[str, ...]:
    hits = table.column("hit").drop_null()
    if not len(hits):
        return ()
    rate = np.asarray(hits).mean()
    return (f"the cache that was recorded hit {rate:.2%} of {len(hits):,} requests",)
