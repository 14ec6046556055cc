"""Settings of streaming: from a CSV to JSON Lines or Parquet by chunks."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping

from pydantic import field_validator

from perflab.primitives.csv_header import WORDS
from perflab.settings.base import Settings, setting
from perflab.units import is_none_word

BLOCK_ENGINES = ("python", "pandas", "arrow", "polars")
WHOLE_ENGINES = ("polars_sink",)
ENGINES = BLOCK_ENGINES + WHOLE_ENGINES
OUTPUT_FORMATS = ("auto", "jsonl", "parquet")
KINDS = ("int", "float", "text")


with warnings.catch_warnings():
    # pydantic's own `schema` is an old name of another thing, and it warns of a field of that name.
    warnings.filterwarnings("ignore", 'Field name "schema"', UserWarning)

    class StreamingSettings(Settings):
        """What is read, how much of it at a time, by whom, and how many bad rows are borne."""

        input_file: str | None = setting(
            None,
            "The CSV to read, plain or as .gz, .xz or .zst; none = the workload's own file.",
        )
        output_file: str | None = setting(
            None,
            "Where to write rows: .jsonl or .parquet; none = a temporary file, removed after "
            "the run.",
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
            "Engine that converts a chunk; polars_sink streams a plain file in its own chunks, and "
            "leaves one that is not clean to polars.",
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
            choices=WORDS,
        )
        schema: str | None = setting(  # type: ignore[assignment]
            None,
            "Types of columns where the rule's choice is not right, such as zip:text,price:float.",
            allowed="COLUMN:int, COLUMN:float or COLUMN:text, with commas between them",
        )
        na_values: str | None = setting(
            None,
            "Words that stand for no value in columns of numbers, such as NA,null,-.",
            allowed="words with commas between them",
        )

        @property
        def kinds(self) -> dict[str, str]:
            """The types that `schema` gives, by column."""
            pairs = (
                part.rpartition(":") for part in (self.schema or "").split(",") if part.strip()
            )
            return {name.strip(): kind.strip() for name, _, kind in pairs}

        @property
        def na_words(self) -> tuple[str, ...]:
            """The words of `na_values`, each once."""
            words = (word.strip() for word in (self.na_values or "").split(","))
            return tuple(dict.fromkeys(word for word in words if word))

        @field_validator("schema", mode="before")
        @classmethod
        def _kinds_as_text(cls, value: object) -> object:
            if isinstance(value, Mapping):
                value = ",".join(f"{name}:{kind}" for name, kind in value.items())
            if not isinstance(value, str) or is_none_word(value):
                return value
            for part in value.split(","):
                name, colon, kind = part.rpartition(":")
                if not (colon and name.strip()) or kind.strip() not in KINDS:
                    raise ValueError(f"{part.strip()!r} is not a column with its type")
            return value

        @field_validator("na_values", mode="before")
        @classmethod
        def _words_as_text(cls, value: object) -> object:
            return ",".join(map(str, value)) if isinstance(value, list | tuple) else value

        @field_validator("input_file", "output_file", mode="before")
        @classmethod
        def _path_as_text(cls, value: object) -> object:
            return os.fspath(value) if isinstance(value, os.PathLike) else value
