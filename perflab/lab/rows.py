"""`Rows`: from a run's snapshots to rows of metrics, with predictions beside them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import NamedTuple

from perflab.bench.base import AnyBench
from perflab.bench.live import is_behind
from perflab.bench.model import AnyModel
from perflab.bench.session import Measured
from perflab.lab.alerts import AlertWatch
from perflab.lab.documents import Change
from perflab.lab.following import Following
from perflab.lab.freed_memory import give_back
from perflab.lab.rounds import Moments
from perflab.lab.row import Row
from perflab.lab.row_table import RowTable
from perflab.lab.snapshot import Snapshot
from perflab.modelling.prediction import Costs, Metrics
from perflab.settings import LoadSettings, Settings
from perflab.workloads.kinds.workload import Workload

_WINDOW_SECONDS = 1.0
_SHARE_FOR_PREDICTIONS = 0.2
_LONGEST_TURN = 0.05
_LONGEST_LAG = 60.0
_LONGEST_AT_END = 10.0
_FALLS_OF_A_LEVEL = 3
_PREDICTED_SHARE = 0.5


class Compared(NamedTuple):
    """What was measured beside both predictions, for the same requests, and at which settings."""

    measured: Metrics
    predicted: Metrics
    refitted: Metrics
    settings: Settings | None = None


class _Goal(NamedTuple):
    """What was measured by some request, which the run's shadow is to reach."""

    requests: int
    measured: Metrics
    own_costs: Costs


