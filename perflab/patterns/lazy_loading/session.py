"""The live side of the lazy loading bench: a real loader over a real store."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from perflab.bench.session import Session
from perflab.errors import BadInputError
from perflab.patterns.lazy_loading._chunks import size_of
from perflab.patterns.lazy_loading._lazy_loading import LazyLoader
from perflab.patterns.lazy_loading._sources import open_store
from perflab.patterns.lazy_loading._store import MeasuredStore, ReopenedStore, Rows, Store
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.patterns.lazy_loading.sources import is_own_function
from perflab.servers.call_cap import CallCap, most_calls
from perflab.settings import LoadSettings
from perflab.units import counted, grouped

if TYPE_CHECKING:
    from perflab.workloads.kinds.accesses import Accesses

_SAMPLED_ROWS = 1000
_AFTER_COUNTING = 0.5


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
        self._loader = LazyLoader(settings, store=_Told(self._store, self._local, self._cap))
        self._row_bytes = _stored_row_bytes(self._store)
        self._errors = 0
        self._lock = threading.Lock()
        self._problem: str | None = None

    def request(self, index: int, due: float) -> str:  # noqa: ARG002
        """Ask for the row of a request and say whether its chunk was in memory."""
        local = self._local
        local.outcome = "hit"
        try:
            self._loader[self._rows[index]]
        except Exception as error:  # noqa: BLE001  (a store that is locked or gone is part of a run)
            with self._lock:
                self._errors += 1
                if self._problem is None:
                    self._problem = str(error)
            return "error"
        outcome: str = local.outcome
        return outcome

    def apply(self, settings: LazyLoadingSettings, load: LoadSettings) -> None:
        """Change chunk size, bounds and read-ahead in place.

        Raises:
            BadInputError: If the source would be another.
        """
        if self._cap is not None:
            self._cap.rate = most_calls(load)
        self._loader.apply(settings)

    def counters(self) -> dict[str, float]:
        """Return the loader's statistics, and the bytes that a row takes in the store."""
        stats: dict[str, float] = dict(self._loader.stats())
        stats["errors"] = self._errors
        stats["stored_row_bytes"] = self._row_bytes
        return stats

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


class _Told:
    """A store that notes in whose thread it was asked: that request was a miss."""

    def __init__(self, store: Store, local: threading.local, cap: CallCap | None) -> None:
        self._cap = cap
        self._store = store
        self._local = local
        if isinstance(store, MeasuredStore):
            self.stored_bytes = store.stored_bytes

    def __len__(self) -> int:
        return len(self._store)

    def read(self, start: int, stop: int) -> Rows:
        self._local.outcome = "miss"
        if self._cap is not None:
            self._cap.wait()
        return self._store.read(start, stop)


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
