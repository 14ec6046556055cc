"""Where a stream's rows go: JSON Lines, Parquet, and the list of rejected rows."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, TypeVarTuple

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.patterns.streaming._engines import AnyEngine, write_rows
from perflab.patterns.streaming._schema import Row, arrow_schema
from perflab.patterns.streaming.settings import StreamingSettings

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet

    from perflab.patterns.streaming._schema import Layout

Given = TypeVarTuple("Given")

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


class Closing(Protocol):
    """What can be closed."""

    def close(self) -> None:
        """Let go of it."""


class Sink(Closing, Protocol):
    """Takes the rows of a stream, chunk by chunk."""

    def write(self, frame: object, engine: AnyEngine) -> None:
        """Write a frame of an engine."""

    def write_rows(self, rows: Sequence[Row]) -> None:
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


class _OneBehind:
    """Does pieces of work in order, at most one of them while the caller makes the next.

    What a piece raises reaches the caller with the next piece, or when it waits.
    """

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._going: Future[object] | None = None

    def do(self, work: Callable[[*Given], object], *given: *Given) -> None:
        """Begin a piece once the one before is done."""
        self.wait()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="perflab-write")
        self._going = self._thread.submit(work, *given)

    def wait(self) -> None:
        """Wait until nothing is being done."""
        going, self._going = self._going, None
        if going is not None:
            going.result()

    def close(self) -> None:
        """Wait, and end the thread.

        Raises:
            Exception: What the last piece raised; the thread has ended all the same.
        """
        try:
            self.wait()
        finally:
            if self._thread is not None:
                self._thread.shutdown()


class JsonSink:
    """JSON Lines, one row per line; a large frame is written while the next chunk is read."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("wb", buffering=_BUFFER_BYTES)
        self._behind = _OneBehind()

    def write(self, frame: object, engine: AnyEngine) -> None:
        """Write a frame of an engine."""
        if engine.height(frame) >= _WORTH_A_THREAD:
            self._behind.do(_write_json, engine, frame, self._file)
        else:
            self._behind.wait()
            _write_json(engine, frame, self._file)

    def write_rows(self, rows: Sequence[Row]) -> None:
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
        self._writer: pyarrow.parquet.ParquetWriter | None = None
        self._tables: list[pa.Table] = []
        self._behind = _OneBehind()

    def write(self, frame: object, engine: AnyEngine) -> None:
        """Write a frame of an engine."""
        self._add(engine.table(frame))

    def write_rows(self, rows: Sequence[Row]) -> None:
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
            assert self._writer is not None  # noqa: S101  (opened with the first table)
            self._behind.do(_write_group, self._writer, whole)

    def wait(self) -> None:
        """Wait until nothing is being written."""
        self._behind.wait()

    def close(self) -> None:
        """Write what is left; a file without rows has the columns of the input."""
        writer = self._writer or self._open(arrow_schema(self._layout))
        try:
            self._behind.close()
        finally:
            with plain_errors():
                writer.close()

    def _add(self, table: pa.Table) -> None:
        writer = self._writer or self._open(table.schema)
        if not table.schema.equals(writer.schema):
            try:
                table = table.cast(writer.schema)
            except ValueError as error:
                text = f"a chunk has other columns than the first one ({error})"
                raise BadInputError(text, "Parquet") from None
        if len(table):
            self._tables.append(table)

    def _open(self, schema: pa.Schema) -> pyarrow.parquet.ParquetWriter:
        with naming_extra("files"):
            import pyarrow.parquet

        with plain_errors():
            self._writer = pyarrow.parquet.ParquetWriter(str(self._path), schema)
        return self._writer


def _write_json(engine: AnyEngine, frame: object, file: IO[bytes]) -> None:
    with plain_errors():
        engine.write_json(frame, file)


def _write_group(writer: pyarrow.parquet.ParquetWriter, table: pa.Table) -> None:
    with plain_errors():
        writer.write_table(table, row_group_size=len(table))


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


def quietly_close(*opened: Closing) -> None:
    """Close what is given up, whatever it has still to say."""
    for one in opened:
        with contextlib.suppress(Exception):
            one.close()
