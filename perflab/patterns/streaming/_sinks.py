"""Where a stream's rows go: JSON Lines, Parquet, and the list of rejected rows."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.patterns.streaming._behind import OneBehind
from perflab.patterns.streaming._engines import Engine, write_rows
from perflab.patterns.streaming.settings import StreamingSettings

if TYPE_CHECKING:
    from perflab.patterns.streaming._rows import Layout

_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".parquet": "parquet"}
_BUFFER_BYTES = 1 << 18
_WORTH_A_THREAD = 2000


def format_of(settings: StreamingSettings) -> str:
    """Return ``jsonl`` or ``parquet``.

    Raises:
        BadInputError: If neither the format is said nor the output file's ending tells it.
    """
    if settings.output_format != "auto":
        return settings.output_format
    if settings.output_file is None:
        return "jsonl"
    ending = Path(settings.output_file).suffix.lower()
    if ending not in _ENDINGS:
        text = f"the ending {ending!r} says no format; use .jsonl or .parquet, or set output_format"
        raise BadInputError(text, settings.output_file)
    return _ENDINGS[ending]


class Sink(Protocol):
    """Takes the rows of a stream, chunk by chunk."""

    def write(self, frame: Any, engine: Engine) -> None:
        """Write a frame of an engine."""

    def write_rows(self, rows: Sequence[Any]) -> None:
        """Write rows that a transformation made."""

    def end_chunk(self) -> None:
        """Take note that a chunk is through."""

    def wait(self) -> None:
        """Wait until nothing is being written; an engine whose frames were given may end then."""

    def close(self) -> None:
        """Write what is left and close the file."""


def open_sink(path: Path, form: str, layout: Layout) -> Sink:
    """Open a file of a format to write to."""
    return JsonSink(path) if form == "jsonl" else ParquetSink(path, layout)


class JsonSink:
    """JSON Lines, one row per line; a large frame is written while the next chunk is read."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("wb", buffering=_BUFFER_BYTES)
        self._behind = OneBehind()

    def write(self, frame: Any, engine: Engine) -> None:
        """Write a frame of an engine."""
        if engine.height(frame) >= _WORTH_A_THREAD:
            self._behind.do(engine.write_json, frame, self._file)
        else:
            self._behind.wait()
            engine.write_json(frame, self._file)

    def write_rows(self, rows: Sequence[Any]) -> None:
        """Write rows that a transformation made."""
        self._behind.wait()
        write_rows(rows, self._file)

    def end_chunk(self) -> None:
        """Do nothing: lines know no chunks."""

    def wait(self) -> None:
        """Wait until nothing is being written."""
        self._behind.wait()

    def close(self) -> None:
        """Write what is left and close the file."""
        try:
            self._behind.close()
        finally:
            self._file.close()


class ParquetSink:
    """Parquet: a row group a chunk, the columns those of the first chunk."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self._path = path
        self._layout = layout
        self._writer: Any = None
        self._tables: list[Any] = []
        self._behind = OneBehind()

    def write(self, frame: Any, engine: Engine) -> None:
        """Write a frame of an engine."""
        self._add(engine.table(frame))

    def write_rows(self, rows: Sequence[Any]) -> None:
        """Write rows that a transformation made."""
        with naming_extra("files"):
            import pyarrow as pa

        schema = None if self._writer is None else self._writer.schema
        try:
            table = pa.Table.from_pylist(list(rows), schema=schema)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise BadInputError(f"rows do not fit into a column: {error}", "Parquet") from None
        self._add(table)

    def end_chunk(self) -> None:
        """Write the chunk as a row group."""
        with naming_extra("files"):
            import pyarrow as pa

        if self._tables:
            tables, self._tables = self._tables, []
            whole = pa.concat_tables(tables) if len(tables) > 1 else tables[0]
            self._behind.do(self._write_group, whole)

    def wait(self) -> None:
        """Wait until nothing is being written."""
        self._behind.wait()

    def close(self) -> None:
        """Write what is left; a file without rows has the columns of the input."""
        from perflab.patterns.streaming._tables import arrow_schema

        if self._writer is None:
            self._open(arrow_schema(self._layout))
        try:
            self._behind.close()
        finally:
            with plain_errors():
                self._writer.close()

    def _write_group(self, table: Any) -> None:
        with plain_errors():
            self._writer.write_table(table, row_group_size=len(table))

    def _add(self, table: Any) -> None:
        if self._writer is None:
            self._open(table.schema)
        if not table.schema.equals(self._writer.schema):
            try:
                table = table.cast(self._writer.schema)
            except ValueError as error:
                text = f"a chunk has other columns than the first one ({error})"
                raise BadInputError(text, "Parquet") from None
        if len(table):
            self._tables.append(table)

    def _open(self, schema: Any) -> None:
        with naming_extra("files"):
            import pyarrow.parquet

        with plain_errors():
            self._writer = pyarrow.parquet.ParquetWriter(str(self._path), schema)


_ERRNO = re.compile(r"(?:errno|os error) (\d+)")


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Raise what libraries say of a file that cannot be written as Python says it.

    Raises:
        OSError: With number and text of the system's error.
    """
    try:
        yield
    except Exception as error:
        found = _ERRNO.search(str(error))
        if found is None:
            raise
        raise OSError(int(found.group(1)), os.strerror(int(found.group(1)))) from error


def quietly_close(*opened: Any) -> None:
    """Close what is given up, whatever it has still to say."""
    for one in opened:
        with contextlib.suppress(Exception):
            one.close()
