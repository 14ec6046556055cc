"""A Parquet table row by row, as texts: for tables that are read like CSV."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from perflab.errors import BadInputError
from perflab.primitives.parquet_probe import check_parquet
from perflab.workloads.importers.detect import PARQUET_MAGIC
from perflab.workloads.importers.source import Source

BATCH_ROWS = 1 << 16


def is_parquet(source: Source) -> bool:
    """Say whether a file begins as Parquet does."""
    return source.head.startswith(PARQUET_MAGIC)


def parquet_names(source: Source) -> list[str]:
    """Return the names of a file's columns.

    Raises:
        BadInputError: If it is packed, cut off or damaged.
    """
    import pyarrow.parquet as pq

    with _reading(source):
        return list(pq.read_schema(source.path).names)


def parquet_rows(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Yield the number, from 1, and the values of each row; dates as ISO 8601, null as nothing.

    Raises:
        BadInputError: If it is packed, cut off or damaged.
    """
    import pyarrow.parquet as pq

    from perflab.workloads.importers.parquet_texts import rows_at_once

    with _reading(source), pq.ParquetFile(source.path) as file:
        number, total = 0, max(file.metadata.num_rows, 1)
        at_once = rows_at_once(source, file.schema_arrow.names, BATCH_ROWS)
        for batch in file.iter_batches(at_once):
            source.report(source.total_bytes * number // total)
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield number, [_text(value) for value in row]


def _text(value: object) -> str:
    if isinstance(value, dt.timedelta):
        return f"{value.total_seconds()}s"
    return "" if value is None else str(value)


@contextmanager
def _reading(source: Source) -> Iterator[None]:
    import pyarrow as pa

    if source.packed:
        text = "is compressed twice; decompress it first, since Parquet is compressed already"
        raise BadInputError(text, source.place)
    check_parquet(source.path, source.place)
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        text = f"is not a Parquet file, cut off or damaged ({reason}); fetch or make it again"
        raise BadInputError(text, source.place) from None
