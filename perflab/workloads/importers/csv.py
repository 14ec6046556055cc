"""CSV: the header names the columns."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from perflab.errors import BadInputError
from perflab.workloads.importers.columns import (
    KEY_NAMES,
    choose_columns,
    columns_note,
    heading_note,
    is_loose,
    listed,
    looks_like_row,
    operation_column,
    used_columns,
)
from perflab.workloads.importers.csv_rows import CsvRows
from perflab.workloads.importers.doubts import count_words, named, operations_note
from perflab.workloads.importers.read_ahead import ReadAhead
from perflab.workloads.importers.requests import table_trace
from perflab.workloads.importers.source import HEAD_BYTES, Source
from perflab.workloads.importers.template import joined
from perflab.workloads.importers.time_units import in_seconds, unit_notes
from perflab.workloads.importers.utf8 import BYTE_ORDER_MARK, as_utf8
from perflab.workloads.importers.values import RowFault, check_values, numbers_of
from perflab.workloads.kinds.encoding import KeyEncoder, integers_if_all
from perflab.workloads.kinds.trace import Trace

BLOCK_BYTES = 1 << 23
DELIMITERS = ",\t;|"
METRIC_COLUMN = "metric_name"
SEVERAL_METRICS = (
    "several rows per request, each of which would count as one; keep one metric, such as "
    "grep -E '^(metric_name|http_reqs),' FILE > requests.csv, and name "
    "--columns key=url,time=timestamp"
)


def read_header(head: bytes) -> tuple[list[str], str]:
    """Return the names in the first record that is not blank, and what parts them."""
    text = as_utf8(head.removeprefix(BYTE_ORDER_MARK)).decode("utf-8", "ignore").lstrip("\r\n")
    line = re.split(r"[\r\n]", text, maxsplit=1)[0]
    delimiter = max(DELIMITERS, key=line.count)
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []), delimiter
    except csv.Error:  # a quote that does not end, say: then it is no table
        return [line], delimiter


def read_csv(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read keys and, where there are such columns, times, sizes and TTLs.

    Rows with another number of fields than the header, or without a key, are skipped and counted.

    Raises:
        BadInputError: With file and line, if a column is missing or a value is wrong.
    """
    names, delimiter = read_header(source.head)
    stripped = [name.strip() for name in names]
    if looks_like_row(stripped) and not columns and not set(KEY_NAMES) & set(stripped):
        text = f"seems to have no heading: its first line is {listed(stripped)}"
        raise BadInputError(f"{text}; put one before it, such as time,key,size", source.place)
    chosen = choose_columns(stripped, columns, source.place)
    rows = CsvRows(source, delimiter)
    encoder = KeyEncoder(source.place)
    values: dict[str, list[npt.NDArray[Any]]] = {role: [] for role in chosen if role != "key"}
    written = {name: names[stripped.index(name)] for name in used_columns(chosen)}
    # Words of how many rows: of what they do, and of which metric they are.
    words = {"operation": operation_column(stripped, chosen), "metric": _metric_column(stripped)}
    counts: dict[str, Counter[str]] = {what: Counter() for what in words}
    key = written.get(chosen["key"], chosen["key"])
    wanted = [names[i] for columns_of_words in words.values() for i in columns_of_words]
    read = dict.fromkeys([*written.values(), *wanted])
    for batch in _batches(source, rows, delimiter, list(read)):
        if key not in batch.schema.names:
            texts = {name: batch.column(column) for name, column in written.items()}
            filled = joined(key, texts.__getitem__)
            batch = batch.append_column(key, filled)  # noqa: PLW2901 - the same rows
        kept = rows.keep_keyed(batch, key)
        encoder.add(kept.column(key))
        _count(words, counts, names, kept)
        for role, parts in values.items():
            try:
                parts.append(numbers_of(role, kept.column(written[chosen[role]])))
            except RowFault as fault:
                raise rows.error(rows.kept - len(kept) + fault.row, fault.reason) from None
    _check_one_metric(counts["metric"], source.place)
    notes = rows.finish()
    merged = {role: np.concatenate(parts) for role, parts in values.items()}
    if "time" in merged:
        notes = (*notes, *unit_notes(merged["time"], source.place))
        merged["time"] = in_seconds(merged["time"])
    for role, numbers in merged.items():
        try:
            check_values(role, numbers, in_order=not source.sort)
        except RowFault as fault:
            raise rows.error(fault.row, fault.reason) from None
    ids, keys = encoder.finish()
    notes = (*notes, *heading_note(stripped), *columns_note(stripped, chosen, columns))
    notes = (
        *notes,
        *operations_note(counts["operation"], loose=is_loose(names, words["operation"])),
    )
    return table_trace(source, ids, integers_if_all(keys), merged, notes)


def _metric_column(names: list[str]) -> list[int]:
    return [i for i, name in enumerate(names) if name == METRIC_COLUMN]


def _count(
    words: Mapping[str, list[int]],
    counts: Mapping[str, Counter[str]],
    names: list[str],
    batch: Any,
) -> None:
    for what, places in words.items():
        for place in places:
            count_words(batch.column(names[place]), counts[what])


def _check_one_metric(metrics: Counter[str], place: str) -> None:
    if len(metrics) > 1:
        raise BadInputError(f"has {named(metrics)}: {SEVERAL_METRICS}", place)


def _batches(source: Source, rows: CsvRows, delimiter: str, names: list[str]) -> Iterator[Any]:
    if len(source.head.splitlines()) == 1 and len(source.head) < HEAD_BYTES:
        return
    with source.reader() as reader, ReadAhead(reader) as ahead:
        reader.watch = rows.watch
        try:
            yield from arrow_csv.open_csv(
                ahead,
                read_options=arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
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
