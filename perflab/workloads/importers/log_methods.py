"""Methods of an access log's lines as operations: those that write are of what a GET asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perflab.operations import Operation
from perflab.workloads.importers.doubts import READS
from perflab.workloads.importers.operation_words import HTTP_REMOVALS, HTTP_WRITES

_READ = "^(?i:GET|HEAD|OPTIONS)$"

Details = Callable[["pa.Array"], tuple[list[str], list[str]]]


def replayed_methods(
    lines: pa.Array,
    columns: Mapping[str, Any],
    methods: pa.Array,
    details: Details,
    counts: tuple[Counter[str], Counter[str]],
) -> dict[str, Any]:
    """Return columns with ``op``, without writes that were answered with an error.

    A key that begins with the method of a write begins with GET instead, and its size is not
    known: what is answered to a write is not what is kept.

    Args:
        lines: Binary Arrow array of lines that parse.
        columns: ``key``, and ``time`` and ``size`` where they are known, of each.
        methods: The method of each; none where keys begin with it.
        details: Returns method and status of lines.
        counts: Where writes with an error are counted by method, and other methods than reads,
            which count as reads.
    """
    refused, others = counts
    if methods is None:
        keys = columns["key"]
        is_read = pc.or_(pc.starts_with(keys, "GET "), pc.starts_with(keys, "HEAD "))
    else:
        is_read = pc.match_substring_regex(methods, _READ)
    plain = is_read.to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(~plain)
    found = dict(columns)
    codes = np.zeros(len(lines), np.uint8)
    if not len(rows):
        return {**found, "op": codes}
    names, statuses = details(lines.take(pa.array(rows)))
    kept = np.ones(len(lines), np.bool_)
    written = found["key"].take(pa.array(rows)).to_pylist()
    for place, (row, method, status) in enumerate(zip(rows.tolist(), names, statuses, strict=True)):
        name = method.upper()
        if name not in HTTP_WRITES:
            if name.lower() not in READS:
                others[name] += 1
        elif status[:1] in ("4", "5"):
            refused[name] += 1
            kept[row] = False
        else:
            codes[row] = Operation.DELETE if name in HTTP_REMOVALS else Operation.WRITE
            if written[place].startswith(f"{method} "):
                written[place] = "GET" + written[place][len(method) :]
    found["key"] = pc.replace_with_mask(
        found["key"], pa.array(~plain), pa.array(written, found["key"].type)
    )
    if "size" in found:
        found["size"] = np.where(codes > 0, np.nan, found["size"])
    mask = pa.array(kept)
    return {
        name: values.filter(mask) if name == "key" else values[kept]
        for name, values in {**found, "op": codes}.items()
    }
