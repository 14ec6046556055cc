"""The live side of the prefetching bench: a real source, a real prefetcher, a real consumer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from perflab.bench.records import Records
from perflab.bench.session import EndOfWorkload, Session
from perflab.instrumentation.events import Event, EventKind
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.patterns.prefetching._prefetching import Prefetcher
from perflab.patterns.prefetching.consumer import Consumer, size_of
from perflab.patterns.prefetching.open_items import open_items
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt

    from perflab.patterns.prefetching.items import Items

_MOST_ITEMS = 5_000_000
_MOST_BATCHES = 1_000_000
_COUNTED = (
    "batches",
    "retries",
    "timeouts",
    "stalls",
    "short_pages",
    "buffer_bytes",
    "workers",
)


class PrefetchingSession(Session):
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
        self._source = open_items(load, items)
        self._consumer = Consumer(settings.consume_seconds)
        self._prefetcher: Prefetcher[Any] = Prefetcher(
            self._fetch, self._bounded(settings), sizeof=size_of, hook=self._note
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

    def request(self, index: int, due: float) -> str:  # noqa: ARG002
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
            "first_item_seconds": stats.get("first_item_seconds", 0.0),
            "sized_items": self._sized,
            "sized_bytes": self._bytes,
        }

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

    def act(self, name: str) -> None:
        """Restart the server behind.

        Raises:
            BadInputError: If there is none.
        """
        del name
        self._source.restart()

    def close(self) -> None:
        """End the threads, and the server behind."""
        self._prefetcher.stop()
        self._source.close()

    def _bounded(self, settings: PrefetchingSettings) -> PrefetchingSettings:
        return settings.change(process_count=None if self._loop else self._count)

    def _fetch(self, start: int, stop: int) -> Iterable[Any]:
        items = self._items(start, stop)
        if held := self._source.held():
            with self._lock:
                self._held[start] = held
        return items

    def _items(self, start: int, stop: int) -> Iterable[Any]:
        if not self._loop:
            return self._source.fetch(start, stop)
        found: list[Any] = []
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
