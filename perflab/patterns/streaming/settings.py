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
        "The CSV to read, plain or as .gz, .xz or .zst; none = the workload's own file.",
    )
    output_file: str | None = setting(
        None,
        "Where to write rows: .jsonl or .parquet; none = a temporary file, removed after the run.",
    )
    chunk_size: int = setting(
        10_000,
        "Rows read, converted and written at a time; in Parquet, one row group.",
        unit="rows",
        low=1,
        high=10_000_000,
        span=(100, 1_000_000),
        scale="log",
    )
    engine: str = setting(
        "polars",
        "Engine that converts a chunk; polars_sink streams a plain, clean file in its own chunks.",
        choices=ENGINES,
    )
    max_rejected_share: float = setting(
        0.01,
        "Abort, writing nothing, once this share of rows is bad.",
        unit="ratio",
        low=0.0,
        high=1.0,
        span=(0.0, 1.0),
    )
    output_format: str = setting(
        "auto",
        "JSON Lines or Parquet; auto follows the output file's suffix, else JSON Lines.",
        choices=OUTPUT_FORMATS,
    )
    delimiter: str = setting(
        "auto",
        "Separator of fields; auto = the most frequent one in the header.",
        choices=DELIMITERS,
    )

    @field_validator("input_file", "output_file", mode="before")
    @classmethod
    def _path_as_text(cls, value: Any) -> Any:
        return os.fspath(value) if isinstance(value, os.PathLike) else value
