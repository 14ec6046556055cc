"""A read-only sequence over a store of rows, loaded in chunks as they are requested."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self, overload

from perflab.errors import BadInputError
from perflab.instrumentation import AtomicCounter, Event, EventKind, Hook
from perflab.patterns.lazy_loading._chunks import Ahead, Chunks
from perflab.patterns.lazy_loading._loads import Loads
from perflab.patterns.lazy_loading._sources import open_store
from perflab.patterns.lazy_loading._store import ReopenedStore, Row, Rows, Store
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.units import counted


class LazyLoader(Sequence[Row]):
    """Rows of a store by number, slice, list of numbers, or one after the other.

    Chunks of ``chunk_size`` rows are loaded when they are requested, each by one thread at a time,
    and held under ``max_chunks`` and ``max_bytes``; the least recently used one leaves first. A
    row in memory costs no lock. Where ``read_ahead`` is set, reaching a chunk that nobody has
    requested before starts the load of the next ones in the background. What a store raises
    reaches the caller, and the loader stays as it was.

    Args:
        settings: The source, the size of a chunk, and how many are held.
        store: Rows from elsewhere than ``data_source``; stays the caller's to close.
        hook: Called with an event for each chunk found, missed, loaded or evicted.
        sizeof: Bytes of a chunk in memory; by default `size_of`.
        overrides: Single settings, over those of `settings`.

    Raises:
        BadInputError: If a setting is out of bounds, or the source cannot be opened.
    """

    def __init__(
        self,
        settings: LazyLoadingSettings | None = None,
        *,
        store: Store | None = None,
        hook: Hook | None = None,
        sizeof: Callable[[Rows], int] | None = None,
        **overrides: object,
    ) -> None:
        self._settings = LazyLoadingSettings.given(settings).change(**overrides)
        self._own = store is None
        if store is None:
            store = open_store(self._settings.data_source, self._settings.delimiter)
        self._store = store
        self._loads = Loads(self._store, hook, sizeof)
        self._hook = hook
        self._hits = AtomicCounter()
        self._closed = False
        self._evictions = self._rejected = 0
        self._chunks = self._cut()

    @property
    def settings(self) -> LazyLoadingSettings:
        """The settings in force."""
        return self._settings

    def __len__(self) -> int:
        return self._chunks.rows

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice | Iterable[int]) -> list[Row]: ...
    def __getitem__(self, index: int | slice | Iterable[int]) -> Row:
        """Return a row, or a list of those of a slice or of several numbers.

        Raises:
            IndexError: If a number is beyond the rows that there are.
        """
        chunks = self._chunks
        if type(index) is int and 0 <= index < chunks.rows:
            number = index // chunks.size
            held = chunks.held
            try:
                rows = held[number]
                held.move_to_end(number)
            except KeyError:
                rows = self._missed(chunks, number)
            else:
                if type(rows) is Ahead:
                    rows = self._ahead(chunks, number, rows)
                else:
                    next(self._hits)
                    if self._hook is not None:
                        self._hook(Event(EventKind.HIT, number))
            return rows[index - number * chunks.size]
        if isinstance(index, slice):
            return list(self._stretch(range(*index.indices(self._open_chunks().rows))))
        if isinstance(index, Iterable):
            return self._several(list(index))
        return self[self._checked(operator.index(index))]

    def __iter__(self) -> Iterator[Row]:
        """Yield all rows, holding no more than ever; each chunk counts as one access."""
        return itertools.chain.from_iterable(self._all())

    def __reversed__(self) -> Iterator[Row]:
        """Yield all rows from the last to the first."""
        return self._stretch(range(len(self) - 1, -1, -1))

    def apply(self, settings: LazyLoadingSettings) -> None:
        """Change the bounds, the chunk size or read-ahead in place.

        Another chunk size is another cutting: what is held leaves.

        Raises:
            BadInputError: If the source would be another.
        """
        settings = LazyLoadingSettings.given(settings, self._settings)
        for key in ("data_source", "delimiter"):
            if getattr(settings, key) != getattr(self._settings, key):
                raise BadInputError("cannot change while it is open; make another loader", key)
        self._settings = settings
        if settings.chunk_size != self._chunks.size:
            self._replace(self._cut())
        else:
            self._chunks.bound(settings.max_chunks, settings.max_bytes)

    def refresh(self) -> None:
        """Take up a store that changed: read its length again and drop all chunks.

        Raises:
            StoreError: If it cannot be opened now; the loader stays as it was.
        """
        if isinstance(self._store, ReopenedStore):
            self._store.refresh()
        self._replace(self._cut())

    def stats(self) -> dict[str, int | float]:
        """Return flat statistics, monotonic but for ``chunks``, ``rows_held`` and ``bytes``.

        ``hits`` and ``misses`` count accesses to chunks: a row requested alone is one, the rows
        of a slice that lie in the same chunk are one together. ``bytes`` is what is held in
        memory, ``bytes_read`` what was read of the store.
        """
        chunks = self._chunks
        return {
            "hits": self._hits.read(),
            **self._loads.counts(),
            "evictions": self._evictions + chunks.evictions,
            "rejected": self._rejected + chunks.rejected,
            "chunks": len(chunks.held),
            "rows_held": chunks.rows_held(),
            "bytes": chunks.bytes,
        }

    def close(self) -> None:
        """Let go of all chunks, and of the store where the loader has opened it; twice is fine."""
        if self._closed:
            return
        self._closed = True
        self._replace(Chunks(0, 1, 1, None))
        self._loads.close()
        if self._own and isinstance(self._store, ReopenedStore):
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _cut(self) -> Chunks:
        settings = self._settings
        return Chunks(
            len(self._store),
            settings.chunk_size,
            settings.max_chunks,
            settings.max_bytes,
            self._loads.evicted,
        )

    def _replace(self, chunks: Chunks) -> None:
        old, self._chunks = self._chunks, chunks
        self._evictions += old.evictions
        self._rejected += old.rejected

    def _chunk(self, chunks: Chunks, number: int) -> Rows:
        """Return the rows of a chunk and count the access; `__getitem__` does the same in place."""
        rows = chunks.held.get(number)
        if rows is None:
            return self._missed(chunks, number)
        if type(rows) is Ahead:
            return self._ahead(chunks, number, rows)
        try:  # noqa: SIM105  (as fast as can be)
            chunks.held.move_to_end(number)
        except KeyError:  # evicted since: what was found is right all the same
            pass
        next(self._hits)
        if self._hook is not None:
            self._hook(Event(EventKind.HIT, number))
        return rows

    def _missed(self, chunks: Chunks, number: int) -> Rows:
        return self._loads.miss(chunks, number, self._settings.read_ahead)

    def _ahead(self, chunks: Chunks, number: int, place: Ahead) -> Rows:
        next(self._hits)
        if self._hook is not None:
            self._hook(Event(EventKind.HIT, number))
        return self._loads.first_touch(chunks, number, place, self._settings.read_ahead)

    def _open_chunks(self) -> Chunks:
        if self._closed:
            raise ValueError("the loader is closed; make another one")
        return self._chunks

    def _checked(self, index: int) -> int:
        rows = self._open_chunks().rows
        if not -rows <= index < rows:
            raise IndexError(f"row {index} is beyond the {counted(rows, 'row')} of the store")
        return index + rows if index < 0 else index

    def _all(self) -> Iterator[Rows]:
        place = 0
        while place < (chunks := self._open_chunks()).rows:
            number, offset = divmod(place, chunks.size)
            rows = self._chunk(chunks, number)
            yield rows[offset:] if offset else rows
            place += len(rows) - offset

    def _stretch(self, numbers: range) -> Iterator[Row]:
        """Yield the rows of a range: chunk by chunk, each chunk counted once."""
        step = numbers.step
        while numbers:
            chunks = self._open_chunks()
            number, offset = divmod(self._checked(numbers[0]), chunks.size)
            start, stop = chunks.span(number)
            room = stop - numbers[0] if step > 0 else numbers[0] - start + 1
            count = min(len(numbers), -(-room // abs(step)))
            rows = self._chunk(chunks, number)
            last = offset + count * step
            yield from rows[offset : None if last < 0 else last : step]
            numbers = numbers[count:]

    def _several(self, numbers: list[int]) -> list[Row]:
        """Return rows in the order requested; every chunk is loaded once, however they mix."""
        wanted = [self._checked(operator.index(number)) for number in numbers]
        chunks = self._chunks
        found: list[Row] = [None] * len(wanted)
        places: dict[int, list[int]] = {}
        for place, row in enumerate(wanted):
            places.setdefault(row // chunks.size, []).append(place)
        for number, here in places.items():
            rows = self._chunk(chunks, number)
            first = number * chunks.size
            for place in here:
                found[place] = rows[wanted[place] - first]
        return found
