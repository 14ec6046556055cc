"""The live side of the lazy loading bench: a real loader over a real store."""

from __future__ import annotations

import math
import threading
import time
from array import array
from typing import TYPE_CHECKING

from perflab.bench.session import Session
from perflab.errors import BadInputError
from perflab.instrumentation.counters import AtomicCounter
from perflab.instrumentation.histogram import LatencyHistogram
from perflab.patterns.lazy_loading._chunks import Ahead, Chunks, size_of
from perflab.patterns.lazy_loading._lazy_loading import LazyLoader
from perflab.patterns.lazy_loading._sources import is_own_function, open_store
from perflab.patterns.lazy_loading._store import MeasuredStore, ReopenedStore, Rows, Store
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.servers.call_cap import CallCap, most_calls
from perflab.settings import LoadSettings
from perflab.units import counted, grouped

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from perflab.workloads.kinds.accesses import Accesses

_SAMPLED_ROWS = 1000
_AFTER_COUNTING = 0.5
_MOST_ASKS = 1_000_000


class LazyLoadingSession(Session[LazyLoadingSettings]):
    """Asks a loader for the rows of the workload, one at a time."""

    def __init__(self, settings: LazyLoadingSettings, load: LoadSettings, rows: Accesses) -> None:
        self._rows = rows.rows.data
        self._store = open_store(settings.data_source, settings.delimiter)
        self._cap: CallCap | None = None
        if is_own_function(settings.data_source):
            # Finding out how many rows there are has just called it some dozens of times.
            self._cap = CallCap(most_calls(load), after=_AFTER_COUNTING)
            self.held = self._cap.held
        _check_length(self._store, rows, settings.data_source)
        self._local = threading.local()
        store = _Told(self._store, self._local, self._cap)
        self._loader = _Watched(settings, store, self._local)
        self._row_bytes = _stored_row_bytes(self._store)
        # Among several threads it matters who asked when.
        self._asks = _Asks() if load.concurrency > 1 else None
        self._changed = False
        self._errors = 0
        self._lock = threading.Lock()
        self._problem: str | None = None

    def request(self, index: int, due: float) -> str:  # noqa: ARG002
        """Ask for the row of a request and say whether its chunk was in memory.

        Returns:
            ``hit``, ``miss`` for one that has loaded its chunk, ``wait`` for one that has waited
            for a load by another thread, or ``error``.
        """
        local, asks = self._local, self._asks
        local.outcome = "hit"
        asked = 0.0 if asks is None else time.perf_counter()
        try:
            self._loader[self._rows[index]]
        except Exception as error:  # noqa: BLE001  (a store that is locked or gone is part of a run)
            with self._lock:
                self._errors += 1
                if self._problem is None:
                    self._problem = str(error)
            return "error"
        outcome: str = local.outcome
        if asks is not None:
            asks.note(index, asked, local.read_at - asked if outcome == "miss" else math.nan)
        return outcome

    def apply(self, settings: LazyLoadingSettings, load: LoadSettings) -> None:
        """Change chunk size, bounds and read-ahead in place.

        Raises:
            BadInputError: If the source would be another.
        """
        if self._cap is not None:
            self._cap.rate = most_calls(load)
        # What came before went by other settings. Its room stays in use: freed, it would count as
        # memory that the pattern gave back.
        self._changed = True
        self._loader.apply(settings)

    def counters(self) -> dict[str, float]:
        """Return the loader's statistics, and the bytes that a row takes in the store."""
        stats: dict[str, float] = dict(self._loader.stats())
        stats["errors"] = self._errors
        stats["stored_row_bytes"] = self._row_bytes
        return stats

    def distributions(self) -> dict[str, LatencyHistogram]:
        """Return how long after a load those went on that had waited for it."""
        return {"wake": self._loader.wakes()}

    def records(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return what threads asked for, when, and what the loads took, in the order of asking.

        Nothing where one thread asked alone, settings have changed, or there is no room for all.
        """
        if self._asks is None or self._changed or self._errors:
            return {}
        return self._asks.in_order()

    def problem(self) -> str | None:
        """Return how the store failed, if it did."""
        return self._problem

    def about(self) -> dict[str, str]:
        """Return what kind of store it is, and how many rows it has."""
        kind = type(self._store).__name__.removesuffix("Store")
        return {"store": f"{kind}, {counted(len(self._store), 'row')}"}

    def close(self) -> None:
        """Close the loader and the store."""
        self._loader.close()
        if isinstance(self._store, ReopenedStore):
            self._store.close()


class _Asks:
    """Who asked when: in room that is taken beforehand, without a lock, as hits are short."""

    def __init__(self) -> None:
        self._numbers = AtomicCounter()
        self._accesses = array("I", [0]) * _MOST_ASKS
        self._asked = array("d", [0.0]) * _MOST_ASKS
        self._loads = array("f", [0.0]) * _MOST_ASKS

    def note(self, access: int, asked: float, load: float) -> None:
        """Note a request, if there is room."""
        place = next(self._numbers)
        if place < _MOST_ASKS:
            self._accesses[place] = access
            self._asked[place] = asked
            self._loads[place] = load

    def in_order(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return what was noted, in the order of asking; nothing where it is not all."""
        import numpy as np

        count = self._numbers.read()
        if not 0 < count <= _MOST_ASKS:
            return {}
        columns = (self._accesses, self._asked, self._loads)
        accesses, asked, loads = (np.array(each[:count], np.float64) for each in columns)
        order = np.argsort(asked, kind="stable")
        return {
            "asked_accesses": accesses[order],
            "asked_seconds": asked[order] - asked[order[0]],
            "asked_load_seconds": loads[order],
        }


class _Watched(LazyLoader):
    """A loader that notes in whose thread a chunk was not there yet, and when it went on."""

    def __init__(self, settings: LazyLoadingSettings, store: _Told, local: threading.local) -> None:
        super().__init__(settings, store=store)
        self._local, self._read = local, store.read_at
        self._wakes, self._noting = LatencyHistogram(), threading.Lock()

    def wakes(self) -> LatencyHistogram:
        """Return the seconds from the end of a load to when each went on that waited for it."""
        with self._noting:
            return self._wakes.copy()

    def _missed(self, chunks: Chunks, number: int) -> Rows:
        self._local.outcome = "wait"
        rows = super()._missed(chunks, number)
        self._note(chunks, number)
        return rows

    def _ahead(self, chunks: Chunks, number: int, place: Ahead) -> Rows:
        waits = place.rows is None
        if waits:
            self._local.outcome = "wait"
        rows = super()._ahead(chunks, number, place)
        if waits:
            self._note(chunks, number)
        return rows

    def _note(self, chunks: Chunks, number: int) -> None:
        now, ended = time.perf_counter(), self._read.get(chunks.span(number)[0])
        if self._local.outcome == "wait" and ended is not None:
            with self._noting:
                self._wakes.record(max(0.0, now - ended))


class _Told:
    """A store that notes in whose thread it was asked: that request has loaded its chunk.

    Attributes:
        read_at: By first row, when it was last read.
    """

    def __init__(self, store: Store, local: threading.local, cap: CallCap | None) -> None:
        self._cap = cap
        self._store = store
        self._local = local
        self.read_at: dict[int, float] = {}
        if isinstance(store, MeasuredStore):
            self.stored_bytes = store.stored_bytes

    def __len__(self) -> int:
        return len(self._store)

    def read(self, start: int, stop: int) -> Rows:
        self._local.outcome = "miss"
        if self._cap is not None:
            self._cap.wait()
        rows = self._store.read(start, stop)
        self.read_at[start] = self._local.read_at = time.perf_counter()
        return rows


def _check_length(store: Store, rows: Accesses, source: str) -> None:
    if len(store) != rows.n_rows:
        made_for = grouped(rows.n_rows)
        text = f"has {counted(len(store), 'row')}, and the workload was made for {made_for}"
        raise BadInputError(f"{text}; choose the workload again", source)


def _stored_row_bytes(store: Store) -> float:
    """Return the bytes a row takes in the store, or in memory where the store does not say."""
    count = len(store)
    if isinstance(store, MeasuredStore):
        return store.stored_bytes(0, count) / max(count, 1)
    looked_at = min(count, _SAMPLED_ROWS)
    return size_of(store.read(0, looked_at)) / looked_at if looked_at else 0.0
