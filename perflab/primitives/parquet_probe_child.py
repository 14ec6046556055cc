"""The process that reads Parquet files for others, and may die of it: run as a script.

It imports nothing of perflab, so that it starts quickly. Each line of its input is a file's path
in hexadecimal digits; it answers ``fine`` or ``wrong``. A file that Arrow refuses is fine: its
reader is told so by an exception.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

NO_ARROW = 3
# Values are read for so long; metadata, where the deaths that are known come from, as a whole.
DECODING_SECONDS = 2.0
_BATCH_ROWS = 1 << 16
_BATCH_BYTES = 1 << 26


def main() -> None:
    """Answer for each path of the input until it ends."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        import pyarrow.parquet  # noqa: F401 - so that a file is not blamed for its absence
    except ImportError:
        sys.exit(NO_ARROW)
    for line in sys.stdin.buffer:
        answer = b"fine\n" if is_sound(os.fsdecode(bytes.fromhex(line.decode()))) else b"wrong\n"
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


def is_sound(path: str) -> bool:
    """Say whether the values of a file, as far as they are read, lie where they should."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            _ask(file)
            until = time.monotonic() + DECODING_SECONDS
            rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES // (_longest(path, file) or 1)))
            for batch in file.iter_batches(rows, use_threads=False):
                try:
                    batch.validate(full=True)
                except pa.ArrowInvalid:
                    return False
                if time.monotonic() > until:
                    break
    except Exception:  # noqa: BLE001 - whatever it is, the reader is told it too
        return True
    return True


def _longest(path: str, file: pq.ParquetFile) -> int:
    """Return the bytes of the longest text in a dictionary, which each row may repeat in few bytes.

    A dictionary comes with the first row of its group.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    longest = 0
    schema = file.metadata.schema
    columns = (schema.column(place) for place in range(len(schema)))
    texts = [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]
    if not texts:
        return 0
    with pq.ParquetFile(path, read_dictionary=texts) as coded:
        for group in range(coded.metadata.num_row_groups):
            batch = next(coded.iter_batches(1, row_groups=[group], columns=texts), None)
            for words in _dictionaries([] if batch is None else batch.columns):
                longest = max(longest, pc.max(pc.binary_length(words)).as_py() or 0)
    return longest


def _dictionaries(columns: list[pa.Array]) -> list[pa.Array]:
    """Return the dictionaries of texts in columns, of those in lists and structs too."""
    import pyarrow as pa

    found = []
    for column in columns:
        if pa.types.is_dictionary(column.type):
            found += [column.dictionary] if _is_text(column.type.value_type) else []
        elif pa.types.is_struct(column.type):
            found += _dictionaries(column.flatten())
        elif hasattr(column, "values"):
            found += _dictionaries([column.values])
    return found


def _is_text(kind: object) -> bool:
    import pyarrow as pa

    tests = (pa.types.is_string, pa.types.is_binary, pa.types.is_large_string)
    return any(test(kind) for test in (*tests, pa.types.is_large_binary))


def _ask(file: object) -> None:
    """Ask for all of the metadata that perflab's readers ask for."""
    metadata = file.metadata  # type: ignore[attr-defined]
    list(file.schema_arrow.names)  # type: ignore[attr-defined]
    for place in range(metadata.num_row_groups):
        group = metadata.row_group(place)
        group.total_byte_size, group.num_rows  # noqa: B018 - asking may end the process
        for column in range(group.num_columns):
            group.column(column).total_compressed_size  # noqa: B018


if __name__ == "__main__":
    main()
