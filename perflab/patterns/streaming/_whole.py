"""One pass through a plain, clean file by Polars' own streaming sink."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from perflab.errors.extras import naming_extra
from perflab.files import expanded
from perflab.patterns.streaming._look import Look
from perflab.patterns.streaming._progress import Tally
from perflab.patterns.streaming._rejected import RejectedFile
from perflab.patterns.streaming._sinks import format_of, plain_errors
from perflab.patterns.streaming.settings import StreamingSettings

_READ_VARIABLE = "POLARS_CSV_CHUNK_SIZE"
_READ_BYTES = 1 << 20


class UncleanError(Exception):
    """Polars' sink cannot read a row; another engine finds and lists it."""


class WholeRun:
    """A pass that Polars makes in one go, with the types that every engine has.

    The file has to be one in which `look_through` finds nothing: Polars stops at what it cannot
    read, but fills up a row that is too short, takes a blank line for one, and ``inf`` for a
    number. It cannot be stopped on its way; what was cancelled meanwhile is thrown away at its end.

    Args:
        settings: What is read and written.
        schema: See `StreamProcessor`.
        tally: Counts what is done.
        rows: How many rows the file has.

    Raises:
        BadInputError: If the file cannot be read.
    """

    def __init__(
        self,
        settings: StreamingSettings,
        schema: Mapping[str, str] | None,
        tally: Tally,
        rows: int,
    ) -> None:
        with naming_extra("files"):
            import polars as pl

            from perflab.patterns.streaming import _polars_columns

        self._polars, self._columns = pl, _polars_columns
        self._settings = settings
        self._tally = tally
        self._rows = rows
        with Look(settings, schema) as look:
            self.total_bytes = tally.bytes_total = look.source.total_bytes
            self._header_lines = look.header_lines
            self._layout = look.layout
            tally.notes += look.notes
        self.done_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Hold nothing: Polars has closed its files."""

    def chunks(self, output: Path, rejected: RejectedFile) -> Iterator[float]:
        """Do it all, and yield how many seconds it took.

        Raises:
            UncleanError: If Polars cannot read a row.
            OSError: If the output cannot be written.
        """
        del rejected
        started = time.perf_counter()
        polars = self._polars
        layout = self._layout
        texts = layout.of_kind("text")
        source = expanded(self._settings.input_file or "")
        lazy = polars.scan_csv(
            source,
            has_header=False,
            skip_lines=self._header_lines,
            schema=self._columns.read_types(layout),
            separator=layout.delimiter,
            glob=False,
        ).with_columns(polars.col(texts).fill_null(""), *self._columns.numbers_of_text(layout))
        if layout.empty:
            lazy = lazy.drop(layout.empty_names)
        try:
            with plain_errors(), _small_reads():
                if format_of(self._settings) == "parquet":
                    lazy.sink_parquet(output)
                else:
                    lazy.sink_ndjson(output)
        except polars.exceptions.PolarsError as error:
            raise UncleanError(str(error).partition("\n")[0]) from None
        self.done_bytes = self.total_bytes
        self._tally.count(self._rows, 0)
        yield time.perf_counter() - started


@contextmanager
def _small_reads() -> Iterator[None]:
    """Let Polars read little at a time: by itself it holds several times the memory for no speed.

    A size that the user has set stays.
    """
    if _READ_VARIABLE in os.environ:
        yield
        return
    os.environ[_READ_VARIABLE] = str(_READ_BYTES)
    try:
        yield
    finally:
        os.environ.pop(_READ_VARIABLE, None)
