"""`take_turns`: several settings run one after the other, round by round, in a balanced order."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal

from perflab.callbacks import Cancelled, Progress
from perflab.errors import BadInputError
from perflab.modelling.prediction import Metrics

Round = Mapping[str, Metrics]
"""What one round measured, by contender."""
Measure = Callable[[str], Metrics]
"""Runs a contender for a short turn and returns its metrics.

It raises `BadInputError` or `RuntimeError` where that contender cannot run, and `TurnsCancelled`
where it has waited for its turn and none is wanted any more.
"""
Settled = Callable[[Sequence[Round]], Collection[str]]
"""Which contenders need no further turn, given all rounds so far."""
Ended = Literal["decided", "budget", "cancelled", "interrupted"]


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """What turns have measured.

    Attributes:
        rounds: Whole rounds, the first to warm up left out; a contender that needs no further turn
            is in none from then on.
        warm_up: That first round, which may not be whole.
        seconds: How long all of it took.
        ended: Why it ended.
        failed: Why a contender could not run, by its name.
    """

    rounds: tuple[Round, ...]
    warm_up: Round
    seconds: float
    ended: Ended
    failed: Mapping[str, str]


def take_turns(
    names: Sequence[str],
    measure: Measure,
    settled: Settled,
    budget: float,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Taken:
    """Run contenders in turns until all is decided, or a budget of time is over.

    A round has one turn of each, in the order ABC, the next one in the order CBA, so that a
    machine that gets faster or slower all the time favours none. The first round warms up, and
    what a turn takes is known from the second one on: a turn that would then not be over within
    the budget is not begun. A round that is not whole is left out. Ctrl-C ends it like the budget
    does.

    Args:
        names: The contenders; all others are compared with the first.
        measure: Runs one of them.
        settled: Asked after each round; a contender that it names gets no further turn.
        budget: In seconds.
        progress: Called with the seconds spent and the budget, after each turn.
        cancelled: Asked before each turn.
        clock: What time it is, in seconds.

    Raises:
        BadInputError: If the first contender cannot run.
        RuntimeError: Likewise.
    """
    return _Turns(names, measure, settled, budget, progress, cancelled, clock).take()


class TurnsCancelled(Exception):  # noqa: N818  (a wish, no error)
    """What is to measure a turn waits, and is told meanwhile that no more are wanted."""


class _Turns:
    """The state of one `take_turns`, whose arguments it has."""

    def __init__(
        self,
        names: Sequence[str],
        measure: Measure,
        settled: Settled,
        budget: float,
        progress: Progress | None,
        cancelled: Cancelled | None,
        clock: Callable[[], float],
    ) -> None:
        self._first = names[0]
        self._going = list(names)
        self._measure, self._settled = measure, settled
        self._budget, self._progress = budget, progress
        self._cancelled, self._clock = cancelled, clock
        self._start = clock()
        self._took: dict[str, float] = {}
        self._failed: dict[str, str] = {}
        self._rounds: list[Round] = []
        self._warm_up: Round = {}

    def take(self) -> Taken:
        """Take turns to the end."""
        ended: Ended | None = None
        try:
            while ended is None:
                ended = self._round()
        except TurnsCancelled:
            ended = "cancelled"
        except KeyboardInterrupt:
            ended = "interrupted"
        seconds = self._clock() - self._start
        return Taken(tuple(self._rounds), self._warm_up, seconds, ended, self._failed)

    def _round(self) -> Ended | None:
        """Take one round; return why it is the last, if it is."""
        backwards = len(self._rounds) % 2 == 1
        warms_up = not self._took
        done: dict[str, Metrics] = {}
        for name in reversed(self._going) if backwards else list(self._going):
            if (ended := self._ending(name)) is not None:
                return ended
            if (found := self._turn(name)) is not None:
                done[name] = found
            if warms_up:
                self._warm_up = dict(done)
        self._going = [name for name in self._going if name in done]
        if warms_up:
            return None
        self._rounds.append(done)
        out = self._settled(self._rounds)
        self._going = [name for name in self._going if name == self._first or name not in out]
        return "decided" if self._going == [self._first] else None

    def _turn(self, name: str) -> Metrics | None:
        """Take one turn; return none where a contender cannot run."""
        begun = self._clock()
        try:
            found = self._measure(name)
        except (BadInputError, RuntimeError) as error:
            if name == self._first:
                raise
            self._failed[name] = str(error)
            return None
        finally:
            # A first turn may have to start a server.
            self._took[name] = 0.0 if name not in self._took else self._clock() - begun
            if self._progress is not None:
                spent = round(min(self._clock() - self._start, self._budget))
                self._progress(spent, round(self._budget))
        return found

    def _ending(self, name: str) -> Ended | None:
        """Return why a turn is not to be begun; none where it is."""
        if self._cancelled is not None and self._cancelled():
            return "cancelled"
        spent = self._clock() - self._start
        if self._took and spent + self._took.get(name, 0.0) > self._budget:
            return "budget"
        return None
