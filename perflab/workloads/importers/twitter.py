"""Cache traces of Twitter, which other memcached traces are written like."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perflab.workloads.importers.doubts import count_words, named
from perflab.workloads.importers.reads import read_requests
from perflab.workloads.importers.requests import Parsed, Requests, numbers
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.trace import Trace

READS = ("get", "gets")
WRITES = ("set", "add", "replace", "cas", "append", "prepend")
OTHERS = ("delete", "incr", "decr")
OPERATIONS = "|".join((*READS, *WRITES, *OTHERS))
LINE = (
    r"^(?P<time>\d{1,12}(?:\.\d*)?),(?P<key>.+),(?P<key_bytes>\d{1,9}),(?P<value_bytes>\d{1,12}),"
    rf"[^,]*,(?P<operation>{OPERATIONS}),(?P<ttl>\d{{1,12}})\s*$"
)


def read_twitter(source: Source) -> Trace:
    """Read timestamp, key, key size, value size, client, operation and TTL.

    Reads (get, gets) are the requests; their sizes are those of key and value together. A TTL is
    said by writes only, and 0 is none. The format is that of Yang, Yue and Rashmi, "A Large Scale
    Analysis of Hundreds of In-memory Cache Clusters at Twitter", OSDI 2020.

    Raises:
        BadInputError: If most lines do not parse, or there is no read.
    """
    requests = Requests(source, "of a memcached trace")
    others: Counter[str] = Counter()
    requests.read(lambda lines: _parse(lines, others))
    trace = read_requests(source, requests)
    if not others:
        return trace
    note = f"not replayed: {named(others)}, so the hit rate is too high"
    return dataclasses.replace(trace, notes=(*trace.notes, note), check=False)


def _parse(lines: Any, others: Counter[str]) -> Parsed:
    fields = pc.extract_regex(lines, LINE)
    good = np.array(fields.is_valid().to_numpy(zero_copy_only=False))
    operation = fields.field("operation").cast(pa.string())
    told = pa.array((*READS, *WRITES))
    used = good & pc.is_in(operation, value_set=told).to_numpy(zero_copy_only=False)
    mask = pa.array(used)
    count_words(operation.filter(pa.array(good & ~used)), others)

    def kept(name: str) -> Any:
        return fields.field(name).filter(mask)

    reads = pc.is_in(operation.filter(mask), value_set=pa.array(READS))
    value, ttl = numbers(kept("value_bytes")), numbers(kept("ttl"))
    reads = reads.to_numpy(zero_copy_only=False)
    # A read that missed has no value; its size is that of the key's next write.
    size = np.where(reads & (value == 0), np.nan, value + numbers(kept("key_bytes")))
    return good, {
        "key": kept("key").cast(pa.string()),
        "time": numbers(kept("time")),
        "size": size,
        "ttl": np.where(ttl == 0, np.nan, ttl),
        "read": reads,
    }
