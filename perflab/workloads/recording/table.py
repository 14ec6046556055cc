"""Rows of a recording as an Arrow table, made from buffers.

`pyarrow.array` loads pandas where that is installed: half a second that no service should spend.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.workloads.recording.keys import PLACE_SHIFT

MICROSECONDS = 1e6
COLUMNS = ("key", "time", "read", "hit", "size", "ttl")


def part_table(rows: Sequence[tuple[Any, ...]]) -> Any:
    """Return a table of rows: key number, time in seconds, and read, hit, size, ttl or None."""
    import pyarrow as pa

    keys, times, *rest = zip(*rows, strict=True) if rows else ((),) * len(COLUMNS)
    moments = (np.array(times, np.float64) * MICROSECONDS).astype(np.int64)
    kinds = (np.bool_, np.bool_, np.int64, np.float64)
    arrays = [
        _array(np.array(keys, np.int64), pa.int64()),
        _array(moments, pa.timestamp("us", "UTC")),
        *(_nullable(values, kind) for values, kind in zip(rest, kinds, strict=True)),
    ]
    return pa.Table.from_arrays(arrays, names=list(COLUMNS))


def is_table(table: Any) -> bool:
    """Say whether a table has the columns and types of `part_table`, without a gap in the first."""
    if not table.schema.remove_metadata().equals(part_table([]).schema.remove_metadata()):
        return False
    return not any(table.column(name).null_count for name in ("key", "time", "read"))


def joined(table: Any, more: Any) -> Any:
    """Return a table with the rows of another behind its own; None is one without rows."""
    import pyarrow as pa

    return more if table is None else pa.concat_tables([table, more]).combine_chunks()


def below(table: Any, limit: int) -> Any:
    """Return the rows of the keys whose place lies below a limit."""
    import pyarrow as pa

    if not len(table):
        return table
    chunk = table.combine_chunks().column("key").chunk(0)
    keys = np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset : chunk.offset + len(chunk)]
    return table.filter(_array(keys >> PLACE_SHIFT < limit, pa.bool_()))


def _nullable(values: Sequence[Any], kind: Any) -> Any:
    import pyarrow as pa

    known = np.array([value is not None for value in values], np.bool_)
    filled = np.array([0 if value is None else value for value in values], kind)
    kinds = {np.bool_: pa.bool_(), np.int64: pa.int64(), np.float64: pa.float64()}
    return _array(filled, kinds[kind], known)


def _array(values: npt.NDArray[Any], kind: Any, known: npt.NDArray[np.bool_] | None = None) -> Any:
    import pyarrow as pa

    data = np.packbits(values, bitorder="little") if values.dtype == np.bool_ else values
    valid = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(data)])
