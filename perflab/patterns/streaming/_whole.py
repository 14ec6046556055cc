"""One pass through a plain, clean file by Polars' own streaming sink."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.patterns.streaming._blocks import BlockReader
from perflab.patterns.streaming._progress import Tally
from perflab.patterns.streaming._rejected import RejectedFile
from perflab.patterns.streaming._rows import fields_of
from perflab.patterns.streaming._schema import SAMPLE_ROWS, kinds_of
from perflab.patterns.streaming._sinks import format_of, plain_errors
from perflab.patterns.streaming._source import Source
from perflab.patterns.streaming.settings import StreamingSettings

_READ_VARIABLE = "POLARS_CSV_CHUNK_SIZE"
_READ_BYTES = 1 << 20
_LOOK_BYTES = 1 << 18
_LF = 10


class WholeRun:
    """A pass that Polars makes in one go, with the types that every engine has.

    It looks for no bad rows: Polars stops at what it cannot read, but fills up a row that is too
    short, takes a blank line for one, and ``inf`` for a number. It cannot be stopped on its way;
    what was cancelled meanwhile is thrown away at its end.

    Raises:
        BadInputError: If the file cannot be read, or is compressed.
    """

    def __init__(
        self,
        settings: StreamingSettings,
        schema: Mapping[str, str] | None,
        tally: Tally,
    ) -> None:
        with naming_extra("files"):
            import polars as pl

        self._polars = pl
        self._settings = settings
        self._tally = tally
        assert settings.input_file is not None  # noqa: S101  (the processor has looked)
        with Source(settings.input_file) as source:
            if source.packed is not None:
                text = f"is packed ({source.packed}), and polars_sink reads plain files only"
                raise BadInputError(f"{text}; use engine polars", source.place)
            self.total_bytes = tally.bytes_total = source.total_bytes
            reader = BlockReader(source, settings.delimiter)
            sample = fields_of(reader.peek(SAMPLE_ROWS), reader.delimiter)
            whole = [fields for fields in sample if len(fields) == len(reader.names)]
            kinds = kinds_of(reader.names, whole, schema)
            self._header_lines = reader.line - 1
        self._place = source.place
        self._delimiter = reader.delimiter
        types = {"int": pl.Int64, "float": pl.Float64, "text": pl.String}
        self._types = {n: types[kind] for n, kind in zip(reader.names, kinds, strict=True)}
        self.done_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Hold nothing: Polars has closed its files."""

    def chunks(self, output: Path, rejected: RejectedFile) -> Iterator[float]:
        """Do it all, and yield how many seconds it took.

        Raises:
            BadInputError: If Polars cannot read a row.
            OSError: If the output cannot be written.
        """
        del rejected
        started = time.perf_counter()
        polars = self._polars
        texts = [name for name, kind in self._types.items() if kind == polars.String]
        source = Path(self._settings.input_file or "").expanduser()
        lazy = polars.scan_csv(
            source,
            schema=self._types,
            separator=self._delimiter,
            glob=False,
        ).with_columns(polars.col(texts).fill_null(""))
        try:
            # Counted beside it: looking on while Polars converts would cost it far more.
            with ThreadPoolExecutor(1) as thread, plain_errors(), _small_reads():
                if format_of(self._settings) == "parquet":
                    lazy.sink_parquet(output)
                    rows = polars.scan_parquet(output).select(polars.len()).collect().item()
                else:
                    counting = thread.submit(self._lines, source)
                    lazy.sink_ndjson(output)
                    rows = counting.result()
        except polars.exceptions.PolarsError as error:
            first = str(error).partition("\n")[0]
            text = f"polars_sink cannot read it ({first}); engine polars finds and lists bad rows"
            raise BadInputError(text, self._place) from None
        self.done_bytes = self.total_bytes
        # In JSON Lines a line feed ends a row, and none stands in it.
        self._tally.count(_line_feeds(output) if rows is None else rows, 0)
        yield time.perf_counter() - started

    def _lines(self, source: Path) -> int | None:
        """Return how many lines Polars takes for rows; none where quotes may hold line feeds."""
        if self._header_lines != 1:
            return None
        found, last = -1, _LF
        for buffer, size in _parts(source):
            if buffer.find(b'"', 0, size) >= 0:
                return None
            found += _feeds(buffer, size)
            last = buffer[size - 1]
        return found + (last != _LF)


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


def _line_feeds(path: Path) -> int:
    return sum(_feeds(buffer, size) for buffer, size in _parts(path))


def _feeds(buffer: bytearray, size: int) -> int:
    return int(np.count_nonzero(np.frombuffer(buffer, np.uint8, size) == _LF))


def _parts(path: Path) -> Iterator[tuple[bytearray, int]]:
    """Yield a buffer with part after part of a file, and how many bytes are the part's.

    A file that is mapped instead counts as memory of the process.
    """
    buffer = bytearray(_LOOK_BYTES)
    with path.open("rb", buffering=0) as file:
        while (size := file.readinto(buffer) or 0) > 0:
            yield buffer, size
