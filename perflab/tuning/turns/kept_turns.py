"""`KeptTurns`: one live run of each of several settings, of which all but one are paused."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError
from perflab.lab.live import LiveRun
from perflab.lab.snapshot import Snapshot
from perflab.modelling.prediction import Metrics
from perflab.tuning.turns.turn_taker import TurnTaker, finite

_LOOK_SECONDS = 0.01
_SETTLE_SECONDS = 5.0
"""So long a request that was under way when a turn ended may take to be counted in it."""


class KeptTurns(TurnTaker):
    """Runs contenders live, each in a child process that is paused while others have their turn.

    So a server behind starts once, and what is measured is a pattern that has been running: its
    cache fills from turn to turn, its connections are open. A run that is through its workload
    begins again from nothing at its next turn.

    Attributes:
        starts_anew: False: a turn goes on where the last one ended.
        most_requests: None, as turns end by the seconds.
    """

    starts_anew = False
    most_requests: int | None = None

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._runs: dict[str, LiveRun] = {}
        self._ran: dict[str, tuple[int, int]] = {}

    def __call__(self, name: str) -> Metrics:
        """Take one turn and return what it measured, without values that are not finite.

        Raises:
            BadInputError: If these settings cannot run, or the backend only fails.
            RuntimeError: If the child process died.
        """
        since: Snapshot | None = None
        seconds = self._seconds
        run = self._runs.get(name)
        if run is None:
            run = self._runs[name] = self._start(name, None)
            _wait_while(run, "starting", math.inf)
            seconds += self._checked[name][1].warmup_seconds
        else:
            since = run.last
            run.resume()
        _wait_while(run, "running", seconds)
        run.pause()
        _settle(run)
        if run.state != "paused":
            del self._runs[name]
            try:
                run.wait()  # raises what it failed with
            finally:
                run.close()
        self._note(name, run)
        found = {} if run.last is None else run.measured(since)
        return finite(found)

    def ran(self, name: str) -> slice | None:
        """Return which requests a contender's turns ran, its first one left out.

        It is none of one that was through the workload, which has run all of them.
        """
        first, last = self._ran.get(name, (0, 0))
        return slice(first, last) if first < last else None

    def _note(self, name: str, run: LiveRun) -> None:
        """Note up to which request a contender is by now."""
        last = 0 if run.last is None else run.last.requests
        if run.state != "paused":
            self._ran[name] = (0, 0)
        elif name not in self._ran:
            self._ran[name] = (last, last)
        elif self._ran[name] != (0, 0):
            self._ran[name] = (self._ran[name][0], last)

    def close(self) -> None:
        """End all runs."""
        for run in self._runs.values():
            # What they measured is known by now; how they end changes nothing.
            with contextlib.suppress(BadInputError, RuntimeError):
                run.stop()
            run.close()
        self._runs.clear()


def can_be_kept(
    bench: AnyBench, values: Iterable[Mapping[str, object]], memory_bytes: float
) -> bool:
    """Say whether runs of settings may be there side by side, paused, rather than start each turn.

    On a server of the user's one run at a time was agreed to, two runs write no file together, and
    one that goes through its workload within a turn has nothing to keep.

    Args:
        bench: Whose runs.
        values: The settings of each.
        memory_bytes: What they are predicted to need together; at most half of what is free.
    """
    import psutil

    if bench.live.ends_itself or bench.live.outputs:
        return False
    if memory_bytes > psutil.virtual_memory().available / 2:
        return False
    return not any(bench.foreign_servers(bench.read(each)[0]) for each in values)


def _wait_while(run: LiveRun, state: str, seconds: float) -> None:
    """Wait until a run is no longer in a state, for so many seconds at most."""
    end = time.monotonic() + seconds
    while run.state == state and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK_SECONDS))


def _settle(run: LiveRun) -> None:
    """Wait until a paused run has counted all that it had under way: its clock stands."""
    end = time.monotonic() + _SETTLE_SECONDS
    before = run.last
    while run.state == "paused" and time.monotonic() < end:
        last = run.last
        if last is not before:
            if before is not None and last is not None and _is_same(before, last):
                return
            before = last
        time.sleep(_LOOK_SECONDS)


def _is_same(one: Snapshot, other: Snapshot) -> bool:
    return one.seconds == other.seconds and one.requests == other.requests
