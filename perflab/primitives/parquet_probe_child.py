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

NO_ARROW = 3
# Values are read for so long; metadata, where the deaths that are known come from, as a whole.
DECODING_SECONDS = 2.0
_BATCH_ROWS = 1 << 16


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
            for batch in file.iter_batches(_BATCH_ROWS, use_threads=False):
                try:
                    batch.validate(full=True)
                except pa.ArrowInvalid:
                    return False
                if time.monotonic() > until:
                    break
    except Exception:  # noqa: BLE001 - whatever it is, the reader is told it too
        return True
    return True


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
