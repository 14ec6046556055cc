"""One pass through a file by blocks: read, convert, transform, write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from perflab.errors import BadInputError
from perflab.instrumentation import Event, EventKind
from perflab.patterns.streaming._blocks import Block, BlockReader
from perflab.patterns.streaming._engines import open_engine
from perflab.patterns.streaming._progress import Tally
from perflab.patterns.streaming._rejected import RejectedFile
from perflab.patterns.streaming._rows import (
    Layout,
    RefusedError,
    Rejected,
    fields_of,
    reject,
    sort_out,
)
from perflab.patterns.streaming._schema import SAMPLE_ROWS, kinds_of
from perflab.patterns.streaming._sinks import Sink, format_of, open_sink, quietly_close
from perflab.patterns.streaming._source import Source
from perflab.patterns.streaming.settings import StreamingSettings
from perflab.units import counted, grouped, percent

_PIECE_ROWS = 1000
_SURE_ROWS = 1000

Part = tuple[Any, Callable[[int], int]]
"""A frame, and the line of the file that each of its rows begins on."""


class BlockRun:
    """A pass by blocks; a context manager that closes the input.

    Args:
        settings: Returns the settings now in force, asked before each chunk.
        tally: Counts what is done.
        row: See `StreamProcessor`.
        frame: See `StreamProcessor`.
        schema: See `StreamProcessor`.
        tell: Called with events.

    Raises:
        BadInputError: If the file or its header cannot be read.
    """

    def __init__(
        self,
        settings: Callable[[], StreamingSettings],
        tally: Tally,
        *,
        row: Callable[[dict[str, Any]], dict[str, Any] | None] | None,
        frame: Callable[[Any], Any] | None,
        schema: Mapping[str, str] | None,
        tell: Callable[[Event], None],
    ) -> None:
        self._settings = settings
        self._tally = tally
        self._row, self._frame, self._tell = row, frame, tell
        now = settings()
        assert now.input_file is not None  # noqa: S101  (the processor has looked)
        self._source = Source(now.input_file)
        tally.bytes_total = self._source.total_bytes
        try:
            self._reader = BlockReader(self._source, now.delimiter, ahead=now.engine != "python")
            sample = fields_of(self._reader.peek(SAMPLE_ROWS), self._reader.delimiter)
            names = self._reader.names
            whole = [fields for fields in sample if len(fields) == len(names)]
            self._layout = Layout(names, kinds_of(names, whole, schema), self._reader.delimiter)
            self._engine_name = now.engine
            self._engine = open_engine(now.engine, self._layout)
        except BaseException:
            self._source.close()
            raise
        self._first: Rejected | None = None

    @property
    def done_bytes(self) -> int:
        """How many bytes of the file have been read."""
        return self._source.done_bytes

    @property
    def total_bytes(self) -> int:
        """The file's size."""
        return self._source.total_bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        quietly_close(self._reader, self._engine, self._source)

    def chunks(self, output: Path, rejected: RejectedFile) -> Iterator[float]:
        """Do chunk after chunk, and yield how many seconds each took.

        Raises:
            BadInputError: If too many rows are bad.
            OSError: If the output cannot be written.
        """
        sink = open_sink(output, format_of(self._settings()), self._layout)
        self._rejected = rejected
        try:
            while True:
                started = time.perf_counter()
                now = self._settings()
                block = self._reader.read(now.chunk_size)
                if block is None:
                    break
                self._change_engine(now.engine, sink)
                self._chunk(block, sink)
                self._check_share(sure=False)
                yield time.perf_counter() - started
            self._cut_off()
            self._check_share(sure=True)
            sink.close()
            self._rejected.close()
        except BaseException:
            quietly_close(sink, self._rejected)
            raise

    def _change_engine(self, name: str, sink: Sink) -> None:
        if name != self._engine_name:
            sink.wait()
            self._engine.close()
            self._engine = open_engine(name, self._layout)
            self._engine_name = name

    def _chunk(self, block: Block, sink: Sink) -> None:
        bad: list[Rejected] = []
        written = 0
        frames = []
        for frame, line in self._convert(block, bad):
            if self._row is not None:
                rows = self._map_rows(frame, line, bad)
                sink.write_rows(rows)
                written += len(rows)
                continue
            written += self._engine.height(frame)
            if self._frame is not None:
                frames.append(frame)
            else:
                sink.write(frame, self._engine)
        if frames:
            whole = self._engine.join(frames) if len(frames) > 1 else frames[0]
            sink.write(self._map_frame(whole, written), self._engine)
        sink.end_chunk()
        self._reject(bad)
        self._tally.count(written, len(bad))

    def _convert(self, block: Block, bad: list[Rejected]) -> Iterator[Part]:
        """Yield a block's good rows as frames, in order, and add its bad rows to a list."""
        engine, layout = self._engine, self._layout
        whole = block if block.regular and engine.most_rows is None else None
        if whole is not None:
            try:
                yield engine.parse(whole), whole.line_of
            except RefusedError:
                self._refuse(block)
            else:
                return
        for piece in block.pieces(engine.most_rows or _PIECE_ROWS):
            known = piece
            if whole is None and not block.regular:
                known = piece.looked_at(layout.delimiter, len(layout.names))
            if known.regular:
                try:
                    yield engine.parse(known), known.line_of
                    continue
                except RefusedError:
                    if engine.most_rows is not None:
                        self._refuse(known)
            columns, lines, rejected = sort_out(known, layout)
            bad += rejected
            if lines:
                yield engine.build(columns), lines.__getitem__

    def _refuse(self, block: Block) -> None:
        self._tally.refused += 1
        self._tell(Event(EventKind.REFUSED, self._tally.chunks + 1, size=len(block.data)))

    def _map_rows(
        self, frame: Any, line: Callable[[int], int], bad: list[Rejected]
    ) -> list[dict[str, Any]]:
        assert self._row is not None  # noqa: S101  (the caller has looked)
        made: list[dict[str, Any]] = []
        for place, row in enumerate(self._engine.rows(frame)):
            try:
                new = self._row(row)
                reason = "the transformation left it out" if new is None else ""
            except Exception as error:  # noqa: BLE001  (the user's own function)
                new, reason = None, f"the transformation raised {type(error).__name__}: {error}"
            if new is None:
                bad.append(reject(line(place), reason, str(list(row.values())).encode()))
            else:
                made.append(new)
        return made

    def _map_frame(self, frame: Any, rows: int) -> Any:
        assert self._frame is not None  # noqa: S101  (the caller has looked)
        place = f"chunk {self._tally.chunks + 1}"
        try:
            new = self._frame(frame)
            made = self._engine.height(new)
        except Exception as error:
            text = f"the transformation raised {type(error).__name__}: {error}"
            raise BadInputError(text, place) from error
        if made != rows:
            text = f"the transformation made {counted(made, 'row')} of {grouped(rows)}"
            text += "; it must keep their number"
            raise BadInputError(f"{text}, or be a function of a row, which may return None", place)
        return new

    def _cut_off(self) -> None:
        reason = self._source.cut_off
        if reason is None:
            return
        self._tally.cut_off = reason
        self._reject([reject(self._reader.line, reason, self._reader.rest or b"")])
        self._tally.count(0, 1)

    def _reject(self, bad: list[Rejected]) -> None:
        bad.sort(key=lambda row: row.line)
        if bad and self._first is None:
            self._first = bad[0]
        self._rejected.write(bad)
        for row in bad:
            self._tell(Event(EventKind.REJECTION, row.line, detail=row.reason))

    def _check_share(self, *, sure: bool) -> None:
        tally, limit = self._tally, self._settings().max_rejected_share
        if self._first is None or tally.rows_rejected <= limit * tally.rows_in:
            return
        if not sure and limit and tally.rows_in < _SURE_ROWS:
            return
        allowed = percent(limit) if limit else "none"
        raise BadInputError(
            f"{grouped(tally.rows_rejected)} of {counted(tally.rows_in, 'row')} are bad, and "
            f"max_rejected_share allows {allowed}; the first: {self._first.reason}; "
            "nothing was written",
            f"{self._source.place}:{self._first.line}",
        )
