"""`Following`: a shadow that goes through a run's own history, settings by request number."""

from __future__ import annotations

import time
from collections import deque
from typing import NamedTuple

from perflab.bench.base import AnyBench
from perflab.bench.shadow import Shadow
from perflab.modelling.prediction import Costs, Metrics
from perflab.settings import LoadSettings, Settings
from perflab.units import counted
from perflab.workloads.kinds.workload import Workload

_STEP = 256
_FIRST_LOOK_SECONDS = 0.1


class _Turn(NamedTuple):
    """From which request other settings held."""

    request: int
    settings: Settings
    load: LoadSettings


class Following:
    """A shadow of a run, which is made at its first change and goes through it bit by bit.

    One thread at a time uses it.

    Args:
        bench: Whose run it is.
        workload: What the run plays.
        settings: The pattern's at the start.
        load: The load's at the start.
        costs: What the model knows of the costs, where the run plays a part of the keys.

    Attributes:
        done: The requests that it has gone through.
    """

    def __init__(
        self,
        bench: AnyBench,
        workload: Workload,
        settings: Settings,
        load: LoadSettings,
        costs: Costs,
    ) -> None:
        self._bench = bench
        self._workload = workload
        self._costs = costs
        self._began = settings, load
        self._turns: deque[_Turn] = deque()
        self._shadow: Shadow[Settings] | None = None
        self._refusal: str | None = None
        self._changed = False
        self._spent = 0.0
        self.done = 0

    @property
    def follows(self) -> bool:
        """Whether there were changes, and it follows them."""
        plan = self._bench.shadow
        return plan is not None and self._changed and self._refusal is None

    @property
    def refusal(self) -> str | None:
        """Why it does not follow changes that there were, where the bench has shadows; or None."""
        return self._refusal

    def change(self, request: int, settings: Settings, load: LoadSettings) -> None:
        """Note that other settings hold from a request on, which is not gone through yet."""
        plan = self._bench.shadow
        if plan is None or self._refusal is not None:
            return
        for held in (*(() if self._changed else (self._began,)), (settings, load)):
            self._refusal = self._refusal or plan.refusal(self._workload, *self._replayed(*held))
        self._changed = True
        self._turns.append(_Turn(request, settings, load))
        if self._refusal is not None:
            self._let_go()

    def advance(self, requests: int, seconds: float) -> bool:
        """Go on up to a request for so long at most; return whether it is reached."""
        begun = time.perf_counter()
        end = begun + seconds
        reached = self._go(requests, end)
        self._spent += time.perf_counter() - begun
        return reached

    def seconds_left(self, requests: int) -> float:
        """Return how long it is busy until a request, by its speed so far; 0 where unknown."""
        if self._spent < _FIRST_LOOK_SECONDS:
            return 0.0
        return (requests - self.done) * self._spent / max(self.done, 1)

    def give_up(self, requests: int) -> None:
        """Follow no more: a run of so many requests takes too long."""
        self._refusal = f"{counted(requests, 'request')} take too long to replay beside the run"
        self._let_go()

    def metrics(self, costs: Costs) -> Metrics:
        """Return the metrics of the requests since the last change; asked where it is reached."""
        assert self._shadow is not None  # noqa: S101  (it has been reached)
        return self._shadow.metrics(costs)

    def _go(self, requests: int, end: float) -> bool:
        shadow = self._shadow or self._new_shadow()
        while True:
            while self._turns and self._turns[0].request <= self.done:
                turn = self._turns.popleft()
                shadow.change(*self._replayed(turn.settings, turn.load))
            if self.done >= requests and not self._turns:
                return True
            if time.perf_counter() >= end:
                return False
            goal = self._turns[0].request if self._turns else requests
            count = min(_STEP, goal - self.done)
            shadow.advance(count)
            self.done += count

    def _new_shadow(self) -> Shadow[Settings]:
        assert self._bench.shadow is not None  # noqa: S101  (else there is no change to follow)
        made: Shadow[Settings] = self._bench.shadow.make(
            self._workload, *self._replayed(*self._began)
        )
        self._shadow = made
        return made

    def _replayed(self, settings: Settings, load: LoadSettings) -> tuple[Settings, LoadSettings]:
        """Return what the child was told: of a part of the keys, that part's share."""
        part = self._bench.part_of_keys
        if part is None:
            return settings, load
        told: tuple[Settings, LoadSettings] = part.replayed(
            settings, load, self._workload, self._costs
        )
        return told

    def _let_go(self) -> None:
        self._shadow = None
        self._turns.clear()
