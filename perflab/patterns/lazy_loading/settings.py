"""Settings of the lazy loader."""

from __future__ import annotations

from perflab.primitives.csv_header import WORDS
from perflab.settings.base import Settings, setting


class LazyLoadingSettings(Settings):
    """What is read, in chunks of how many rows, and how many of them are held in memory."""

    data_source: str = setting(
        "flights",
        "Source of the rows: flights (bundled, or flights:parquet ...), a file, or a function.",
        allowed="flights, a .sqlite (FILE:TABLE), .parquet, .csv or .npy file, or module:function",
    )
    chunk_size: int = setting(
        1000,
        "Rows per chunk.",
        unit="rows",
        low=1,
        high=100_000_000,
        span=(10, 100_000),
        scale="log",
    )
    max_chunks: int = setting(
        10,
        "Maximum number of chunks in memory; one more evicts the least recently used.",
        unit="chunks",
        low=1,
        high=10_000_000,
        span=(1, 1000),
        scale="log",
    )
    max_bytes: int | None = setting(
        None,
        "Maximum total size of the chunks in memory; none = no limit.",
        unit="bytes",
        low=1,
        high=2**50,
        span=(2**16, 2**34),
        scale="log",
    )
    read_ahead: int = setting(
        0,
        "Chunks to load ahead in the background when a new chunk is reached.",
        unit="chunks",
        low=0,
        high=10_000,
        span=(0, 16),
    )
    delimiter: str = setting(
        "auto",
        "Separator of the fields of a CSV; auto = the most frequent one in the header.",
        choices=WORDS,
    )
