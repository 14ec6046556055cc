"""A trace as a CSV file: what people and other programs read, and `read_trace` too."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from perflab.errors import BadInputError
from perflab.files import check_output, whole_path
from perflab.operations import Operation
from perflab.units import percent
from perflab.workloads.kinds.trace import Trace

BATCH_ROWS = 1 << 20
USE_PARQUET = "write a .parquet file"
OPERATION_NAMES = pa.array([code.name.lower() for code in Operation])


def write_csv(trace: Trace, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write columns key, time, size, ttl, backend and op, those that there are; whole or not.

    A CSV says nothing beside its rows, so that what would be lost is refused: a trace of a part
    of the keys, and keys that are no text of one line.

    Args:
        trace: What is written.
        path: The file.
        force: Whether a file that is there is replaced.

    Raises:
        BadInputError: If the file cannot be written, is there already, is the one that the trace
            was read from, or would lose what the trace says.
    """
    check_output(path, [trace.source] if trace.source else (), force=force)
    _check_rows_say_all(trace, str(path))
    batches = _batches(trace)
    first = next(batches)
    with whole_path(path) as scratch:
        try:
            with csv.CSVWriter(scratch, first.schema) as writer:
                writer.write_batch(first)
                for batch in batches:
                    writer.write_batch(batch)
        except pa.ArrowException as error:
            raise BadInputError(f"cannot be written ({error}); nothing was", str(path)) from error


def _check_rows_say_all(trace: Trace, path: str) -> None:
    if trace.sample_rate < 1:
        text = f"cannot say that the trace holds {percent(trace.sample_rate)} of the keys"
        raise BadInputError(f"a CSV {text}; {USE_PARQUET}", path)
    if trace.keys is None or isinstance(trace.keys, np.ndarray):
        return
    odd = pc.match_substring_regex(trace.keys, pattern="[\r\n\\x00]|^\\s*$")
    if pc.any(odd).as_py():
        key = trace.keys[pc.index(odd, value=True).as_py()].as_py()
        text = f"a CSV cannot hold the key {key[:80]!r}"
        raise BadInputError(f"{text}; {USE_PARQUET}", path)


def _batches(trace: Trace) -> Iterator[pa.RecordBatch]:
    others = {
        "time": trace.times,
        "size": trace.sizes,
        "ttl": trace.ttls,
        "backend": trace.backend_seconds,
    }
    for start in range(0, len(trace), BATCH_ROWS):
        rows = slice(start, start + BATCH_ROWS)
        columns = {"key": _keys(trace, rows)}
        for name, values in others.items():
            if values is not None:
                columns[name] = pa.array(values[rows], from_pandas=True)
        if trace.operations is not None:
            columns["op"] = OPERATION_NAMES.take(pa.array(trace.operations[rows]))
        yield pa.record_batch(columns)


def _keys(trace: Trace, rows: slice) -> pa.Array:
    if trace.keys is None:
        return pa.array(trace.ids[rows])
    if isinstance(trace.keys, np.ndarray):
        return pa.array(trace.keys[trace.ids[rows]])
    return trace.keys.take(pa.array(trace.ids[rows]))
