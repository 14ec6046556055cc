"""The folder that `perflab.record` writes."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from perflab.errors import BadInputError
from perflab.primitives.parquet_probe import ParquetProbe, check_parquet
from perflab.settings.quantity import counted
from perflab.workloads.importers.doubts import left_out_notes
from perflab.workloads.importers.reads import trace_of_reads
from perflab.workloads.importers.source import Progress
from perflab.workloads.kinds.encoding import encode_integers
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.recording.keys import PLACES
from perflab.workloads.recording.left_out import sum_counts
from perflab.workloads.recording.parts import Part, part_paths, read_part
from perflab.workloads.recording.table import below


def read_recording(path: str | os.PathLike[str], progress: Progress | None = None) -> Trace:
    """Read what was recorded, by any number of processes and runs, as one trace.

    Keys are hashes. Parts of different rates are thinned to the lowest, which is the trace's
    `sample_rate`; how many requests there were in all it knows where each part does. Notes say
    what is not replayed, by name and number, and the hit rate that the recorded cache had.

    Raises:
        BadInputError: If nothing was recorded yet, or a later perflab wrote it.
    """
    folder = Path(path).expanduser()
    paths = part_paths(folder)
    sizes = [part_path.stat().st_size for part_path in paths]
    parts, damaged = [], 0
    with ParquetProbe() as probe:
        for done, part_path in enumerate(paths):
            if progress is not None:
                progress(sum(sizes[:done]), sum(sizes))
            part = _probed(part_path, probe)
            damaged += part is None
            if part is not None:
                parts.append(part)
    if progress is not None:
        progress(sum(sizes), sum(sizes))
    limit = min((part.limit for part in parts), default=PLACES)
    # A part may have rows that were taken just before its rate was halved.
    kept = [below(each.table, limit) for each in parts]
    table = pa.concat_tables(kept) if kept else None
    if table is None or not len(table):
        unkeyed = sum_counts([part.left_out for part in parts]).get("unkeyed", Counter()).total()
        text = "no request was recorded yet"
        if unkeyed:
            calls = counted(unkeyed, "call")
            text = f"{text}: no key could be made for {calls}; pass key= to record"
        raise BadInputError(text, str(path))
    table = table.sort_by("time")
    notes = (f"left out: {damaged} of {counted(len(paths), 'part')}, damaged",) if damaged else ()
    ids, keys = encode_integers(np.asarray(table.column("key")))
    columns: dict[str, Any] = {
        "time": np.asarray(table.column("time").cast(pa.int64())) / 1e6,
        "read": np.asarray(table.column("read")),
        "size": _numbers(table, "size"),
        "ttl": _numbers(table, "ttl"),
    }
    notes = (*_left_out_notes(parts, limit), *notes, *_keys_note(parts), *_hit_note(table))
    trace = trace_of_reads(folder.stem, str(path), (ids, keys, columns), notes)
    share = limit / PLACES
    return dataclasses.replace(trace, sample_rate=share, all_requests=_total(parts, trace, share))


def _probed(path: Path, probe: ParquetProbe) -> Part | None:
    if not path.is_file():  # a pipe would hold the reader up
        return None
    try:
        check_parquet(path, str(path), probe)
    except BadInputError:
        return None
    return read_part(path)


def _total(parts: Sequence[Part], trace: Trace, share: float) -> int | None:
    """Return the requests for all keys; None where a part does not know, or these are all."""
    known = [part.requests for part in parts if part.requests is not None]
    if share >= 1 or len(known) < len(parts) or sum(known) < len(trace):
        return None
    return sum(known)


def _left_out_notes(parts: Sequence[Part], limit: int) -> tuple[str, ...]:
    counts = sum_counts([part.left_out for part in parts])
    # A removal may be of several keys, or of all, so no sample of keys thins it.
    of_all = limit < PLACES and "removal" in counts
    said = ("removals are those of all keys, not of the sample alone",) if of_all else ()
    return (*left_out_notes(counts), *said)


def _keys_note(parts: Sequence[Part]) -> tuple[str, ...]:
    if len({part.keys for part in parts if len(part.table)}) < 2:
        return ()
    return ("recorded by two versions of perflab: keys other than texts count twice",)


def _numbers(table: Any, name: str) -> Any:
    return np.asarray(table.column(name).cast(pa.float64(), safe=False).fill_null(np.nan))


def _hit_note(table: Any) -> tuple[str, ...]:
    hits = table.column("hit").drop_null()
    if not len(hits):
        return ()
    rate = np.asarray(hits).mean()
    return (f"the cache that was recorded hit {rate:.2%} of {counted(len(hits), 'request')}",)
