"""Cache traces of Twitter, which other memcached traces are written like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perflab.operations import Operation
from perflab.workloads.importers.operation_words import codes_of
from perflab.workloads.importers.requests import Parsed, Requests, numbers
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.trace import Trace

OPERATIONS = "gets?|set|add|replace|cas|append|prepend|delete|incr|decr|touch|gats?"
LINE = (
    r"^(?P<time>\d{1,12}(?:\.\d*)?),(?P<key>.+),(?P<key_bytes>\d{1,9}),(?P<value_bytes>\d{1,12}),"
    rf"[^,]*,(?P<operation>{OPERATIONS}),(?P<ttl>\d{{1,12}})\s*$"
)
HEADING = r"^#?\s*(?i:time)"


def read_twitter(source: Source) -> Trace:
    """Read timestamp, key, key size, value size, client, operation and TTL.

    Sizes are those of key and value together. A TTL is said by writes only, and 0 is none. What
    counts up or down, and what appends, keeps the lifetime. The format is that of Yang, Yue and
    Rashmi, "A Large Scale Analysis of Hundreds of In-memory Cache Clusters at Twitter", OSDI 2020.

    Raises:
        BadInputError: If most lines do not parse, or there is no read.
    """
    requests = Requests(source, "of a memcached trace", heading=HEADING)
    requests.read(_parse)
    return requests.trace()


def _parse(lines: Any) -> Parsed:
    fields = pc.extract_regex(lines, LINE)
    good = np.array(fields.is_valid().to_numpy(zero_copy_only=False))
    mask = pa.array(good)

    def kept(name: str) -> Any:
        return fields.field(name).filter(mask)

    codes = codes_of(kept("operation").cast(pa.string()))
    value, ttl = numbers(kept("value_bytes")), numbers(kept("ttl"))
    # A read that missed has no value, and a removal none; their size is that of a write.
    size = np.where((codes != Operation.SET) & (value == 0), np.nan, value)
    return good, {
        "key": kept("key").cast(pa.string()),
        "time": numbers(kept("time")),
        "size": size + numbers(kept("key_bytes")),
        "ttl": np.where(ttl == 0, np.nan, ttl),
        "op": codes,
    }
