"""A chunk size for other readers: pandas, PyArrow, Polars, and the block caches of fsspec."""

from __future__ import annotations

from perflab.bench.exporting import comments
from perflab.bench.parts import Export
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings

PANDAS_SQL = '''\
{heading}
{remarks}\
import os
import sqlite3

import pandas as pd

STORE = os.environ.get("STORE", {store})


def chunks():
    """Yield frames of {rows} rows; pandas goes through them once and holds one."""
    connection = sqlite3.connect(STORE)
    try:
        yield from pd.read_sql_query({query}, connection, chunksize={rows})
    finally:
        connection.close()


if __name__ == "__main__":
    print(sum(len(frame) for frame in chunks()), "rows")
'''

PANDAS_CSV = '''\
{heading}
{remarks}\
import os

import pandas as pd

STORE = os.environ.get("STORE", {store})


def chunks():
    """Yield frames of {rows} rows; pandas goes through them once and holds one."""
    with pd.read_csv(STORE, chunksize={rows}) as reader:
        yield from reader


if __name__ == "__main__":
    print(sum(len(frame) for frame in chunks()), "rows")
'''

ARROW_PARQUET = '''\
{heading}
{remarks}\
import os

import pyarrow.parquet as pq

STORE = os.environ.get("STORE", {store})


def chunks():
    """Yield record batches of at most {rows} rows; row groups are decoded as they come."""
    with pq.ParquetFile(STORE) as file:
        yield from file.iter_batches(batch_size={rows})


if __name__ == "__main__":
    print(sum(batch.num_rows for batch in chunks()), "rows")
'''

ARROW_CSV = '''\
{heading}
{remarks}\
import os

from pyarrow import csv

STORE = os.environ.get("STORE", {store})

# {rows} rows of about {row_bytes:.4g} bytes each.
BLOCK_SIZE = {block_bytes}


def chunks():
    """Yield record batches, one per block."""
    with csv.open_csv(STORE, read_options=csv.ReadOptions(block_size=BLOCK_SIZE)) as reader:
        yield from reader


if __name__ == "__main__":
    print(sum(batch.num_rows for batch in chunks()), "rows")
'''

POLARS_SQL = '''\
{heading}
{remarks}\
import os
import sqlite3

import polars as pl

STORE = os.environ.get("STORE", {store})


def chunks():
    """Yield frames of {rows} rows."""
    connection = sqlite3.connect(STORE)
    try:
        yield from pl.read_database(
            {query}, connection, iter_batches=True, batch_size={rows}
        )
    finally:
        connection.close()


if __name__ == "__main__":
    print(sum(len(frame) for frame in chunks()), "rows")
'''

POLARS_FILE = '''\
{heading}
{remarks}\
import os

import polars as pl

STORE = os.environ.get("STORE", {store})


def chunks():
    """Yield frames of {rows} rows, in order."""
    yield from pl.{scan}(STORE).collect_batches(chunk_size={rows}, maintain_order=True)


if __name__ == "__main__":
    print(sum(len(frame) for frame in chunks()), "rows")
'''

FSSPEC = '''\
{heading}
{remarks}\
import os

import fsspec

# Where a cache of blocks pays: a file behind http(s), s3, gs or abfs.
URL = os.environ.get("STORE", {url})

# {rows} rows of about {row_bytes:.4g} bytes each in the file.
BLOCK_SIZE = {block_bytes}


def open_store():
    """Open the file: {what}."""
    return fsspec.open(
        URL, cache_type={kind}, block_size=BLOCK_SIZE{options}
    ).open()


if __name__ == "__main__":
    with open_store() as file:
        print(len(file.read(BLOCK_SIZE)), "bytes read")
'''


def reader_exports(
    settings: LazyLoadingSettings, heading: str, kind: str, name: str, row_bytes: float | None
) -> list[Export]:
    """Return the exports for readers that take such a kind of store.

    Args:
        settings: The loader's settings.
        heading: The first line of each.
        kind: ``sqlite``, ``parquet``, ``csv``, ``npy`` or nothing.
        name: The store's file, without its folder.
        row_bytes: Bytes a row takes in the file; none where that is not known.
    """
    rows = settings.chunk_size
    remarks = _remarks(settings)
    table = settings.data_source.rpartition(":")[2] if ":" in settings.data_source else ""
    quoted = table.replace('"', '""') if table not in ("", "sqlite") else "flights"
    values = {
        "heading": heading,
        "rows": rows,
        "store": _text(name),
        "query": repr(f'SELECT * FROM "{quoted}" ORDER BY rowid'),  # noqa: S608  (the user's own)
        "row_bytes": row_bytes or 0.0,
        "block_bytes": max(1, round(rows * (row_bytes or 0.0))),
    }
    once = {**values, "remarks": comments(remarks)}
    made = []
    if kind in ("sqlite", "csv"):
        text = PANDAS_SQL if kind == "sqlite" else PANDAS_CSV
        made.append(Export("pandas", "python", text.format(**once)))
    if kind == "parquet":
        made.append(Export("PyArrow", "python", ARROW_PARQUET.format(**once)))
    if kind == "csv" and row_bytes:
        made.append(Export("PyArrow", "python", ARROW_CSV.format(**once)))
    if kind == "sqlite":
        made.append(Export("Polars", "python", POLARS_SQL.format(**once)))
    if kind in ("csv", "parquet"):
        text = POLARS_FILE.format(**once, scan=f"scan_{kind}")
        made.append(Export("Polars", "python", text))
    if kind in ("csv", "parquet", "npy") and row_bytes:
        made.append(Export("fsspec", "python", _fsspec(settings, values, name)))
    return made


def _fsspec(settings: LazyLoadingSettings, values: dict[str, object], name: str) -> str:
    """Return the block cache that corresponds: LRU of blocks, with or without read-ahead."""
    remarks = ["Blocks are of bytes, chunks of rows: a block may begin within a row."]
    one = settings.max_chunks == 1
    if one and settings.read_ahead:
        kind, what = "readahead", "one block is held, and as much again is read with it"
    elif settings.read_ahead:
        kind = "background"
        what = f"an LRU of {settings.max_chunks} blocks, the next one read in the background"
        if settings.read_ahead > 1:
            remarks.append(
                f"It reads one block ahead; read_ahead={settings.read_ahead} has no equivalent."
            )
    else:
        kind, what = "blockcache", f"an LRU of {settings.max_chunks} blocks"
    if settings.max_bytes is not None:
        remarks.append("max_bytes is left out: block_size times maxblocks is the bound.")
    options = f', cache_options={{"maxblocks": {settings.max_chunks}}}'
    return FSSPEC.format(
        **{**values, "remarks": comments(remarks)},
        url=_text(f"https://example.org/{name}"),
        what=what,
        kind=_text(kind),
        options="" if kind == "readahead" else options,
    )


def _remarks(settings: LazyLoadingSettings) -> list[str]:
    """Say what such readers lack."""
    said = ["Reads from the first row to the last, a chunk at a time."]
    if settings.max_chunks > 1 or settings.max_bytes is not None:
        said.append("It holds one chunk: max_chunks and max_bytes have no equivalent, and what was")
        said.append("read is read again when it is wanted again.")
    return said


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
