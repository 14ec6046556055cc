"""`Prefetcher`: items that are fetched ahead by threads while the ones before them are used."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, Self

from perflab.instrumentation.hooks import Hook
from perflab.patterns.prefetching._core import PrefetchCore
from perflab.patterns.prefetching._parts import (
    NOTHING,
    EndOfItems,
    FetchTimeoutError,
    ShortPageError,
    T,
)
from perflab.patterns.prefetching._workers import FetchWorkers
from perflab.patterns.prefetching.settings import PrefetchingSettings

__all__ = ["FetchTimeoutError", "Prefetcher", "ShortPageError"]


class Prefetcher(Generic[T]):
    """Iterates over items that threads fetch ahead in batches: each once, and in order.

    ``fetch(start, stop)`` returns the items from `start` up to `stop`. It is called for several
    ranges at the same time where there are several workers. When it raises, it is called again up
    to ``retries`` times; then the consumer gets its error, after all items before it. Fetching
    begins with the first item requested, or with `start`.

    Fewer items than requested end the stream, which ``short_pages`` in `stats` counts, and
    ``items_dropped`` counts what was fetched beyond that end. With ``short_page="error"`` they end
    it only if the page after them is empty, which is fetched to know it, beyond ``process_count``
    too; else the consumer gets a `ShortPageError` after them.

    Whole batches are handed over, so that an item costs little. Several threads may consume
    together: each item goes to one of them. When the prefetcher is let go, its threads end. A
    forked child has no such threads: there, one that was started already raises `RuntimeError`.

    Args:
        fetch: Returns the items of a range.
        settings: Buffer, batches, workers, retries and timeout.
        sizeof: Returns the bytes of an item; by default `sys.getsizeof`, where bytes are bounded.
        hook: Called with an event for each batch fetched, retry, timeout, stall (its end tells in
            `detail` how long it took to go on once the batch was there) and buffer level;
            an error that it raises in a worker ends the stream.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], Iterable[T]],
        settings: PrefetchingSettings | None = None,
        *,
        sizeof: Callable[[T], int] | None = None,
        hook: Hook | None = None,
    ) -> None:
        core = PrefetchCore(PrefetchingSettings.given(settings), sizeof)
        self._workers = FetchWorkers(fetch, core, hook)
        self._batch: Iterator[T] = iter(())
        self._turn = threading.RLock()
        self._started = False
        self._let_go = weakref.finalize(self, self._workers.stop, 0.0)

    @property
    def settings(self) -> PrefetchingSettings:
        """The settings in force."""
        return self._workers.core.settings

    def start(self) -> Self:
        """Begin to fetch before the first item is requested; asked twice, it does nothing."""
        if not self._started:
            self._started = True
            self._workers.start()
        return self

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        item = next(self._batch, NOTHING)
        return self._from_next_batch() if item is NOTHING else item

    def batches(self) -> Iterator[Sequence[T]]:
        """Iterate over batches as they were fetched, which costs nothing an item."""
        while True:
            try:
                with self._turn:
                    left = list(self._batch)
                    batch = left or self._take()
            except EndOfItems:
                return
            yield batch

    def apply(self, settings: PrefetchingSettings) -> None:
        """Change everything in place: a buffer or batch from the next fetch on, workers now."""
        self._workers.apply(PrefetchingSettings.given(settings))

    def stats(self) -> dict[str, float]:
        """Return flat statistics; totals only grow."""
        return self._workers.stats()

    def stop(self, wait: float = 1.0) -> bool:
        """End the stream: who waits for an item is told at once, and no fetch begins.

        Args:
            wait: How many seconds to wait for fetches that are under way.

        Returns:
            Whether all threads have ended; one whose fetch hangs ends when that returns.
        """
        ended = self._workers.stop(wait)
        self._batch = iter(())
        return ended

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _from_next_batch(self) -> T:
        # One at a time: two who change batches at once would lose the items of one of them.
        with self._turn:
            try:
                while True:
                    item = next(self._batch, NOTHING)
                    if item is not NOTHING:
                        return item
                    self._batch = iter(self._take())
                    if self._workers.core.stopped:
                        self._batch = iter(())
            except EndOfItems:
                raise StopIteration from None

    def _take(self) -> Sequence[T]:
        self.start()
        return self._workers.take()
