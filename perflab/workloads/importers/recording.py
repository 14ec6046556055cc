"""The folder that `perflab.record` writes."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from perflab.callbacks import Progress
from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.primitives.parquet_probe import ParquetProbe
from perflab.units import counted, percent
from perflab.workloads.importers.doubts import left_out_notes
from perflab.workloads.importers.recorded_rows import Rows, joined, read_part
from perflab.workloads.importers.requests import ordered_trace
from perflab.workloads.kinds.encoding import encode_integers
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.recording.columns import HIT, MICROSECONDS, UNKNOWN_HIT
from perflab.workloads.recording.format import Facts
from perflab.workloads.recording.keys import PLACES
from perflab.workloads.recording.left_out import sum_counts
from perflab.workloads.recording.operations import FLUSH
from perflab.workloads.recording.parts import part_paths


class _Folder(NamedTuple):
    """A recording as what a trace is named after."""

    stem: str
    place: str


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
    kept: list[Rows] = []
    facts: list[Facts] = []
    key_formats: set[int] = set()
    with ParquetProbe() as probe:
        for done, part_path in enumerate(paths):
            if progress is not None:
                progress(sum(sizes[:done]), sum(sizes))
            part = read_part(part_path, probe)
            if part is not None:
                kept.append(part[0])
                facts.append(part[1])
                key_formats |= {part[1].keys} if len(part[0].key) else set()
    if progress is not None:
        progress(sum(sizes), sum(sizes))
    limit = min((each.limit for each in facts), default=PLACES)
    # A part may have rows that were taken just before its rate was halved.
    kept = [each.below(limit) for each in kept]
    if not any(len(each.key) for each in kept):
        unkeyed = sum_counts([each.left_out for each in facts]).get("unkeyed", Counter()).total()
        text = "no request was recorded yet"
        if unkeyed:
            calls = counted(unkeyed, "call")
            text = f"{text}: no key could be made for {calls}; pass key= to record"
        raise BadInputError(text, str(path))
    rows = _without_flushes(joined(kept).by_time())
    damaged = len(paths) - len(facts)
    notes = (f"left out: {damaged} of {counted(len(paths), 'part')}, damaged",) if damaged else ()
    ids, keys = encode_integers(rows.key)
    columns: dict[str, Any] = {
        "time": rows.time / MICROSECONDS,
        "op": rows.code,
        "size": rows.size,
        "ttl": rows.ttl,
    }
    notes = (*_left_out_notes(facts, limit), *notes, *_keys_note(key_formats), *_hit_note(rows))
    trace = ordered_trace(_Folder(folder.stem, str(path)), ids, keys, columns, notes)
    share = limit / PLACES
    return dataclasses.replace(trace, sample_rate=share, all_requests=_total(facts, trace, share))


def _without_flushes(rows: Rows) -> Rows:
    """Return rows in which a removal of all keys is one of each key that came since the last."""
    is_flush = rows.code == FLUSH
    flushes, kept = np.flatnonzero(is_flush), np.flatnonzero(~is_flush)
    if not len(flushes):
        return rows
    # How many came before each row: which of them is the next.
    following = np.cumsum(is_flush)[kept]
    flushed = following < len(flushes)
    # Each key once per flush.
    ends, places = following[flushed], kept[flushed]
    keys = rows.key[places]
    order = np.lexsort((keys, ends))
    ends, keys = ends[order], keys[order]
    first = np.ones(len(keys), np.bool_)
    first[1:] = (np.diff(ends) != 0) | (np.diff(keys) != 0)
    ends, keys = flushes[ends[first]], keys[first]
    unknown = np.full(len(keys), np.nan)
    removals = Rows(
        keys,
        rows.time[ends],
        np.full(len(keys), Operation.DELETE, np.uint8),
        np.full(len(keys), UNKNOWN_HIT, np.uint8),
        unknown,
        unknown,
    )
    order = np.argsort(np.concatenate([kept, ends]), kind="stable")
    return joined([rows.taken(kept), removals]).taken(order)


def _total(parts: Sequence[Facts], trace: Trace, share: float) -> int | None:
    """Return the requests for all keys; None where a part does not know, or these are all."""
    known = [part.requests for part in parts if part.requests is not None]
    if share >= 1 or len(known) < len(parts) or sum(known) < trace.reads:
        return None
    return sum(known)


def _left_out_notes(parts: Sequence[Facts], limit: int) -> tuple[str, ...]:
    counts = sum_counts([part.left_out for part in parts])
    # A removal may be of several keys, or of all, so no sample of keys thins it.
    of_all = limit < PLACES and "removal" in counts
    said = ("removals are those of all keys, not of the sample alone",) if of_all else ()
    return (*left_out_notes(counts), *said)


def _keys_note(key_formats: set[int]) -> tuple[str, ...]:
    if len(key_formats) < 2:
        return ()
    return ("recorded by two versions of perflab: keys other than texts count twice",)


def _hit_note(rows: Rows) -> tuple[str, ...]:
    hits = rows.hit[rows.hit != UNKNOWN_HIT] == HIT
    if not len(hits):
        return ()
    rate = percent(hits.mean())
    return (f"the cache that was recorded hit {rate} of {counted(len(hits), 'request')}",)
