"""`Rows`: from a run's snapshots to rows of metrics, with predictions beside them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any, NamedTuple

from perflab.bench.base import AnyBench
from perflab.bench.model import AnyModel
from perflab.bench.session import Measured
from perflab.lab.alerts import AlertWatch
from perflab.lab.freed_memory import give_back
from perflab.lab.rounds import Moments
from perflab.lab.row import Row
from perflab.lab.row_table import RowTable
from perflab.lab.snapshot import Snapshot
from perflab.modelling.prediction import Costs, Metrics
from perflab.settings import LoadSettings, Settings
from perflab.workloads.kinds.trace import Trace

_WINDOW_SECONDS = 1.0
_SHARE_FOR_PREDICTIONS = 0.2
_FALLS_OF_A_LEVEL = 3


class Compared(NamedTuple):
    """What was measured beside both predictions, for the same requests."""

    measured: Metrics
    predicted: Metrics
    refitted: Metrics


class Rows:
    """The rows of a run, which the one thread that listens to the child adds to.

    Which settings come next, and which are in force, is told and asked by other threads, too.
    """

    def __init__(
        self,
        bench: AnyBench,
        trace: Trace,
        settings: Settings,
        load: LoadSettings,
        costs: Costs,
        watch: AlertWatch,
        model: AnyModel | None = None,
    ) -> None:
        self.bench = bench
        self.trace = trace
        self.settings, self.load = settings, load
        self.model = model or bench.model(trace)
        self.rows = RowTable()
        self.changes: list[dict[str, Any]] = []
        self.watch = watch
        self.baseline = 0
        self.last: Snapshot | None = None
        self.warm: Snapshot | None = None
        self.changed: Snapshot | None = None
        self.memory_bytes = 0.0
        self.moments = Moments()
        self.compared = Compared({}, {}, {})
        self._costs = costs
        self._history: list[Snapshot] = []
        self._lock = threading.Lock()
        self._coming: list[tuple[Settings, LoadSettings]] = []
        self._predicted: Metrics = {}
        self._predict_after = 0.0
        self._falls: Counter[str] = Counter()

    @property
    def undeclared_levels(self) -> list[str]:
        """The counters that went down time and again, though the bench declares them as no levels.

        Once or twice may be a server that began anew.
        """
        return sorted(name for name, falls in self._falls.items() if falls >= _FALLS_OF_A_LEVEL)

    @property
    def values(self) -> dict[str, Any]:
        """The settings last requested, of the pattern and of the load."""
        with self._lock:
            settings, load = self._coming[-1] if self._coming else (self.settings, self.load)
        return {**settings.model_dump(), **load.model_dump()}

    def next_settings(self, settings: Settings, load: LoadSettings) -> None:
        """Note settings that the child has been told of and will confirm."""
        with self._lock:
            self._coming.append((settings, load))

    def renew(self) -> None:
        """Have locks of its own in a forked process, where nobody frees those that were held."""
        self._lock = threading.Lock()
        self.rows.renew()
        self.watch.renew()

    def add(self, snapshot: Snapshot, resident_bytes: int) -> None:
        """Make a row of a snapshot, given the child's resident memory now."""
        if resident_bytes:
            self.memory_bytes = float(max(0, resident_bytes - self.baseline))
        if snapshot.mark == "change" and self._take_next():
            self.changed = snapshot
            self._history.clear()
            self._predicted, self._predict_after = {}, 0.0
            self.compared = Compared({}, {}, {})
            self.changes.append(
                {
                    "seconds": snapshot.seconds,
                    "request": snapshot.requests,
                    "settings": {**self.settings.describe(), **self.load.describe()},
                }
            )
        if snapshot.mark == "warm" and self.changed is None:
            self.warm = snapshot
            self._history.clear()
        if self.last is not None:
            self._falls.update(snapshot.fallen(self.last, self.bench.live.levels))
        self.last = snapshot
        self._history.append(snapshot)
        while len(self._history) > 2 and (
            snapshot.seconds - self._history[1].seconds >= _WINDOW_SECONDS
        ):
            self._history.pop(0)
        if snapshot.mark == "":
            self.moments.add(snapshot)
            self._put(self._row(snapshot))

    def acted(self, name: str, seconds: float) -> None:
        """Note that one of the bench's actions was done."""
        done: dict[str, Any] = {"seconds": seconds, "request": None, "action": name, "settings": {}}
        self.changes.append(done)

    def finish(self) -> None:
        """Make a last row where the run was too short for another."""
        if not self.rows and self.last is not None:
            self._put(self._row(self.last))

    def measured(self, since: Snapshot | None) -> Metrics:
        """Return the metrics of what happened after a snapshot."""
        assert self.last is not None  # noqa: S101  (asked for after the first snapshot)
        part = self.last.since(since, self.bench.live.levels)
        return self._metrics(part)

    def predict(self, costs: Costs, since: Snapshot | None) -> Metrics:
        """Return what the model says of the requests after a snapshot."""
        assert self.last is not None  # noqa: S101  (asked for after the first snapshot)
        first = since.requests if since is not None else 0
        if self.last.requests <= first:
            return {}
        requests = slice(first, self.last.requests)
        return self.model.predict(self.settings, self.load, costs, requests).metrics

    def own_costs(self, since: Snapshot | None) -> dict[str, Any]:
        """Return the calibration's costs with what this run itself has measured in their place."""
        assert self.last is not None  # noqa: S101  (asked for after the first snapshot)
        part = self.last.since(since, self.bench.live.levels)
        own = self.bench.costs(self._part(part))
        latency = part.latency()
        paced = self.load.request_rate is not None or self.load.speedup is not None
        if latency.count and not paced and not self.bench.live.open_loop:
            each = part.seconds * self.load.concurrency / latency.count
            own["overhead_seconds"] = max(0.0, each - latency.mean)
        return {**self._costs, **own}

    def _take_next(self) -> bool:
        """Let the settings that the child has confirmed be in force; return whether there are."""
        with self._lock:
            if not self._coming:
                return False
            self.settings, self.load = self._coming.pop(0)
            return True

    def _put(self, row: Row) -> None:
        self.rows.add(row)
        self.watch.look(row.seconds, row)

    def _row(self, snapshot: Snapshot) -> Row:
        since = self.changed or self.warm
        earlier = self._history[0] if len(self._history) > 1 else since
        return Row(
            seconds=round(snapshot.seconds, 3),
            requests=snapshot.requests,
            virtual_seconds=snapshot.shown_seconds,
            version=snapshot.version,
            metrics=self._metrics(snapshot.since(earlier, self.bench.live.levels)),
            since_change=self._metrics(snapshot.since(since, self.bench.live.levels)),
            predicted=self._prediction(since),
        )

    def _metrics(self, part: Snapshot) -> Metrics:
        own = self.bench.metrics(self._part(part))
        return {"memory_bytes": self.memory_bytes, **part.metrics(), **own}

    def _part(self, part: Snapshot) -> Measured:
        return Measured(
            part.seconds,
            part.requests,
            part.counters,
            part.histograms,
            part.distributions,
            self.memory_bytes,
            self.load,
        )

    def _prediction(self, since: Snapshot | None) -> Metrics:
        """Return the newest prediction; a new one is made as often as its cost allows.

        With it the one from the run's own times is made, for the same requests.
        """
        now = time.perf_counter()
        if now >= self._predict_after:
            self._predicted = self.predict(self._costs, since)
            refitted = self.predict(self.own_costs(since), since) if self._predicted else {}
            measured = self.measured(since) if self._predicted else {}
            self.compared = Compared(measured, self._predicted, refitted)
            give_back()
            spent = time.perf_counter() - now
            self._predict_after = now + spent / _SHARE_FOR_PREDICTIONS
        return self._predicted
