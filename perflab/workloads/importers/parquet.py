"""Parquet: columns by name, as in CSV; files of perflab and of other tools."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from perflab.errors import BadInputError
from perflab.primitives.parquet_probe import check_parquet
from perflab.units import counted, grouped
from perflab.workloads.importers.columns import (
    choose_columns,
    columns_note,
    is_loose,
    operation_column,
)
from perflab.workloads.importers.doubts import count_words, operations_note
from perflab.workloads.importers.mapped import (
    ListedColumn,
    MappedColumn,
    MappedKeys,
    hashed_note,
    outgrows_memory,
)
from perflab.workloads.importers.parquet_batches import batches
from perflab.workloads.importers.requests import table_trace
from perflab.workloads.importers.skipped import row_in_file
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.time_units import in_seconds, unit_notes
from perflab.workloads.importers.values import RowFault, check_values, numbers_of
from perflab.workloads.kinds.encoding import KeyEncoder, as_keys, is_text
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.storage.description import TraceDescription
from perflab.workloads.storage.parquet import DAMAGED, is_described, read_description, restore


def read_parquet(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read keys and, where there are such columns, times, sizes and TTLs.

    Rows without a key are skipped and counted.

    Raises:
        BadInputError: With file and row, if a column is missing or a value is wrong.
    """
    if source.packed:
        text = "is compressed twice; decompress it first, since Parquet is compressed already"
        raise BadInputError(text, source.place)
    check_parquet(source.path, source.place)
    try:
        return _read(source, columns)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        text = f"is not a Parquet file, cut off or damaged ({reason}); fetch or make it again"
        raise BadInputError(text, source.place) from None


def _read(source: Source, columns: Mapping[str, str] | None) -> Trace:
    schema = pq.read_schema(source.path)
    description = read_description(schema.metadata, source.place)
    chosen = choose_columns(schema.names, columns, source.place)
    encoder, values = _columns(source, [role for role in chosen if role != "key"])
    keyless = np.zeros(0, np.int64)
    rows = 0
    for batch in batches(source, chosen, ahead=isinstance(encoder, KeyEncoder)):
        start, rows = rows - len(keyless), rows + len(batch)
        if batch.column("key").null_count:
            missing = batch.column("key").is_null().to_numpy(zero_copy_only=False)
            keyless = np.append(keyless, rows - len(batch) + np.flatnonzero(missing))
            batch = batch.filter(pa.array(~missing))  # noqa: PLW2901 - the rest is left out
        encoder.add(as_keys(batch.column("key"), source.place))
        for role, parts in values.items():
            try:
                parts.append(numbers_of(role, batch.column(role)))
            except RowFault as fault:
                raise _error(source, keyless, start + fault.row, fault) from None
    if not rows:
        raise BadInputError("has no rows; a trace needs at least one request", source.place)
    if len(keyless) == rows:
        raise BadInputError("no row has a key; a trace needs at least one", source.place)
    notes = (
        (f"{grouped(len(keyless))} of {counted(rows, 'row')} skipped: no key",)
        if len(keyless)
        else ()
    )
    merged = {role: parts.array() for role, parts in values.items()}
    if description is None:
        notes = (*notes, *columns_note(schema.names, chosen, columns))
        notes = (*notes, *_operations(source, schema, chosen), *_in_seconds(merged, source.place))
    for role, numbers in merged.items():
        try:
            check_values(role, numbers, in_order=not source.sort)
        except RowFault as fault:
            raise _error(source, keyless, fault.row, fault) from None
    ids, keys = encoder.finish()
    notes = (*notes, *hashed_note(encoder))
    trace = table_trace(source, ids, keys, merged, notes)
    return trace if columns else _described(trace, schema.metadata, description, source.place)


def _described(
    trace: Trace, metadata: Any, description: TraceDescription | None, place: str
) -> Trace:
    if description is not None:
        return restore(trace, description, place)
    if is_described(metadata):
        return dataclasses.replace(trace, notes=(*trace.notes, DAMAGED), check=False)
    return trace


def _in_seconds(columns: dict[str, Any], place: str) -> tuple[str, ...]:
    """Scale times that are too great for seconds, and return the note on that."""
    if "time" not in columns:
        return ()
    said = unit_notes(columns["time"], place)
    if said:
        columns["time"] = in_seconds(columns["time"])
    return said


def _operations(source: Source, schema: Any, chosen: Mapping[str, str]) -> tuple[str, ...]:
    """Return the note on rows that are no reads, where a column of texts says which are."""
    counts: Counter[str] = Counter()
    places = operation_column(schema.names, chosen)
    for place in places:
        column = schema.field(place)
        if is_text(column.type) or pa.types.is_dictionary(column.type):
            file = pq.ParquetFile(source.path, read_dictionary=[column.name])
            for batch in file.iter_batches(columns=[column.name]):
                count_words(batch.column(0), counts)
    return operations_note(counts, loose=is_loose(schema.names, places))


def _columns(
    source: Source, roles: Sequence[str]
) -> tuple[KeyEncoder | MappedKeys, dict[str, ListedColumn | MappedColumn]]:
    """Return what takes keys and values: in memory, or on disk where they are larger than that."""
    if not outgrows_memory(pq.read_metadata(source.path).num_rows, len(roles)):
        return KeyEncoder(source.place), {role: ListedColumn() for role in roles}
    kinds = {role: np.int64 if role == "size" else np.float64 for role in roles}
    return MappedKeys(source.place), {
        role: MappedColumn(kind, source.place) for role, kind in kinds.items()
    }


def _error(
    source: Source, keyless: npt.NDArray[np.int64], row: int, fault: RowFault
) -> BadInputError:
    place = f"{source.place}: row {row_in_file(row, keyless) + 1}"
    return BadInputError(fault.reason, place)
