"""Settings of streaming: from a CSV to JSON Lines or Parquet by chunks."""

from __future__ import annotations

import os
from typing import Any

from pydantic import field_validator

from perflab.settings.base import Settings, setting

BLOCK_ENGINES = ("python", "pandas", "arrow", "polars")
WHOLE_ENGINES = ("polars_sink",)
ENGINES = BLOCK_ENGINES + WHOLE_ENGINES
OUTPUT_FORMATS = ("auto", "jsonl", "parquet")
DELIMITERS = ("auto", "comma", "semicolon", "tab", "pipe")


class StreamingSettings(Settings):
    """What is read, how much of it at a time, by whom, and how many bad rows are borne."""

    input_file: str | None = setting(
        None,
        "The CSV to read, plain or as .gz, .xz or .zst; none for the workload's own file.",
    )
    output_file: str | None = setting(
        None,
        "Where the rows go: .jsonl or .parquet; none for a file that is thrown away after a run.",
    )
    chunk_size: int = setting(
        10_000,
        "How many rows are read, converted and written at a time; in Parquet, a row group.",
        unit="rows",
        low=1,
        high=10_000_000,
        span=(100, 1_000_000),
        scale="log",
    )
    engine: str = setting(
        "polars",
        "Who converts a chunk; polars_sink streams a plain, clean file in chunks of its own.",
        choices=ENGINES,
    )
    max_rejected_share: float = setting(
        0.01,
        "The share of bad rows from which on the run stops and nothing is written.",
        unit="ratio",
        low=0.0,
        high=1.0,
        span=(0.0, 1.0),
    )
    output_format: str = setting(
        "auto",
        "JSON Lines or Parquet; auto is what the output file's ending says, else JSON Lines.",
        choices=OUTPUT_FORMATS,
    )
    delimiter: str = setting(
        "auto",
        "What stands between fields; auto takes what is most frequent in the header.",
        choices=DELIMITERS,
    )

    @field_validator("input_file", "output_file", mode="before")
    @classmethod
    def _path_as_text(cls, value: Any) -> Any:
        return os.fspath(value) if isinstance(value, os.PathLike) else value
