"""One pass through a file by blocks: read, convert, transform, write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from perflab.errors import BadInputError
from perflab.instrumentation import Event, EventKind
from perflab.patterns.streaming._blocks import AnyBlock, Block, LikelyBlock
from perflab.patterns.streaming._engines import open_engine
from perflab.patterns.streaming._look import Look
from perflab.patterns.streaming._progress import Tally
from perflab.patterns.streaming._rejected import RejectedFile
from perflab.patterns.streaming._rows import (
    RefusedError,
    Rejected,
    reject,
    sort_out,
)
from perflab.patterns.streaming._schema import Row
from perflab.patterns.streaming._sinks import Sink, format_of, open_sink, quietly_close
from perflab.patterns.streaming.settings import StreamingSettings
from perflab.units import counted, grouped, percent

_PIECE_ROWS = 1000
_SURE_ROWS = 1000

RowFunction = Callable[[Row], Row | None]
FrameFunction = Callable[[Any], Any]
"""What a user makes of a frame of the engine's own kind."""
Part = tuple[object, Callable[[int], int]]
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
        row: RowFunction | None,
        frame: FrameFunction | None,
        schema: Mapping[str, str] | None,
        tell: Callable[[Event], None],
    ) -> None:
        self._settings = settings
        self._tally = tally
        self._row, self._frame, self._tell = row, frame, tell
        now = settings()
        look = Look(now, schema, ahead=now.engine != "python")
        self._source, self._reader, self._layout = look.source, look.reader, look.layout
        self._form = self._layout.form
        tally.bytes_total = self._source.total_bytes
        tally.notes += look.notes
        try:
            self._engine_name = now.engine
            self._engine = open_engine(now.engine, self._layout)
        except BaseException:
            quietly_close(self._reader, self._source)
            raise
        self._reader.watch(self._form, quick=self._engine.strict)
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
                block = self._reader.read_quickly(now.chunk_size)
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
            self._reader.quick = self._engine.strict

    def _chunk(self, block: AnyBlock, sink: Sink) -> None:
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

    def _convert(self, block: AnyBlock, bad: list[Rejected]) -> Iterator[Part]:
        """Yield a block's good rows as frames, in order, and add its bad rows to a list."""
        engine, layout = self._engine, self._layout
        frame = self._whole(block)
        if frame is None and isinstance(block, LikelyBlock):
            block = block.scanned(self._form)
            frame = self._whole(block)
        if frame is not None:
            yield frame, block.line_of
            return
        assert isinstance(block, Block)  # noqa: S101  (scanned above)
        for piece in block.pieces(engine.most_rows or _PIECE_ROWS):
            known = piece if block.regular else piece.looked_at(self._form)
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

    def _whole(self, block: AnyBlock) -> object | None:
        """Return a block as one frame; None where its rows have to be looked at."""
        engine = self._engine
        if isinstance(block, LikelyBlock):
            fits = engine.strict
        else:
            fits = block.regular and engine.most_rows is None
        if not fits:
            return None
        try:
            frame: object = engine.parse(block)
        except RefusedError:
            if block.likely:
                self._reader.doubt()
            else:
                self._refuse(block)
            return None
        return frame

    def _refuse(self, block: AnyBlock) -> None:
        self._tally.refused += 1
        self._tell(Event(EventKind.REFUSED, self._tally.chunks + 1, size=len(block.data)))

    def _map_rows(
        self, frame: object, line: Callable[[int], int], bad: list[Rejected]
    ) -> list[Row]:
        assert self._row is not None  # noqa: S101  (the caller has looked)
        made: list[Row] = []
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

    def _map_frame(self, frame: object, rows: int) -> object:
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
