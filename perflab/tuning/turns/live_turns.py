"""`LiveTurns`: a short live run of one of several settings, over the same requests each time."""

from __future__ import annotations

from typing import Any

from perflab.bench.replay import played
from perflab.modelling.prediction import Metrics
from perflab.tuning.turns.turn_taker import TurnTaker, finite

_LONGER = 3.0
"""So many times as long may a turn take that is to get through as many requests as others did."""


class LiveTurns(TurnTaker):
    """Runs contenders live, each turn in a child process of its own that starts from nothing.

    The first turn of each lasts for the seconds given. All later ones end after as many requests
    as the slowest got through in its first, so that a fast contender is not measured over another
    part of the workload.

    Attributes:
        starts_anew: True: no turn goes on where the last one ended.
        most_requests: After how many requests turns end; none until each contender has had its
            first, and where the pattern's own session says when it is through.
    """

    starts_anew = True

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        load = next(iter(self._checked.values()))[1]
        costs = self._calibration.costs
        self._model = self._bench.model(played(self._workload, load), costs)
        self._first: dict[str, int] = {}
        self.most_requests: int | None = None

    def __call__(self, name: str) -> Metrics:
        """Take one turn and return what it measured, without values that are not finite.

        Raises:
            BadInputError: If these settings cannot run, or the backend only fails.
            RuntimeError: If the child process died.
        """
        load = self._checked[name][1]
        if name in self._first and self.most_requests is None and not self._bench.live.ends_itself:
            self.most_requests = max(1, min(self._first.values()))
        longer = 1.0 if self.most_requests is None else _LONGER
        live = self._start(
            name,
            longer * self._seconds + load.warmup_seconds,
            most_requests=self.most_requests,
            model=self._model,
        )
        try:
            found = live.wait()
        finally:
            live.close()
        # The metrics leave the warm-up out, the last row what came after it.
        last = found.snapshots.last
        done = max(0 if last is None else last.requests, found.metrics.get("requests", 0))
        self._first.setdefault(name, int(done))
        return finite(found.metrics)

    def ran(self, name: str) -> slice | None:
        """Return which requests a contender's turns ran; none where that is not known."""
        count = self.most_requests or self._first.get(name, 0)
        return slice(0, count) if count and not self._bench.live.ends_itself else None

    def close(self) -> None:
        """Do nothing: each turn has ended its run."""
