"""The live side of the prefetching bench: a real source, a real prefetcher, a real consumer."""

from __future__ import annotations

import sys
import threading
import time
import zlib
from typing import TYPE_CHECKING

import orjson

from perflab.bench.records import Records
from perflab.bench.session import EndOfWorkload, Session
from perflab.instrumentation.events import Event, EventKind
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.patterns.prefetching._prefetching import Prefetcher
from perflab.patterns.prefetching.item_servers import open_items
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    import numpy.typing as npt

    from perflab.patterns.prefetching.items import Items

_LEVEL = 1
_MOST_ITEMS = 5_000_000
_MOST_BATCHES = 1_000_000
_COUNTED = (
    "batches",
    "retries",
    "timeouts",
    "stalls",
    "short_pages",
    "workers",
)


class _Consumer:
    """Writes an item as JSON and compresses it, again and again until a time has passed.

    Attributes:
        seconds: How long it works on an item at least; it transforms it once at least.
        checksum: Of all that it has made.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.checksum = 0

    def work(self, item: object, began: float) -> float:
        """Work on one item and return when that was done, as `time.perf_counter` tells it."""
        now = time.perf_counter
        until = began + self.seconds
        while True:
            content = item if isinstance(item, bytes) else orjson.dumps(item, default=repr)
            self.checksum = zlib.adler32(zlib.compress(content, _LEVEL), self.checksum)
            done = now()
            if done >= until:
                return done


class PrefetchingSession(Session[PrefetchingSettings]):
    """Takes item after item from a prefetcher and works on each.

    A run ends with the last item of the workload, or of a source that ends before; where it
    loops, items begin again. An error of the source ends it too, and is what the run failed with
    where nothing came before it.
    """

    def __init__(self, settings: PrefetchingSettings, load: LoadSettings, items: Items) -> None:
        self._count = len(items)
        # How many items a run goes through goes before beginning again.
        self._loop = bool(load.loop) and settings.process_count is None
        self._load = load
        self._held: dict[int, float] = {}
        self._fetching: set[int] = set()
        self._source = open_items(load, items)
        self._consumer = _Consumer(settings.consume_seconds)
        self._prefetcher: Prefetcher[object] = Prefetcher(
            self._fetch, self._bounded(settings), sizeof=_size_of, hook=self._note
        )
        self._works = LatencyHistogram()
        self._fetches = LatencyHistogram()
        self._handovers = LatencyHistogram()
        self._work_seconds = Records(_MOST_ITEMS, "f")
        self._batches = Records(_MOST_BATCHES, "qIf")
        self._bytes = self._sized = 0
        self._errors = 0
        self._lock = threading.Lock()
        self._problem: str | None = None

    def request(self, _index: int, _due: float) -> str:
        """Take the next item and work on it."""
        try:
            item = next(self._prefetcher)
        except StopIteration:
            raise EndOfWorkload from None
        except Exception as error:  # noqa: BLE001  (a source may raise anything)
            self._fail(error)
            if not len(self._work_seconds):
                return "error"
            raise EndOfWorkload from None
        began = time.perf_counter()
        taken = self._consumer.work(item, began) - began
        self._works.record(taken)
        self._work_seconds.add(taken)
        return "item"

    def apply(self, settings: PrefetchingSettings, load: LoadSettings) -> None:
        """Change buffer, batches and workers, the source's wait and the consumer's work."""
        self._prefetcher.apply(self._bounded(settings))
        self._consumer.seconds = settings.consume_seconds
        self._source.change(load)

    def counters(self) -> dict[str, float]:
        """Return the prefetcher's statistics."""
        stats = self._prefetcher.stats()
        return {
            **{name: stats[name] for name in _COUNTED},
            "errors": self._errors,
            "fetch_errors": stats["fetch_errors"],
            "stall_seconds": stats["stall_seconds_total"],
            "buffer_item_seconds": stats["buffer_item_seconds_total"],
            "buffer_byte_seconds": stats["buffer_byte_seconds_total"],
            "first_item_seconds": stats.get("first_item_seconds", 0.0),
            "sized_items": self._sized,
            "sized_bytes": self._bytes,
        }

    def under_way(self) -> Callable[[], bool] | None:
        """Return what says whether a batch that is being fetched now still is."""
        with self._lock:
            begun = frozenset(self._fetching)
        return (lambda: not begun.isdisjoint(self._fetching)) if begun else None

    def distributions(self) -> dict[str, LatencyHistogram]:
        """Return fetches, works, and how long a consumer that waited took to go on."""
        with self._lock:
            return {
                "fetch": self._fetches.copy(),
                "consume": self._works.copy(),
                "handover": self._handovers.copy(),
            }

    def records(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return the seconds of each fetch and its items, in order, and of the work on each."""
        if not len(self._batches):
            return {}
        _, items, seconds = self._batches.columns(ordered=True)
        (works,) = self._work_seconds.columns(ordered=False)
        return {"fetch_items": items, "fetch_seconds": seconds, "consume_seconds": works}

    def problem(self) -> str | None:
        """Return how the source failed, if it did."""
        return self._problem

    def about(self) -> dict[str, str]:
        """Return what stands behind."""
        return self._source.about()

    def server_up(self) -> bool | None:
        """Say whether the server behind is up; None where there is none."""
        return self._source.server_up()

    def act(self, _name: str) -> None:
        """Restart the server behind.

        Raises:
            BadInputError: If there is none.
        """
        self._source.restart()

    def close(self) -> None:
        """End the threads, and the server behind."""
        self._prefetcher.stop()
        self._source.close()

    def _bounded(self, settings: PrefetchingSettings) -> PrefetchingSettings:
        return settings.change(process_count=None if self._loop else self._count)

    def _fetch(self, start: int, stop: int) -> Iterable[object]:
        with self._lock:
            self._fetching.add(start)
        items = self._items(start, stop)
        if held := self._source.held():
            with self._lock:
                self._held[start] = held
        return items

    def _items(self, start: int, stop: int) -> Iterable[object]:
        if not self._loop:
            return self._source.fetch(start, stop)
        found: list[object] = []
        while start < stop:
            first = start % self._count
            last = min(self._count, first + stop - start)
            found += self._source.fetch(first, last)
            start += last - first
        return found

    def _note(self, event: Event) -> None:
        if event.kind is EventKind.BATCH_FETCHED:
            count = int(str(event.detail))
            with self._lock:
                self._fetching.discard(int(str(event.key)))
                held = self._held.pop(int(str(event.key)), 0.0)
                seconds = max(0.0, event.seconds - held)
                self._fetches.record(seconds)
                self._sized += count
                self._bytes += event.size
                if count:
                    self._batches.add(int(str(event.key)), count, seconds)
        elif event.kind is EventKind.STALL_FINISHED:
            with self._lock:
                self._handovers.record(float(str(event.detail)))

    def _fail(self, error: Exception) -> None:
        self._errors += 1
        told = "; ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
        self._problem = f"the backend {self._load.backend_name} raised {told}"


def _size_of(item: object) -> int:
    """Return about how many bytes an item takes: its own and those of what it holds."""
    size = sys.getsizeof(item)
    if isinstance(item, (list, tuple)):
        return size + sum(map(sys.getsizeof, item))
    if isinstance(item, dict):
        return size + sum(map(sys.getsizeof, item.values()))
    return size
