"""Streaming: a CSV of any size to JSON Lines or Parquet, chunk by chunk, in flat memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

from perflab.errors import BadInputError
from perflab.files import check_output, place_of, refuse_input, whole_path
from perflab.instrumentation import Event, EventKind, Hook
from perflab.patterns.streaming._look import look_through
from perflab.patterns.streaming._progress import Progress, StreamCancelledError, Tally
from perflab.patterns.streaming._rejected import RejectedFile, rejected_path
from perflab.patterns.streaming._run import BlockRun, FrameFunction, RowFunction
from perflab.patterns.streaming._sinks import format_of
from perflab.patterns.streaming._source import Source
from perflab.patterns.streaming._whole import UncleanError, WholeRun
from perflab.patterns.streaming.settings import WHOLE_ENGINES, StreamingSettings

__all__ = ["Progress", "StreamCancelledError", "StreamProcessor"]

_FIXED = ("input_file", "output_file", "output_format", "delimiter", "schema", "na_values")


class StreamProcessor:
    """Reads a CSV by chunks, converts them, and writes rows to JSON Lines or Parquet.

    The output appears whole or not at all, in place of a file of that name, but never of the
    input. Bad rows go to ``OUTPUT.rejected.csv`` with line and
    reason, and ``rows_in`` is always ``rows_out`` and ``rows_rejected`` together. Types of columns
    are decided by one rule for all engines, see `kinds_of`. Safe to steer from another thread.

    Args:
        settings: What is read and written, and how.
        row: Called with each row as a dict; returns the row to write, or None to reject it. What
            it raises rejects the row.
        frame: Called with each chunk as a frame of the engine's own kind; returns as many rows.
        schema: ``int``, ``float`` or ``text`` by column, where the rule's choice is not right; it
            goes before that of the settings.
        hook: Told of chunks done, of blocks that an engine refused, and of each rejected row.

    Raises:
        BadInputError: If a file is not named, or settings do not go together.
    """

    def __init__(
        self,
        settings: StreamingSettings,
        *,
        row: RowFunction | None = None,
        frame: FrameFunction | None = None,
        schema: Mapping[str, str] | None = None,
        hook: Hook | None = None,
    ) -> None:
        settings = StreamingSettings.given(settings)
        _check(settings, row, frame)
        self._settings = settings
        self._row, self._frame = row, frame
        self._schema = schema
        self._hook = hook
        self._cancelled = threading.Event()
        self._tally = Tally()

    @property
    def settings(self) -> StreamingSettings:
        """The settings in force."""
        return self._settings

    def apply(self, settings: StreamingSettings) -> None:
        """Change chunk size, engine and share of bad rows; the next chunk has them.

        Raises:
            BadInputError: If anything else would be another, or the engine cannot be.
        """
        settings = StreamingSettings.given(settings, self._settings)
        fixed: tuple[str, ...] = _FIXED
        own = self._frame is not None or {settings.engine, self._settings.engine} & set(
            WHOLE_ENGINES
        )
        if own:
            fixed += ("engine",)
        for key in fixed:
            if getattr(settings, key) != getattr(self._settings, key):
                raise BadInputError("cannot change while it runs; stop and start again", key)
        self._settings = settings

    def cancel(self) -> None:
        """Stop before the next chunk (``polars_sink`` has but one); nothing is written then."""
        self._cancelled.set()

    def stats(self) -> dict[str, float]:
        """Return counters of the present pass: rows, chunks, blocks refused, bytes."""
        return self._tally.counters()

    def take_stats(self) -> dict[str, float]:
        """Return what `stats` does and count from zero again; for who runs pass after pass."""
        done, self._tally = self._tally, Tally()
        return done.counters()

    def run(self, progress: Callable[[Progress], object] | None = None) -> Progress:
        """Stream the whole file.

        Args:
            progress: Called after each chunk.

        Returns:
            How it stood at the end.

        Raises:
            BadInputError: If a file cannot be read or written, or too many rows are bad.
            StreamCancelledError: If it was cancelled.
        """
        last = None
        for last in self.stream():
            if progress is not None:
                progress(last)
        assert last is not None  # noqa: S101  (there is one at the end at least)
        return last

    def stream(self) -> Generator[Progress]:
        """Stream chunk by chunk: each step does one, and the last one puts the output in place.

        Whoever gives up the iteration gives up the output.

        Raises:
            BadInputError: As `run` does.
            StreamCancelledError: If it was cancelled.
        """
        settings = self._settings
        assert settings.input_file is not None  # noqa: S101  (checked at the start)
        assert settings.output_file is not None  # noqa: S101  (the same)
        self._cancelled.clear()
        self._tally = tally = Tally()
        target = _places(settings.input_file, settings.output_file)
        # Opened first, so that a file that is not there leaves nothing behind.
        with self._open(tally) as going, whole_path(settings.output_file) as scratch:
            rejected = RejectedFile(scratch.with_name("rejected.csv"), target)
            for seconds in self._chunks(going, scratch, rejected):
                self._tell(Event(EventKind.CHUNK_DONE, tally.chunks, seconds))
                yield tally.progress(going.done_bytes)
                if self._cancelled.is_set():
                    raise StreamCancelledError
            rejected.settle()
        yield tally.progress(going.total_bytes, final=True)

    def _open(self, tally: Tally) -> BlockRun | WholeRun:
        if self._settings.engine not in WHOLE_ENGINES:
            return self._by_blocks(tally)
        with Source(self._settings.input_file or "") as source:
            if source.packed is not None:
                text = f"is packed ({source.packed}), and polars_sink reads plain files only"
                raise BadInputError(f"{text}; use engine polars", source.place)
        found = look_through(self._settings, self._schema)
        # Some versions of Polars take the header for a row where no other follows.
        if found.problem is None and found.rows:
            return WholeRun(self._settings, self._schema, tally, found.rows)
        return self._by_blocks(tally, found.problem or "")

    def _chunks(
        self, going: BlockRun | WholeRun, output: Path, rejected: RejectedFile
    ) -> Iterator[float]:
        """Yield the seconds of each chunk; what the sink cannot read goes by blocks instead."""
        try:
            yield from going.chunks(output, rejected)
        except UncleanError as error:
            self._tally.notes.clear()
            with self._by_blocks(self._tally, str(error)) as again:
                yield from again.chunks(output, rejected)

    def _by_blocks(self, tally: Tally, unclean: str = "") -> BlockRun:
        if unclean:
            text = f"read by engine polars, since polars_sink would read it otherwise: {unclean}"
            tally.notes.append(text)
        return BlockRun(
            self._of_blocks,
            tally,
            row=self._row,
            frame=self._frame,
            schema=self._schema,
            tell=self._tell,
        )

    def _of_blocks(self) -> StreamingSettings:
        now = self._settings
        return now.change(engine="polars") if now.engine in WHOLE_ENGINES else now

    def _tell(self, event: Event) -> None:
        if self._hook is not None:
            self._hook(event)


def _places(source: str, output: str) -> Path | None:
    """Return where rejected rows go.

    Raises:
        BadInputError: If the output or the list of rejected rows is the input, or no file can be.
    """
    check_output(output, [source], force=True)
    target = rejected_path(output)
    if target is not None:
        refuse_input(place_of(target), [source])
    return target


def _check(
    settings: StreamingSettings, row: RowFunction | None, frame: FrameFunction | None
) -> None:
    for key in ("input_file", "output_file"):
        if not getattr(settings, key):
            raise BadInputError("is not named", key)
    assert settings.input_file is not None  # noqa: S101  (just looked at)
    assert settings.output_file is not None  # noqa: S101  (the same)
    format_of(settings)
    _places(settings.input_file, settings.output_file)
    if row is not None and frame is not None:
        raise BadInputError("give a function of a row or one of a frame, not both", "row")
    if frame is not None and settings.engine == "python":
        text = "python has no frames; use pandas, arrow or polars, or a function of a row"
        raise BadInputError(text, "engine")
    if (row or frame) is not None and settings.engine in WHOLE_ENGINES:
        text = "streams by itself and calls nothing; use another engine for a transformation"
        raise BadInputError(text, settings.engine)