class Rows:
    """The rows of a run, which the one thread that listens to the child adds to.

    Which settings come next, and which are in force, is told and asked by other threads, too.
    """

    def __init__(
        self,
        bench: AnyBench,
        workload: Workload,
        settings: Settings,
        load: LoadSettings,
        costs: Costs,
        watch: AlertWatch,
        model: AnyModel | None = None,
        predicts: bool = True,
    ) -> None:
        self.bench = bench
        self.workload = workload
        self.settings, self.load = settings, load
        self.model = model or bench.model(workload, costs)
        self.rows = RowTable()
        self.changes: list[Change] = []
        self.watch = watch
        self.baseline = 0
        self.last: Snapshot | None = None
        self.warm: Snapshot | None = None
        self.changed: Snapshot | None = None
        self.memory_bytes = 0.0
        self.concurrent = load.concurrency > 1
        self.moments = Moments()
        self.compared = Compared({}, {}, {})
        self.following = Following(bench, workload, settings, load, costs)
        self._goal: _Goal | None = None
        self._followed_at = 0.0
        self._costs, self._predicts = costs, predicts
        self._history: list[Snapshot] = []
        self._lock = threading.Lock()
        self._coming: list[tuple[Settings, LoadSettings]] = []
        self._predicted: Metrics = {}
        self._predicted_until = 0
        self._predict_after = 0.0
        self._falls: Counter[str] = Counter()

    @property
    def undeclared_levels(self) -> list[str]:
        """The counters that went down time and again, though the bench declares them as no levels.

        Once or twice may be a server that began anew.
        """
        return sorted(name for name, falls in self._falls.items() if falls >= _FALLS_OF_A_LEVEL)

    @property
    def values(self) -> dict[str, object]:
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
        if snapshot.mark == "settled" and self.changed is not None:
            self._begin_anew(snapshot)
        if snapshot.mark == "change" and self._take_next():
            self._begin_anew(snapshot)
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
        done: Change = {
            "seconds": seconds,
            "request": None,
            "action": name,
            "settings": {},
        }
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
        """Return what the model says of the requests after a snapshot.

        After a change of settings it is what the shadow says that follows the run, where it has
        caught up; elsewhere the settings are taken to have been in force from the start.
        """
        assert self.last is not None  # noqa: S101  (asked for after the first snapshot)
        first = since.requests if since is not None else 0
        if self.last.requests <= first:
            return {}
        following = self.following
        if since is self.changed and following.follows and following.done == self.last.requests:
            return following.metrics(costs)
        requests = slice(first, self.last.requests)
        model = self.model.with_costs(costs)
        return model.predict(self.settings, self.load, requests).metrics

    def catch_up(self) -> None:
        """Have the shadow go through all requests of a run that is over, where that is quick."""
        following, last = self.following, self.last
        if not following.follows or last is None:
            return
        quick = following.seconds_left(last.requests) <= _LONGEST_AT_END
        if not quick or not following.advance(last.requests, _LONGEST_AT_END):
            following.give_up(last.requests)

    def own_costs(self, since: Snapshot | None) -> dict[str, object]:
        """Return the calibration's costs with what this run itself has measured in their place."""
        return {**self._costs, **self.seen_costs(since)}

    def seen_costs(self, since: Snapshot | None, fewest: int = 1) -> dict[str, object]:
        """Return what this run itself has measured, and nothing else.

        Args:
            since: Where the part of the run that counts begins.
            fewest: How often an outcome, such as a miss, must have come for its cost to be known.
        """
        assert self.last is not None  # noqa: S101  (asked for after the first snapshot)
        part = self.last.since(since, self.bench.live.levels)
        own = self.bench.costs(self._part(part.without_rare(fewest)))
        latency = part.latency()
        if latency.count and self._is_busy(part) and not self.bench.live.open_loop:
            # Models take it that a write takes what a hit does.
            hit = part.histograms.get("hit")
            of_writes = part.writes * (latency.mean if hit is None else hit.mean)
            spent = latency.total + of_writes
            left = part.seconds * self.load.concurrency - spent
            own["overhead_seconds"] = max(0.0, left / (latency.count + part.writes))
        return own

    def remarks(self, since: Snapshot | None) -> tuple[str, ...]:
        """Return what a reader must know of what was measured after a snapshot, as the bench says.

        Args:
            since: Where the part of the run that counts begins.
        """
        if self.last is None or self.last.requests <= (0 if since is None else since.requests):
            return ()
        part = self.last.since(since, self.bench.live.levels)
        return tuple(self.bench.live.remarks(self.settings, self._part(part)))

    def _is_busy(self, part: Snapshot) -> bool:
        """Say whether clients never wait for a request to be due."""
        if self.load.request_rate is None:
            return not self.load.paced
        return is_behind(self._part(part))

    def _begin_anew(self, snapshot: Snapshot) -> None:
        """Count what was measured since the last change from here on."""
        self.changed = snapshot
        self.moments = Moments()
        self._history.clear()
        self._predicted, self._predict_after = {}, 0.0
        self._goal, self._followed_at = None, time.perf_counter()
        self.compared = Compared({}, {}, {})
        self.following.change(snapshot.requests, self.settings, self.load)

    def _take_next(self) -> bool:
        """Let the settings that the child has confirmed be in force; return whether there are."""
        with self._lock:
            if not self._coming:
                return False
            self.settings, self.load = self._coming.pop(0)
            self.concurrent = self.concurrent or self.load.concurrency > 1
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
            predicted=self._prediction(snapshot, since),
        )

    def _metrics(self, part: Snapshot) -> Metrics:
        own = self.bench.metrics(self._part(part))
        given = {"requests": float(part.requests), "memory_bytes": self.memory_bytes}
        return {**given, **part.metrics(), **own}

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

    def _prediction(self, snapshot: Snapshot, since: Snapshot | None) -> Metrics:
        """Return the newest prediction; a new one is made as often as its cost allows.

        With it the one from the run's own times is made, for the same requests. There is none
        while the newest is for less than half of the requests by now, such as for the first few.
        """
        now = time.perf_counter()
        if not self._predicts:
            return {}
        if self.following.follows:
            self._follow(since, now)
        elif now >= self._predict_after:
            self._predicted = self.predict(self._costs, since)
            self._predicted_until = snapshot.requests
            refitted = self.predict(self.own_costs(since), since) if self._predicted else {}
            measured = self.measured(since) if self._predicted else {}
            self.compared = Compared(measured, self._predicted, refitted, self.settings)
            give_back()
            spent = time.perf_counter() - now
            self._predict_after = now + spent / _SHARE_FOR_PREDICTIONS
        first = 0 if since is None else since.requests
        known = self._predicted_until - first
        return self._predicted if known >= _PREDICTED_SHARE * (snapshot.requests - first) else {}

    def _follow(self, since: Snapshot | None, now: float) -> None:
        """Let the shadow go on; what it says where it gets to the goal is the newest prediction."""
        assert self.last is not None  # noqa: S101  (asked for with a snapshot)
        following, goal = self.following, self._goal
        if goal is None:
            if now < self._predict_after or since is None or self.last.requests <= since.requests:
                return
            goal = _Goal(self.last.requests, self.measured(since), self.own_costs(since))
            self._goal = goal
        share = _SHARE_FOR_PREDICTIONS * (now - self._followed_at)
        self._followed_at = now
        if following.advance(goal.requests, min(share, _LONGEST_TURN)):
            self._predicted = following.metrics(self._costs)
            self._predicted_until = goal.requests
            refitted = following.metrics(goal.own_costs)
            self.compared = Compared(goal.measured, self._predicted, refitted, self.settings)
            self._goal = None
            spent = time.perf_counter() - now
            self._predict_after = now + spent / _SHARE_FOR_PREDICTIONS
        elif following.seconds_left(goal.requests) > _LONGEST_LAG * _SHARE_FOR_PREDICTIONS:
            following.give_up(goal.requests)
