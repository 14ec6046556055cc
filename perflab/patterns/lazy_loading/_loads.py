"""`Loads`: how a chunk gets into memory: one load a chunk at a time, counted and reported."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from perflab.instrumentation import AtomicCounter, Event, EventKind, Hook
from perflab.patterns.lazy_loading._chunks import Ahead, Chunks, Loaded, size_of
from perflab.patterns.lazy_loading._store import MeasuredStore, Rows, Store, StoreError
from perflab.primitives import SingleFlight
from perflab.primitives.loggers import log_failed_load, pattern_logger
from perflab.units import counted, grouped

log = pattern_logger("lazy_loading")


class Loads:
    """Loads chunks of a store for all threads that ask, and ahead of them in the background.

    Args:
        store: Where rows come from.
        hook: Called with an event for every load, wait and eviction.
        sizeof: Bytes of a chunk in memory.
    """

    def __init__(
        self, store: Store, hook: Hook | None, sizeof: Callable[[Rows], int] | None
    ) -> None:
        self.hook = hook
        self._store = store
        self._sizeof = sizeof or size_of
        self._stored = store.stored_bytes if isinstance(store, MeasuredStore) else None
        self._flights: SingleFlight[Loaded] = SingleFlight()
        self._ahead: ThreadPoolExecutor | None = None
        # For the sums of loads; misses and waits are counters that need no lock.
        self._lock = threading.Lock()
        self._misses = AtomicCounter()
        self._waits = AtomicCounter()
        self._loads = self._errors = self._rows = self._bytes = 0
        self._seconds = 0.0

    def miss(self, chunks: Chunks, number: int, read_ahead: int) -> Rows:
        """Return a chunk that is not held, from a load by this thread or one under way."""
        next(self._misses)
        if self.hook is not None:
            self.hook(Event(EventKind.MISS, number))
        rows, size = self._run(chunks, number)
        if number not in chunks.held and chunks.fits(size):
            # The load was one ahead whose place was evicted before it ended.
            chunks.put(number, rows, size)
        if read_ahead:
            self._go_ahead(chunks, number, read_ahead)
        return rows

    def first_touch(self, chunks: Chunks, number: int, place: Ahead, read_ahead: int) -> Rows:
        """Return a chunk that was requested ahead, waiting for it where it is not there yet."""
        rows = place.rows
        if rows is None:
            rows, _ = self._run(chunks, number, on_wait=lambda: self._wait(number))
        chunks.touch(number, place)
        if read_ahead:
            self._go_ahead(chunks, number, read_ahead)
        return rows

    @property
    def evicted(self) -> Callable[[int, int], None] | None:
        """What reports that a chunk left; none where nobody listens."""
        return None if self.hook is None else self._evicted

    def counts(self) -> dict[str, int | float]:
        """Return what was counted so far."""
        with self._lock:
            return {
                "misses": self._misses.read(),
                "waits": self._waits.read(),
                "loads": self._loads,
                "load_errors": self._errors,
                "rows_read": self._rows,
                "bytes_read": self._bytes,
                "load_seconds_total": self._seconds,
            }

    def close(self) -> None:
        """End loading ahead; what is being loaded is waited for."""
        if self._ahead is not None:
            self._ahead.shutdown(wait=True, cancel_futures=True)
            self._ahead = None

    def _evicted(self, number: int, size: int) -> None:
        if self.hook is not None:
            self.hook(Event(EventKind.EVICTION, number, size=size))

    def _wait(self, number: int) -> None:
        next(self._waits)
        if self.hook is not None:
            self.hook(Event(EventKind.WAIT_STARTED, number))

    def _run(
        self, chunks: Chunks, number: int, on_wait: Callable[[], None] | None = None
    ) -> Loaded:
        def load() -> Loaded:
            # Whoever led before this thread came here may have ended in between.
            found = chunks.found(number)
            if found is not None:
                return found
            loaded = self._load(chunks, number)
            chunks.put(number, *loaded)
            return loaded

        return self._flights.run(
            (id(chunks), number), load, on_wait or (lambda: self._wait(number))
        )

    def _load(self, chunks: Chunks, number: int) -> Loaded:
        start, stop = chunks.span(number)
        if self.hook is not None:
            self.hook(Event(EventKind.LOAD_STARTED, number))
        began = time.perf_counter()
        try:
            rows = self._store.read(start, stop)
            _check_length(self._store, rows, start, stop)
        except Exception as error:
            seconds = time.perf_counter() - began
            with self._lock:
                self._errors += 1
                self._seconds += seconds
            log_failed_load(log, f"chunk {number}", seconds, error)
            if self.hook is not None:
                self.hook(Event(EventKind.LOAD_FAILED, number, seconds, detail=error))
            raise
        seconds = time.perf_counter() - began
        size = self._sizeof(rows)
        read = size if self._stored is None else self._stored(start, stop)
        with self._lock:
            self._loads += 1
            self._rows += stop - start
            self._bytes += read
            self._seconds += seconds
        if self.hook is not None:
            self.hook(Event(EventKind.LOAD_FINISHED, number, seconds, read))
        return rows, size

    def _go_ahead(self, chunks: Chunks, number: int, read_ahead: int) -> None:
        for following, place in chunks.reserve(number, read_ahead):
            with self._lock:
                if self._ahead is None:
                    self._ahead = ThreadPoolExecutor(1, "perflab-read-ahead")
            self._ahead.submit(self._load_ahead, chunks, following, place)

    def _load_ahead(self, chunks: Chunks, number: int, place: Ahead) -> None:
        def load() -> Loaded:
            found = chunks.found(number)
            if found is not None:
                return found
            loaded = self._load(chunks, number)
            chunks.put_ahead(number, place, *loaded)
            return loaded

        if not chunks.is_wanted(number, place):
            return
        try:
            self._flights.run((id(chunks), number), load)
        except Exception:  # noqa: BLE001  (counted and reported; who asks for the chunk meets it)
            chunks.drop(number, place)


def _check_length(store: Store, rows: Rows, start: int, stop: int) -> None:
    if len(rows) != stop - start:
        gave = f"gave {counted(len(rows), 'row')} for {grouped(start)} up to {grouped(stop)}"
        text = f"{gave}; its length has changed, "
        raise StoreError(type(store).__name__, text + "or it is wrong; refresh() takes it up")
