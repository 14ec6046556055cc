"""The live side of the streaming bench: a real file, read, converted and written by chunks."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Generator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from perflab.bench.session import EndOfWorkload, Session
from perflab.errors import BadInputError
from perflab.instrumentation.peak_memory import peak_bytes, reset_peak, resident_bytes
from perflab.patterns.streaming._sinks import format_of
from perflab.patterns.streaming._streaming import Progress, StreamCancelledError, StreamProcessor
from perflab.patterns.streaming.settings import WHOLE_ENGINES, StreamingSettings
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.patterns.streaming.table_file import TableFile

_LIBRARIES = {
    "python": "orjson",
    "pandas": "pandas",
    "arrow": "pyarrow",
    "polars": "polars",
    "polars_sink": "polars",
}
_FIXED = ("output_file", "output_format", "delimiter", "schema", "na_values", "input_file")
_PATIENCE = 5.0
_WARM_UP = "id,price,word\n" + "1,2.5,a\n" * 10


class StreamingSession(Session[StreamingSettings]):
    """Streams a table; a request is a chunk.

    Memory counts from before the engine's libraries were loaded, since they are part of its price.
    """

    def __init__(self, settings: StreamingSettings, load: LoadSettings, table: TableFile) -> None:
        self._base_bytes = resident_bytes()
        self._table = table
        self._loop = bool(load.loop)
        # In the run's own folder, which the parent removes even where this process is killed.
        self._folder = tempfile.TemporaryDirectory(dir=table.saved_in or None)
        self._form = format_of(settings)
        self._done: dict[str, float] = {}
        self._passes = 0
        self._damage: str | None = None
        self._lock = threading.Lock()
        self._next: StreamingSettings | None = None
        self._warm_up(settings)
        self._settings = settings
        self._processor = StreamProcessor(self._of_table(settings))
        self._pass: Generator[Progress] | None = None
        self._setup_bytes = resident_bytes() - self._base_bytes
        self._peak_is_old = False
        reset_peak()

    def request(self, index: int, due: float) -> str:
        """Do the next chunk.

        Raises:
            EndOfWorkload: If the file is through, and the run does not loop.
            BadInputError: If the file cannot be read or written, or too many rows are bad.
        """
        del index, due
        with self._lock:
            if self._peak_is_old:
                self._peak_is_old = False
                reset_peak()
            while True:
                if self._next is not None:
                    self._begin_anew(self._next)
                if self._pass is None:
                    self._pass = self._processor.stream()
                try:
                    progress = next(self._pass)
                except StreamCancelledError:
                    self._drop()
                    continue
                if progress.cut_off is not None:
                    self._damage = f"{self._table.name}: {progress.cut_off}"
                elif new := [note for note in progress.notes if note not in self._table.notes]:
                    self._damage = f"{self._table.name}: {'; '.join(new)}"
                if not progress.final:
                    return "chunk"
                self._drop()
                self._passes += 1
                if not self._loop:
                    raise EndOfWorkload

    def apply(self, settings: StreamingSettings, load: LoadSettings) -> None:
        """Change chunk size, engine or share of bad rows in place.

        From and to ``polars_sink``, which does a file in one go, the file is begun again.

        Raises:
            BadInputError: If the files or their format would be others.
        """
        del load
        whole = {settings.engine, self._settings.engine} & set(WHOLE_ENGINES)
        for key in _FIXED:
            if getattr(settings, key) != getattr(self._settings, key):
                raise BadInputError("cannot change while it runs; stop and start again", key)
        if whole and settings.engine != self._settings.engine:
            self._next = settings
            self._processor.cancel()
        else:
            self._processor.apply(self._of_table(settings))
        self._settings = settings
        # The chunk that is under way goes by the settings before, and so does its memory.
        self._peak_is_old = True

    def counters(self) -> dict[str, float]:
        """Return rows and chunks so far, and the peak of memory since the last change."""
        now = self._processor.stats()
        names = ("rows_in", "rows_out", "rows_rejected", "chunks", "refused")
        found = {name: self._done.get(name, 0.0) + now.get(name, 0.0) for name in names}
        return {
            **found,
            "passes": self._passes,
            "plain": float(not self._table.packed),
            "setup_bytes": self._setup_bytes,
            "peak_memory_bytes": max(0, peak_bytes() - self._base_bytes),
        }

    def problem(self) -> str | None:
        """Return how the file is damaged, if it is; what cannot go on is raised."""
        return self._damage

    def about(self) -> dict[str, str]:
        """Return the engine's library and its version."""
        library = _LIBRARIES[self._settings.engine]
        return {self._settings.engine: f"{library} {version(library)}"}

    def close(self) -> None:
        """Give up what is not finished and remove what was written for the run alone."""
        self._processor.cancel()
        if self._lock.acquire(timeout=_PATIENCE):
            self._drop()
        self._folder.cleanup()

    def _begin_anew(self, settings: StreamingSettings) -> None:
        self._drop()
        self._next = None
        self._warm_up(settings)
        self._processor = StreamProcessor(self._of_table(settings))

    def _drop(self) -> None:
        """End the pass, which gives up what it has not put into place; its counts stay."""
        if self._pass is not None:
            self._pass.close()
            self._pass = None
        done = self._processor.take_stats()
        for name, value in done.items():
            self._done[name] = self._done.get(name, 0.0) + value

    def _of_table(self, settings: StreamingSettings) -> StreamingSettings:
        own = settings.output_file or str(Path(self._folder.name) / f"rows.{self._form}")
        return settings.change(
            input_file=self._table.path, output_file=own, output_format=self._form
        )

    def _warm_up(self, settings: StreamingSettings) -> None:
        """Load the engine's libraries and start their threads, outside of what is measured."""
        source = Path(self._folder.name) / "warm-up.csv"
        source.write_text(_WARM_UP)
        made = str(source.with_suffix(f".{self._form}"))
        files = {"input_file": str(source), "output_file": made, "output_format": self._form}
        plain = {"delimiter": "auto", "schema": None, "na_values": None}
        StreamProcessor(settings.change(**files, **plain)).run()
