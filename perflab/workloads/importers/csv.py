"""CSV: the header names the columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from perflab.errors import BadInputError
from perflab.workloads.importers.backend_times import backend_unit, settle_backend
from perflab.workloads.importers.columns import (
    check_heading,
    choose_columns,
    columns_note,
    heading_note,
    used_columns,
)
from perflab.workloads.importers.csv_heading import above_notes, lines_above, table_header
from perflab.workloads.importers.csv_rows import CsvRows
from perflab.workloads.importers.doubts import count_words, named
from perflab.workloads.importers.operation_column import OperationColumn, check_table
from perflab.workloads.importers.read_ahead import ReadAhead
from perflab.workloads.importers.requests import table_trace
from perflab.workloads.importers.role_names import plain_name
from perflab.workloads.importers.source import HEAD_BYTES, Source
from perflab.workloads.importers.template import joined
from perflab.workloads.importers.time_units import settled
from perflab.workloads.importers.values import RowFault, is_dated, numbers_of
from perflab.workloads.kinds.encoding import KeyEncoder, integers_if_all
from perflab.workloads.kinds.trace import Trace

BLOCK_BYTES = 1 << 23
METRIC_COLUMN = "metric_name"
SEVERAL_METRICS = (
    "several rows per request, each of which would count as one; keep one metric, such as "
    "grep -E '^(metric_name|http_reqs),' FILE > requests.csv, and name "
    "--columns key=url,time=timestamp"
)


def read_csv(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read keys and, where there are such columns, times, sizes, TTLs, backend times, operations.

    Rows with another number of fields than the header, or without a key, are skipped and counted.

    Raises:
        BadInputError: With file and line, if a column is missing or a value is wrong.
    """
    names, delimiter = table_header(source)
    stripped = [name.strip() for name in names]
    has_header = source.reading.has_header
    if has_header:
        check_heading(names, columns, source.place)
    chosen = choose_columns(stripped, columns, source.place)
    chosen.pop("op", None)
    unit = source.time_unit or plain_name(chosen.get("time", ""))[1]
    units = {
        "time": unit,
        "ttl": plain_name(chosen.get("ttl", ""))[1],
        "backend": backend_unit(chosen.get("backend", "")),
    }
    operations = OperationColumn.of_table(stripped, chosen, columns)
    above = lines_above(source)
    rows = CsvRows(source, delimiter, has_header=has_header, above=above)
    encoder = KeyEncoder(source.place)
    values: dict[str, list[npt.NDArray[Any]]] = {role: [] for role in chosen if role != "key"}
    written = {name: names[stripped.index(name)] for name in used_columns(chosen)}
    metrics, dated = Counter[str](), False
    key = written.get(chosen["key"], chosen["key"])
    place = operations.place
    metric_places = _metric_column(stripped)
    wanted = [names[i] for i in (*metric_places, *operations.places)]
    read = dict.fromkeys([*written.values(), *wanted])
    numbers = None if has_header else names
    for batch in _batches(source, rows, (delimiter, above), list(read), numbers):
        if key not in batch.schema.names:
            texts = {name: batch.column(column) for name, column in written.items()}
            filled = joined(key, texts.__getitem__)
            batch = batch.append_column(key, filled)  # noqa: PLW2901 - the same rows
        kept = rows.keep_keyed(batch, key)
        encoder.add(kept.column(key))
        for metric in metric_places:
            count_words(kept.column(names[metric]), metrics)
        if place is not None:
            operations.add(*(kept.column(names[each]) for each in operations.places))
        for role, parts in values.items():
            try:
                column = kept.column(written[chosen[role]])
                dated = dated or (role == "time" and is_dated(column))
                parts.append(numbers_of(role, column, missing=True, unit=units.get(role)))
            except RowFault as fault:
                raise rows.error(rows.kept - len(kept) + fault.row, fault.reason) from None
    _check_one_metric(metrics, source.place)
    notes = rows.finish()
    merged = {role: np.concatenate(parts) for role, parts in values.items()}
    notes = (*notes, *_finish(merged, operations, rows, source, (unit, dated)))
    told = settle_backend(merged, chosen.get("backend"), columns, source.place)
    ids, keys = encoder.finish()
    if "op" in merged:
        chosen |= {"op": operations.name} | operations.answers(stripped)
    heading = (*above_notes(source), *(heading_note(stripped) if has_header else ()))
    used = columns_note(stripped, chosen, columns)
    notes = (*notes, *heading, *used, *told, *operations.notes())
    return table_trace(source, ids, integers_if_all(keys), merged, notes)


def _finish(
    columns: dict[str, npt.NDArray[Any]],
    operations: OperationColumn,
    rows: CsvRows,
    source: Source,
    of_times: tuple[str | None, bool],
) -> tuple[str, ...]:
    """Make times seconds, check all columns and add the operations; return the note on times."""
    said: tuple[str, ...] = ()
    if "time" in columns:
        unit, dated = of_times
        columns["time"], said = settled(columns["time"], source.place, unit, dated=dated)
    if {"count", "ttl"} <= set(columns):
        # CacheLib writes 0 for an entry that does not expire.
        columns["ttl"] = np.where(columns["ttl"] == 0, np.nan, columns["ttl"])
    try:
        check_table(columns, operations, in_order=not source.sort)
    except RowFault as fault:
        raise rows.error(fault.row, fault.reason) from None
    return said


def _metric_column(names: list[str]) -> list[int]:
    return [i for i, name in enumerate(names) if name == METRIC_COLUMN]


def _check_one_metric(metrics: Counter[str], place: str) -> None:
    if len(metrics) > 1:
        raise BadInputError(f"has {named(metrics)}: {SEVERAL_METRICS}", place)


def _batches(
    source: Source,
    rows: CsvRows,
    form: tuple[str, int],
    names: list[str],
    numbers: list[str] | None,
) -> Iterator[Any]:
    delimiter, above = form
    if numbers is None and len(source.head.splitlines()) == 1 and len(source.head) < HEAD_BYTES:
        return
    with source.reader() as reader, ReadAhead(reader) as ahead:
        reader.watch = rows.watch
        try:
            yield from arrow_csv.open_csv(
                ahead,
                read_options=arrow_csv.ReadOptions(
                    use_threads=False,
                    block_size=BLOCK_BYTES,
                    column_names=numbers,
                    skip_rows=above,
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=delimiter,
                    newlines_in_values=True,
                    invalid_row_handler=rows.skip,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    include_columns=names, column_types=dict.fromkeys(names, pa.string())
                ),
            )
        except pa.ArrowKeyError as error:
            text = f"the heading cannot be read ({error.args[0]}); write it in one plain line"
            raise BadInputError(text, f"{source.place}:1") from None
        except pa.ArrowInvalid as error:
            if "straddling" in str(error):
                text = (
                    f"has a row of more than {BLOCK_BYTES >> 20} MiB; is a quote in it not closed?"
                )
                raise BadInputError(text, source.place) from None
            raise BadInputError(f"cannot be read as CSV ({error})", source.place) from None
