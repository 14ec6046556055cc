"""Rows of a recording's parts as NumPy arrays, also of the Parquet files of perflab 0.1.0."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.primitives.parquet_probe import ParquetProbe, check_parquet
from perflab.workloads.recording.columns import UNKNOWN_HIT, UNKNOWN_SIZE, Columns
from perflab.workloads.recording.format import Facts, read_facts, read_file
from perflab.workloads.recording.keys import PLACE_SHIFT
from perflab.workloads.recording.parts import PARQUET_SUFFIX

METADATA = b"perflab.recording"
_PARQUET_COLUMNS = pa.schema(
    {
        "key": pa.int64(),
        "time": pa.timestamp("us", "UTC"),
        "read": pa.bool_(),
        "hit": pa.bool_(),
        "size": pa.int64(),
        "ttl": pa.float64(),
    }
)


class Rows(NamedTuple):
    """Rows in columns.

    Attributes:
        key: The number of the key.
        time: Microseconds since 1970.
        code: What was done: of `Operation`, or of `perflab.workloads.recording.operations`.
        hit: As in `recording_columns`.
        size: The bytes of the value, or NaN.
        ttl: The seconds that it was written for, or NaN.
    """

    key: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    code: npt.NDArray[np.uint8]
    hit: npt.NDArray[np.uint8]
    size: npt.NDArray[np.float64]
    ttl: npt.NDArray[np.float64]

    def below(self, limit: int) -> Self:
        """Return those of the keys whose place lies below a limit."""
        return self.taken(self.key >> PLACE_SHIFT < limit)

    def by_time(self) -> Self:
        """Return them in the order of their times."""
        return self.taken(np.argsort(self.time, kind="stable"))

    def taken(self, chosen: npt.NDArray[Any] | slice) -> Self:
        """Return those that an index, a mask or a slice names."""
        return self._replace(**{name: values[chosen] for name, values in self._asdict().items()})


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the rows of several parts, at least one, one behind the other."""
    return Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def read_part(path: Path, probe: ParquetProbe) -> tuple[Rows, Facts] | None:
    """Return a part of either format; None where it is damaged.

    Args:
        path: Its file.
        probe: What tries a Parquet file first.

    Raises:
        BadInputError: If a later perflab wrote it.
    """
    if path.suffix == PARQUET_SUFFIX:
        return _read_parquet(path, probe)
    found = read_file(path)
    return None if found is None else (_rows(found[0]), found[1])


def _rows(columns: Columns) -> Rows:
    size = np.array(columns.size, np.float64)
    size[size == UNKNOWN_SIZE] = np.nan
    return Rows(
        np.asarray(columns.keys)[np.asarray(columns.which)],
        np.cumsum(np.asarray(columns.steps)),
        np.asarray(columns.code),
        np.asarray(columns.hit),
        size,
        np.asarray(columns.ttl),
    )


def _read_parquet(path: Path, probe: ParquetProbe) -> tuple[Rows, Facts] | None:
    if not path.is_file():  # a pipe would hold the reader up
        return None
    try:
        check_parquet(path, str(path), probe)
    except BadInputError:
        return None
    try:
        table = pq.read_table(path)
        table.validate(full=True)
        said = json.loads((table.schema.metadata or {})[METADATA])
    except (pa.ArrowException, OSError, KeyError, ValueError, RecursionError):
        return None
    facts = read_facts(said, path)
    if facts is None or not table.schema.remove_metadata().equals(_PARQUET_COLUMNS):
        return None
    if any(table.column(name).null_count for name in ("key", "time", "read")):
        return None
    hit = table.column("hit").cast(pa.uint8()).fill_null(UNKNOWN_HIT)
    size, ttl = (table.column(name).cast(pa.float64(), safe=False) for name in ("size", "ttl"))
    sizes, ttls = np.asarray(size.fill_null(np.nan)), np.asarray(ttl.fill_null(np.nan))
    renewed = np.isnan(sizes) & ~np.isnan(ttls)
    written = np.where(renewed, Operation.TOUCH, Operation.SET)
    rows = Rows(
        np.asarray(table.column("key")),
        np.asarray(table.column("time").cast(pa.int64())),
        np.where(table.column("read"), Operation.GET, written).astype(np.uint8),
        np.asarray(hit),
        sizes,
        ttls,
    )
    return rows, facts
