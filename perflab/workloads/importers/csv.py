"""CSV: the header names the columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from perflab.settings import BadInputError
from perflab.workloads.encoding import KeyEncoder, integers_if_all
from perflab.workloads.importers.columns import choose_columns, unused_note, used_columns
from perflab.workloads.importers.csv_rows import CsvRows
from perflab.workloads.importers.lines import first_undecodable_line
from perflab.workloads.importers.requests import table_trace
from perflab.workloads.importers.source import HEAD_BYTES, Source
from perflab.workloads.importers.template import joined
from perflab.workloads.importers.values import RowFault, check_values, numbers_of
from perflab.workloads.trace import Trace

BLOCK_BYTES = 1 << 23
DELIMITERS = ",\t;|"


def read_header(head: bytes) -> tuple[list[str], str]:
    """Return the names in the first line that is not blank, and what parts them."""
    lines = head.decode("utf-8-sig", errors="replace").splitlines()
    line = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=line.count)
    return next(csv.reader([line], delimiter=delimiter), []), delimiter


def read_csv(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read keys and, where there are such columns, times, sizes and TTLs.

    Rows with another number of fields than the header, or without a key, are skipped and counted.

    Raises:
        BadInputError: With file and line, if a column is missing or a value is wrong.
    """
    names, delimiter = read_header(source.head)
    stripped = [name.strip() for name in names]
    chosen = choose_columns(stripped, columns, source.place)
    rows = CsvRows(source, delimiter)
    encoder = KeyEncoder(source.place)
    values: dict[str, list[npt.NDArray[Any]]] = {role: [] for role in chosen if role != "key"}
    written = {name: names[stripped.index(name)] for name in used_columns(chosen)}
    key = written.get(chosen["key"], chosen["key"])
    for batch in _batches(source, rows, delimiter, list(written.values())):
        if key not in batch.schema.names:
            texts = {name: batch.column(column) for name, column in written.items()}
            filled = joined(key, texts.__getitem__)
            batch = batch.append_column(key, filled)  # noqa: PLW2901 - the same rows
        kept = rows.keep_keyed(batch, key)
        encoder.add(kept.column(key))
        for role, parts in values.items():
            try:
                parts.append(numbers_of(role, kept.column(written[chosen[role]])))
            except RowFault as fault:
                raise rows.error(rows.kept - len(kept) + fault.row, fault.reason) from None
    notes = rows.finish()
    merged = {role: np.concatenate(parts) for role, parts in values.items()}
    for role, numbers in merged.items():
        try:
            check_values(role, numbers, in_order=not source.sort)
        except RowFault as fault:
            raise rows.error(fault.row, fault.reason) from None
    ids, keys = encoder.finish()
    notes = (*notes, *unused_note(stripped, chosen))
    return table_trace(source, ids, integers_if_all(keys), merged, notes)


def _batches(source: Source, rows: CsvRows, delimiter: str, names: list[str]) -> Iterator[Any]:
    if len(source.head.splitlines()) == 1 and len(source.head) < HEAD_BYTES:
        return
    with source.reader() as reader:
        reader.text_only = True
        reader.watch = rows.watch
        try:
            yield from arrow_csv.open_csv(
                reader,
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
        except pa.ArrowInvalid as error:
            line = first_undecodable_line(source)
            if line is not None:
                text = "is not UTF-8 text; convert it"
                raise BadInputError(text, f"{source.place}:{line}") from None
            raise BadInputError(f"cannot be read as CSV ({error})", source.place) from None
