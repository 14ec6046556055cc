"""A chunk size for other readers: pandas, PyArrow, Polars, and the block caches of fsspec."""

from __future__ import annotations

from perflab.bench.parts import Export
from perflab.bench.templates import render
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.units import counted, rounded


def reader_exports(
    settings: LazyLoadingSettings,
    heading: str,
    kind: str,
    name: str,
    row_bytes: float | None,
    separator: str,
) -> list[Export]:
    """Return the exports for readers that take such a kind of store.

    Args:
        settings: The loader's settings.
        heading: The first line of each.
        kind: ``sqlite``, ``parquet``, ``csv``, ``npy`` or nothing.
        name: The store's file, without its folder.
        row_bytes: Bytes a row takes in the file; none where that is not known.
        separator: Between the fields of a CSV.
    """
    rows = settings.chunk_size
    table = settings.data_source.rpartition(":")[2] if ":" in settings.data_source else ""
    quoted = table.replace('"', '""') if table not in ("", "sqlite") else "flights"
    common: dict[str, object] = {
        "rows": rows,
        "store": name,
        "remarks": [heading, *_remarks(settings)],
    }
    common["separator"] = separator if kind == "csv" else ""
    blocks = {
        "size": f"{counted(rows, 'row')} of about {rounded(row_bytes or 0)} bytes each",
        "block_bytes": max(1, round(rows * (row_bytes or 0))),
    }
    made = []
    if kind == "sqlite":
        query = f'SELECT * FROM "{quoted}" ORDER BY rowid'  # noqa: S608  (the user's own)
        for title, template in (("pandas", "pandas_sqlite"), ("Polars", "polars_sqlite")):
            made.append(_program(title, template, common, query=query))
    if kind == "csv":
        made.append(_program("pandas", "pandas_csv", common))
    if kind == "parquet":
        made.append(_program("PyArrow", "pyarrow_parquet", common))
    if kind == "csv" and row_bytes:
        made.append(_program("PyArrow", "pyarrow_csv", common, **blocks))
    if kind in ("csv", "parquet"):
        made.append(_program("Polars", "polars_file", common, scan=f"scan_{kind}"))
    if kind in ("csv", "parquet", "npy") and row_bytes:
        made.append(_fsspec(settings, heading, name, blocks))
    return made


def _program(title: str, template: str, common: dict[str, object], **values: object) -> Export:
    text = render(__package__, f"{template}.py.jinja", **common, **values)
    return Export(title, "python", text)


def _fsspec(
    settings: LazyLoadingSettings, heading: str, name: str, blocks: dict[str, object]
) -> Export:
    """Return the block cache that corresponds: LRU of blocks, with or without read-ahead."""
    remarks = [heading, "Blocks are of bytes, chunks of rows: a block may begin within a row."]
    if settings.read_ahead > 1 and settings.max_chunks > 1:
        remarks.append(
            f"It reads one block ahead; read_ahead={settings.read_ahead} has no equivalent."
        )
    if settings.max_bytes is not None:
        remarks.append("max_bytes is left out: block_size times maxblocks is the bound.")
    return _program(
        "fsspec",
        "fsspec",
        blocks,
        remarks=remarks,
        url=f"https://example.org/{name}",
        blocks=settings.max_chunks,
        ahead=settings.read_ahead > 0,
    )


def _remarks(settings: LazyLoadingSettings) -> list[str]:
    """Say what such readers lack."""
    said = ["Reads from the first row to the last, a chunk at a time."]
    if settings.max_chunks > 1 or settings.max_bytes is not None:
        said.append("It holds one chunk: max_chunks and max_bytes have no equivalent, and what was")
        said.append("read is read again when it is wanted again.")
    return said
