"""Columns of plain values as tables of Arrow, for Parquet and for engines on Arrow."""

from __future__ import annotations

from typing import Any

from perflab.errors.extras import naming_extra
from perflab.patterns.streaming._rows import Columns, Layout


def arrow_schema(layout: Layout) -> Any:
    """Return a layout as a schema of Arrow."""
    with naming_extra("files"):
        import pyarrow as pa

    kinds = {"int": pa.int64(), "float": pa.float64(), "text": pa.string()}
    pairs = zip(layout.names, layout.kinds, strict=True)
    return pa.schema([(name, kinds[kind]) for name, kind in pairs])


def arrow_table(columns: Columns, layout: Layout) -> Any:
    """Return values by column as a table of Arrow."""
    with naming_extra("files"):
        import pyarrow as pa

    schema = arrow_schema(layout)
    arrays = [pa.array(c, t) for c, t in zip(columns, schema.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
