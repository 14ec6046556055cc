"""The bundled flights, each joined with its plane, as a store on disk: made once and kept."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from perflab.errors import BadInputError
from perflab.files import whole_path
from perflab.primitives.parquet_probe import trust_parquet
from perflab.settings.folders import cache_folder

if TYPE_CHECKING:
    import pyarrow as pa

FORMS = ("sqlite", "parquet", "csv", "npy")
TABLE = "flights"
ROW_GROUP_ROWS = 10_000
_VERSION = 1


def flights_store(form: str = "sqlite") -> Path:
    """Return the path of the flights in one of `FORMS`, made into the cache folder if needed.

    One that is damaged is made anew.

    A row is a flight's time (Unix seconds), tail number, and year, manufacturer, model, engines
    and seats of its plane, where known. In ``npy`` there are only whole numbers: time, the plane's
    number, year, engines, seats; -1 where not known.

    Raises:
        BadInputError: If there is no such form, or the file cannot be written.
    """
    if form not in FORMS:
        known = ", ".join(f"flights:{name}" for name in FORMS)
        raise BadInputError(f"there are no flights as {form!r}; known: {known}", "data_source")
    path = cache_folder() / "stores" / f"flights-{_VERSION}.{form}"
    seal = path.with_name(f"{path.name}.blake2b")
    if not _is_sealed(path, seal):
        with whole_path(path) as scratch:
            _WRITERS[form](scratch)
        with whole_path(seal) as scratch:
            scratch.write_text(_digest(path), encoding="ascii")
    trust_parquet(path)
    return path


def _is_sealed(path: Path, seal: Path) -> bool:
    """Say whether a store is what was written: one that is damaged is made anew."""
    try:
        return seal.read_bytes() == _digest(path).encode()
    except OSError:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _table() -> pa.Table:
    """Return the flights with their planes as an Arrow table, in order of departure."""
    import pyarrow as pa

    from perflab.workloads.datasets import flights, planes

    trace = flights()
    assert trace.times is not None  # noqa: S101  (the shipped flights have them)
    columns, rows = planes()
    by_tail = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
    known = [by_tail.get(str(trace.key_of(key)), {}) for key in range(trace.n_keys)]
    numbers, words = pa.int64(), pa.string()
    kinds = {"year": numbers, "manufacturer": words, "model": words, "engines": numbers}
    kinds["seats"] = numbers
    ids = pa.array(trace.ids)
    tails = pa.array([str(trace.key_of(key)) for key in range(trace.n_keys)])
    made = {"time": pa.array(trace.times.astype("int64")), "tailnum": tails.take(ids)}
    for name, kind in kinds.items():
        made[name] = pa.array([plane.get(name) for plane in known], kind).take(ids)
    return pa.table(made)


def _write_sqlite(path: Path) -> None:
    table = _table()
    kinds = {"int64": "INTEGER", "string": "TEXT"}
    columns = ", ".join(f"{field.name} {kinds[str(field.type)]}" for field in table.schema)
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    connection = sqlite3.connect(path)
    try:
        connection.execute(f"CREATE TABLE {TABLE} ({columns})")
        marks = ", ".join("?" * table.num_columns)
        connection.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", rows)  # noqa: S608
        connection.commit()
    finally:
        connection.close()


def _write_parquet(path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(_table(), path, row_group_size=ROW_GROUP_ROWS)


def _write_csv(path: Path) -> None:
    from pyarrow import csv

    csv.write_csv(_table(), os.fspath(path), csv.WriteOptions(quoting_style="needed"))


def _write_npy(path: Path) -> None:
    import numpy as np

    from perflab.workloads.datasets import flights

    table = _table()
    columns = [np.asarray(table["time"]), flights().ids]
    columns += [np.asarray(table[name].fill_null(-1)) for name in ("year", "engines", "seats")]
    with path.open("wb") as file:
        np.save(file, np.stack([column.astype(np.int64) for column in columns], axis=1))


_WRITERS = {
    "sqlite": _write_sqlite,
    "parquet": _write_parquet,
    "csv": _write_csv,
    "npy": _write_npy,
}
