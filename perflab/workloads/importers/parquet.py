"""Parquet: columns by name, as in CSV; files of perflab and of other tools."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from perflab.errors import BadInputError
from perflab.primitives.parquet_probe import check_parquet
from perflab.units import counted, grouped
from perflab.workloads.importers.backend_times import backend_unit, settle_backend
from perflab.workloads.importers.columns import choose_columns, columns_note
from perflab.workloads.importers.mapped import (
    ListedColumn,
    MappedColumn,
    MappedKeys,
    hashed_note,
    outgrows_memory,
)
from perflab.workloads.importers.operation_column import OperationColumn, check_table
from perflab.workloads.importers.parquet_batches import batches
from perflab.workloads.importers.requests import table_trace
from perflab.workloads.importers.role_names import plain_name
from perflab.workloads.importers.skipped import row_in_file
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.time_units import settled
from perflab.workloads.importers.values import RowFault, is_dated, numbers_of
from perflab.workloads.kinds.encoding import KeyEncoder, as_keys, is_text
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.storage.description import TraceDescription
from perflab.workloads.storage.parquet import DAMAGED, is_described, read_description, restore

_OF_OPERATIONS = ("op", "status")


def read_parquet(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read keys and, where there are such columns, times, sizes, TTLs, backend times, operations.

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
    chosen.pop("op", None)
    unit = source.time_unit or plain_name(chosen.get("time", ""))[1]
    unit = unit if description is None else None
    operations = OperationColumn.of_table(_of_texts(schema), chosen, columns, schema.names)
    if operations.place is not None:
        chosen |= {"op": operations.name} | operations.answers(schema.names)
    encoder, values = _columns(source, [*chosen])
    units = {
        "time": unit,
        "ttl": plain_name(chosen.get("ttl", ""))[1] if description is None else None,
        "backend": backend_unit(chosen.get("backend", "")),
    }
    keyless, notes, dated = _collect(source, (chosen, units), encoder, values, operations)
    merged = {role: parts.array() for role, parts in values.items()}
    is_ours = description is not None
    said = () if is_ours else _in_seconds(merged, source.place, unit, dated=dated)
    try:
        check_table(merged, operations, in_order=not source.sort)
    except RowFault as fault:
        raise _error(source, keyless, fault.row, fault) from None
    if description is None:
        if "op" not in merged:
            chosen = {role: name for role, name in chosen.items() if role not in _OF_OPERATIONS}
        used = columns_note(schema.names, chosen, columns)
        told = settle_backend(merged, chosen.get("backend"), columns, source.place)
        notes = (*notes, *used, *told, *operations.notes(), *said)
    ids, keys = encoder.finish()
    notes = (*notes, *hashed_note(encoder))
    trace = table_trace(source, ids, keys, merged, notes)
    return trace if columns else _described(trace, schema.metadata, description, source.place)


def _collect(
    source: Source,
    chosen_units: tuple[Mapping[str, str], Mapping[str, str | None]],
    encoder: KeyEncoder | MappedKeys,
    values: Mapping[str, ListedColumn | MappedColumn],
    operations: OperationColumn,
) -> tuple[npt.NDArray[np.int64], tuple[str, ...], bool]:
    """Read all rows; return which have no key, the note on them, and whether times are dates."""
    chosen, units = chosen_units
    keyless = np.zeros(0, np.int64)
    rows, dated = 0, False
    for batch in batches(source, chosen, ahead=isinstance(encoder, KeyEncoder)):
        start, rows = rows - len(keyless), rows + len(batch)
        if batch.column("key").null_count:
            missing = batch.column("key").is_null().to_numpy(zero_copy_only=False)
            keyless = np.append(keyless, rows - len(batch) + np.flatnonzero(missing))
            batch = batch.filter(pa.array(~missing))  # noqa: PLW2901 - the rest is left out
        encoder.add(as_keys(batch.column("key"), source.place))
        if "op" in chosen:
            operations.add(*(batch.column(role) for role in _OF_OPERATIONS if role in chosen))
        for role, parts in values.items():
            try:
                # What is larger than memory is kept as whole numbers, unless there are operations.
                column = batch.column(role)
                missing = "op" in chosen or isinstance(parts, ListedColumn)
                dated = dated or (role == "time" and is_dated(column))
                parts.append(numbers_of(role, column, missing=missing, unit=units.get(role)))
            except RowFault as fault:
                raise _error(source, keyless, start + fault.row, fault) from None
    if not rows:
        raise BadInputError("has no rows; a trace needs at least one request", source.place)
    if len(keyless) == rows:
        raise BadInputError("no row has a key; a trace needs at least one", source.place)
    if not len(keyless):
        return keyless, (), dated
    skipped = f"{grouped(len(keyless))} of {counted(rows, 'row')} skipped: no key"
    return keyless, (skipped,), dated


def _described(
    trace: Trace, metadata: Any, description: TraceDescription | None, place: str
) -> Trace:
    if description is not None:
        return restore(trace, description, place)
    if is_described(metadata):
        return dataclasses.replace(trace, notes=(*trace.notes, DAMAGED), check=False)
    return trace


def _in_seconds(
    columns: dict[str, Any], place: str, unit: str | None, *, dated: bool
) -> tuple[str, ...]:
    """Scale times that are too great for seconds, and return the note on that."""
    if "time" not in columns:
        return ()
    columns["time"], said = settled(columns["time"], place, unit, dated=dated)
    return said


def _of_texts(schema: Any) -> list[str]:
    """Return the names of columns, those of others than texts as nothing."""
    return [
        field.name if is_text(field.type) or pa.types.is_dictionary(field.type) else ""
        for field in schema
    ]


def _columns(
    source: Source, chosen: Sequence[str]
) -> tuple[KeyEncoder | MappedKeys, dict[str, ListedColumn | MappedColumn]]:
    """Return what takes keys and values: in memory, or on disk where they are larger than that."""
    roles = [role for role in chosen if role not in ("key", *_OF_OPERATIONS)]
    if not outgrows_memory(pq.read_metadata(source.path).num_rows, len(roles)):
        return KeyEncoder(source.place), {role: ListedColumn() for role in roles}
    # Beside operations a size may be missing.
    whole = ("count",) if "op" in chosen else ("size", "count")
    kinds = {role: np.int64 if role in whole else np.float64 for role in roles}
    return MappedKeys(source.place), {
        role: MappedColumn(kind, source.place) for role, kind in kinds.items()
    }


def _error(
    source: Source, keyless: npt.NDArray[np.int64], row: int, fault: RowFault
) -> BadInputError:
    place = f"{source.place}: row {row_in_file(row, keyless) + 1}"
    return BadInputError(fault.reason, place)
