"""What makes an answer doubtful though a file could be read: said with every answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perflab.units import counted, format_quantity, grouped
from perflab.workloads.kinds.encoding import is_text
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.kinds.workload import KEY_DOUBT
from perflab.workloads.recording.left_out import UNKEYED

FEWEST = 10
_EPOCH_FROM = 1e8
_RARE = 60.0
NEARLY = 0.95

# What a row of a table or log may say of its operation, and what of it only reads.
READS = frozenset(("get", "gets", "read", "r", "head", "options", "hit", "miss", "lookup", "scan"))
# What under a name such as type or event can only be an operation.
WRITES = frozenset(
    (
        *("set", "put", "write", "w", "insert", "update", "delete", "del", "remove", "evict"),
        *("expire", "invalidate", "purge", "add", "create", "patch", "post", "unlink", "store"),
    )
)
MOST_NAMED = 6
MOST_WORDS = 1000


def doubts(trace: Trace) -> tuple[str, ...]:
    """Return notes on keys that come once, or are one alone, and on times and lifetimes.

    Those that a unit other than seconds explains better are said.
    """
    return (
        *_once(trace),
        *_broken(trace),
        *_slow(trace),
        *_still(trace),
        *_zero_lifetimes(trace),
        *_long_lifetimes(trace),
    )


def operations_note(counts: Mapping[str, int], *, loose: bool = False) -> tuple[str, ...]:
    """Return a note on rows that are not reads though they count as such.

    Args:
        counts: How many rows there are of each operation, as it stands in the file.
        loose: Whether the words may say something else, so that only known writes count.
    """
    others = {
        name: count
        for name, count in counts.items()
        if (name.lower() in WRITES if loose else name.lower() not in READS)
    }
    if not others:
        return ()
    return (f"{named(others)} count as reads; {NOT_REPLAYED}",)


def refused_note(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the note on writes of HTTP that were answered with an error, by method."""
    if not counts:
        return ()
    return (f"left out, since they were answered with an error: {named(counts)}",)


def left_out_notes(kinds: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
    """Return what of a cache's commands or methods is not replayed, by name and number.

    Args:
        kinds: Counts by kind, as `command_kinds` has them, and by name.
    """
    said = (
        (
            "unkeyed",
            f"left out, with no key {UNKEYED}: calls of {{}}; pass key= to perflab.record",
        ),
        ("removal", "not replayed: {}, which remove keys, so the hit rate is too high"),
        ("field", "lifetimes of fields, which count as their hash's: {}"),
        ("drop", "not replayed: {}, which remove a part of a value: its key stays"),
        ("renewal", "not replayed: {}, which change TTLs, so expired entries are miscounted"),
        ("eviction", "not replayed: {}, which count as the cache's own evictions"),
        ("ttl", "TTLs not read: {}; these entries count as having none"),
        ("unknown", "not counted as requests: {}"),
    )
    return tuple(text.format(named(kinds[kind])) for kind, text in said if kinds.get(kind))


def count_words(column: pa.Array, counts: Counter[str]) -> None:
    """Add the words of an Arrow column of texts to their counts; those of long columns too."""
    for pair in pc.value_counts(column).to_pylist():
        word = str(pair["values"] or "").strip()
        if any(map(str.isalpha, word)) and (word in counts or len(counts) < MOST_WORDS):
            counts[word] += pair["counts"]


def named(counts: Mapping[str, int]) -> str:
    """Return names with their counts, the most frequent first: ``DEL 60, SET 4``."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{name} {grouped(count)}" for name, count in ranked[:MOST_NAMED]]
    rest = ranked[MOST_NAMED:]
    if rest:
        shown.append(f"{len(rest)} more {grouped(sum(count for _, count in rest))}")
    return ", ".join(shown)


NOT_REPLAYED = "what they write or remove is not replayed, so the hit rate is too high"


def _once(trace: Trace) -> tuple[str, ...]:
    requests, keys = len(trace.ids), trace.n_keys
    if keys == 1 and requests >= FEWEST:
        return (f"every request is for one and the same key: {KEY_DOUBT}",)
    if requests < FEWEST or keys < NEARLY * requests:
        return ()
    if keys == requests:
        return (f"no key comes twice, so nothing can be hit: {KEY_DOUBT}",)
    said = f"{counted(keys, 'key')} in {counted(requests, 'request')}"
    return (f"{said}: hardly one comes twice; {KEY_DOUBT}",)


def _broken(trace: Trace) -> tuple[str, ...]:
    if not isinstance(trace.keys, pa.Array | pa.ChunkedArray) or not is_text(trace.keys.type):
        return ()
    count = pc.sum(pc.match_substring(trace.keys, "\n")).as_py() or 0
    if not count:
        return ()
    holds = "holds a line break" if count == 1 else "hold line breaks"
    return (f"{counted(count, 'key')} {holds}: is a quote not closed?",)


def _slow(trace: Trace) -> tuple[str, ...]:
    """Say so where times that do not count from 1970 are minutes apart, as milliseconds look."""
    times = trace.times
    if times is None or len(times) < FEWEST:
        return ()
    gap = float(times[-1] - times[0]) / (len(times) - 1)
    if gap < _RARE or times[0] >= _EPOCH_FROM or (times % 1).any():
        return ()
    apart, span = (format_quantity(s, "seconds") for s in (round(gap), times[-1] - times[0]))
    said = f"times: read as seconds, so requests come {apart} apart and the trace lasts {span}"
    return (f"{said}; if they count milliseconds or less, name that with --time-unit",)


def _still(trace: Trace) -> tuple[str, ...]:
    times = trace.times
    if times is None or len(times) < FEWEST or times[-1] > times[0]:
        return ()
    said = "all requests have one and the same time, so nothing expires and no rate is known"
    return (f"{said}; were the times rounded, as Excel saves 1718000000123 as 1.718E+12?",)


def _long_lifetimes(trace: Trace) -> tuple[str, ...]:
    if trace.ttls is None or trace.times is None or len(trace.ttls) < FEWEST:
        return ()
    given = trace.ttls[np.isfinite(trace.ttls)]
    span = float(trace.times[-1] - trace.times[0])
    if not len(given) or not span or given.min() <= span:
        return ()
    if given.min() >= _EPOCH_FROM:
        return ("the TTLs look like moments since 1970, but are read as lifetimes in seconds",)
    shortest, lasts = (format_quantity(float(s), "seconds") for s in (given.min(), span))
    said = f"every TTL, {shortest} or more, is longer than the trace ({lasts}), so nothing expires"
    return (f"{said}; TTLs are read as seconds",)


def _zero_lifetimes(trace: Trace) -> tuple[str, ...]:
    if trace.ttls is None:
        return ()
    zeros = int(np.count_nonzero(trace.ttls == 0))
    if not zeros:
        return ()
    share = "all" if zeros == len(trace.ttls) else f"{grouped(zeros)} of {grouped(len(trace.ttls))}"
    return (f"{share} TTLs are 0, which counts as expired at once; leave them out for no TTL",)
