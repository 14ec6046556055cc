"""`SizeSearch`: the nearest value of one setting with which a service survives a scenario."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perflab.service.scenarios.outcome import ScenarioOutcome

_ALIKE = 2
"""After so many further values that changed nothing no more are tried."""
_NEAR = 0.05
"""The nearest value that survives is found to so large a share of it."""
_EACH = 8
"""Of so few whole numbers each is tried."""


class SizeSearch:
    """Tries values of one setting, and keeps what became of each.

    Nothing is assumed of how the outcome follows the value: more may help, and may harm. Values go
    up from the present one by doubling. Where none of them survives, or the first ones let more
    requests fail than now, they go down by halving as well. Between the last that fails and the
    first that survives it is halved; what is found was played, and so was its neighbour beyond.

    Args:
        now: The present value, which does not survive.
        outcome: What becomes of the service as it is.
        low: The smallest value to try.
        high: The largest.
        whole: Whether values are whole numbers.
        at: Returns what becomes of the service at a value.
        told: Returns a value as it is written, since that one is recommended.
    """

    def __init__(
        self,
        now: float,
        outcome: ScenarioOutcome,
        low: float,
        high: float,
        *,
        whole: bool,
        at: Callable[[float], ScenarioOutcome],
        told: Callable[[float], float],
    ) -> None:
        self._now, self._low, self._high = now, low, high
        self._whole, self._at, self._told = whole, at, told
        self.tried: dict[float, ScenarioOutcome] = {now: outcome}
        self.alike = False
        self.fails_beyond: float | None = None

    def find(self) -> float | None:
        """Return the nearest value that survives; none where none of those tried does."""
        ups = self._towards(2.0, self._high)
        found = [] if ups is None else [ups]
        if ups is None or self._harms():
            down = self._towards(0.5, self._low)
            found += [] if down is None else [down]
        if not found:
            return None
        best = min(found, key=lambda value: abs(math.log(value / self._now)))
        self._look_beyond(best)
        return best

    @property
    def nearest(self) -> float:
        """The value tried at which the fewest requests fail."""
        return min(self.tried, key=self._failures)

    def _harms(self) -> bool:
        """Say whether more requests fail at the next larger value than now."""
        above = sorted(value for value in self.tried if value > self._now)
        return bool(above) and self._failures(above[0]) > self._failures(self._now)

    def _failures(self, value: float) -> int:
        return self.tried[value].all_failures

    def _towards(self, factor: float, bound: float) -> float | None:
        """Return the first value that survives on the way to a bound; none where none does."""
        last, alike = self._now, 0
        while True:
            value = self._rounded(last * factor)
            value = min(value, bound) if factor > 1 else max(value, bound)
            if value == last or (value - last) * (factor - 1) < 0:
                return None
            found, before = self._play(value), self.tried[last]
            if found.survived:
                return self._between(last, value)
            same = last != self._now and before.metrics == found.metrics
            alike = alike + 1 if same else 0
            if alike == _ALIKE:
                self.alike = True
                return None
            last = value

    def _between(self, fails: float, survives: float) -> float:
        """Return a value that survives, beside one nearer to the present that does not."""
        while True:
            gap = abs(survives - fails)
            if self._whole and gap <= _EACH:
                step = 1 if survives > fails else -1
                for value in range(round(fails) + step, round(survives), step):
                    if self._play(float(value)).survived:
                        return float(value)
                return survives
            if gap <= _NEAR * max(survives, fails):
                return survives
            middle = self._rounded((fails + survives) / 2)
            if middle in (fails, survives):
                return survives
            if self._play(middle).survived:
                survives = middle
            else:
                fails = middle

    def _look_beyond(self, value: float) -> None:
        """Play the value next to one that survives, further away from the present."""
        away = 1.0 + _NEAR if value > self._now else 1.0 - _NEAR
        beyond = self._rounded(value * away)
        if beyond == value:
            beyond = value + math.copysign(1.0, away - 1.0)
        if self._low <= beyond <= self._high and not self._play(beyond).survived:
            self.fails_beyond = beyond

    def _rounded(self, value: float) -> float:
        value = self._told(value)
        return float(round(value)) if self._whole else value

    def _play(self, value: float) -> ScenarioOutcome:
        if value not in self.tried:
            self.tried[value] = self._at(value)
        return self.tried[value]
