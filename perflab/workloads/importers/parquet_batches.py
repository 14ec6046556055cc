"""The rows of a Parquet file in batches, so that memory is bounded whatever its row groups are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from perflab.workloads.importers.parquet_texts import LONG_BYTES, longest_repeated, rows_at_once
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.template import fields_of, is_template, joined

BATCH_ROWS = 1 << 20
LARGE_GROUP_BYTES = 1 << 28
"""The scanner of a file decodes whole groups of rows, several at a time: larger ones are read on
in pieces, a batch after the other."""

_PIECE_ROWS = 1 << 18
_PIECE_BYTES = 1 << 20


def batches(source: Source, chosen: Mapping[str, str], *, ahead: bool) -> Iterator[Any]:
    """Yield the columns by role; reading ahead where that is requested and groups are small.

    Else a piece of each column is in memory at a time, and what belongs to all of a group: the
    dictionary of its keys, where it has one.

    Args:
        source: The file.
        chosen: Which column is the key, time, size, ttl or op; the key may be a template.
        ahead: Whether decoding may be quicker than what follows, at the price of memory.
    """
    source.report(0)
    metadata = pq.read_metadata(source.path)
    total, done = max(metadata.num_rows, 1), 0
    groups = (metadata.row_group(place) for place in range(metadata.num_row_groups))
    largest = max((group.total_byte_size for group in groups), default=0)
    key, *others = chosen["key"], *(name for role, name in chosen.items() if role != "key")
    plain = not is_template(key)
    spelled = [name for text in ([] if plain else [key]) + others for name in fields_of(text)]
    rows = rows_at_once(source, spelled, _PIECE_ROWS)
    coded = [key] if plain and longest_repeated(source.path, [key]) > LONG_BYTES else []
    if ahead and largest <= LARGE_GROUP_BYTES and rows == _PIECE_ROWS and not coded:
        found = _scanned(source.path, chosen)
    else:
        found = _in_pieces(source.path, chosen, rows, coded)
    for batch in found:
        done += len(batch)
        source.report(source.total_bytes * done // total)
        yield batch


def _scanned(path: Path, chosen: Mapping[str, str]) -> Iterator[Any]:
    import pyarrow.dataset as ds  # slow to load, and only Parquet needs it

    checked = ds.ParquetFragmentScanOptions(page_checksum_verification=True, pre_buffer=True)
    kind = ds.ParquetFileFormat(default_fragment_scan_options=checked)
    data = ds.dataset(path, format=kind)
    fields = {role: ds.field(name) for role, name in chosen.items()}
    if is_template(chosen["key"]):
        fields["key"] = joined(chosen["key"], lambda name: ds.field(name).cast(pa.string()))
    yield from data.scanner(columns=fields, batch_size=BATCH_ROWS).to_batches()


def _in_pieces(
    path: Path, chosen: Mapping[str, str], rows: int, coded: Sequence[str]
) -> Iterator[Any]:
    names = dict.fromkeys(name for text in chosen.values() for name in fields_of(text))
    with pq.ParquetFile(
        path,
        read_dictionary=list(coded),
        pre_buffer=False,
        buffer_size=_PIECE_BYTES,
        page_checksum_verification=True,
    ) as file:
        for batch in file.iter_batches(rows, columns=list(names)):
            columns = {role: _column(batch, text) for role, text in chosen.items()}
            yield pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def _column(batch: Any, text: str) -> Any:
    if not is_template(text):
        return _as_texts(batch.column(text))
    return joined(text, lambda name: batch.column(name).cast(pa.string()))


def _as_texts(column: Any) -> Any:
    """Return bytes that are numbered as texts that are; of each but one copy is made."""
    if not pa.types.is_dictionary(column.type) or not _is_binary(column.type.value_type):
        return column
    return pa.DictionaryArray.from_arrays(column.indices, column.dictionary.cast(pa.large_string()))


def _is_binary(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
