"""Texts of a Parquet file that stand there once and count many times, as a bomb has them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from perflab.errors import BadInputError
from perflab.units import counted
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.unpack import MOST_RATIO

LONG_BYTES = 1 << 10
"""Texts up to this are decoded row by row, which is quicker where most differ."""

LONGEST_BYTES = 1 << 16
"""Longer ones may not be repeated to more than `MOST_RATIO` times the file's size."""

_AT_ONCE_BYTES = 1 << 28


def rows_at_once(source: Source, names: Iterable[str], most: int) -> int:
    """Return how many rows may be decoded at once where each row needs its own copy of texts.

    Args:
        source: The file.
        names: The columns that are decoded so.
        most: The most rows.

    Raises:
        BadInputError: If so much would come out that it is a bomb.
    """
    longest = longest_repeated(source.path, names)
    rows = pq.read_metadata(source.path).num_rows
    if longest > LONGEST_BYTES and rows * longest > MOST_RATIO * source.total_bytes:
        text = (
            f"has a text of {counted(longest, 'byte')} that {counted(rows, 'row')} may repeat, "
            f"over {MOST_RATIO} times its size; leave that column out, or cut its texts"
        )
        raise BadInputError(text, source.place)
    return max(1, min(most, _AT_ONCE_BYTES // max(longest, 1)))


def longest_repeated(path: Path, names: Iterable[str]) -> int:
    """Return the bytes of the longest text that any row group can repeat without storing it again.

    A text is stored once a group, in the dictionary of its column, where a million rows may name
    it in a few bytes. The dictionary comes with a group's first row; what is not in it takes its
    place in the file for each row.

    Args:
        path: The file.
        names: The columns to look at; those that are no texts are passed over.

    Raises:
        pyarrow.ArrowException: If the file is damaged.
    """
    longest = 0
    wanted = set(names)
    with pq.ParquetFile(path) as file:
        texts = [field.name for field in file.schema_arrow if _is_text(field.type)]
        metadata = file.metadata
    chosen = [name for name in texts if name in wanted]
    if not chosen:
        return 0
    with pq.ParquetFile(path, read_dictionary=chosen, pre_buffer=False) as file:
        for group in range(metadata.num_row_groups):
            for batch in file.iter_batches(1, row_groups=[group], columns=chosen):
                longest = max(longest, *map(_longest, batch.columns))
                break
    return longest


def _longest(column: Any) -> int:
    if not pa.types.is_dictionary(column.type):
        return 0
    return pc.max(pc.binary_length(column.dictionary)).as_py() or 0


def _is_text(kind: Any) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(plain)
        or pa.types.is_large_string(plain)
        or pa.types.is_binary(plain)
        or pa.types.is_large_binary(plain)
    )
