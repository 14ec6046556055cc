"""`Judge`: which of several contenders is better than the first, as far as rounds have shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from perflab.bench.parts import Objective
from perflab.tuning.turns.difference import Difference, difference_of
from perflab.tuning.turns.runner import Round

Verdict = Literal["better", "worse", "alike", "open"]
"""What the first contender is, compared with another one."""

_BLIND_ROUNDS = 2
"""After so many without a single value of the metric, none will come."""


class Judge:
    """Compares all contenders with the first by the objective.

    Args:
        goal: The objective; its tolerance is a difference that does not matter.
        names: The contenders.
        confidence: That no verdict at all is wrong, between 0 and 1: it is shared among the
            comparisons (Bonferroni), and holds at whichever round one is decided.

    Attributes:
        goal: As given.
        confidence: As given.
    """

    def __init__(self, goal: Objective, names: Sequence[str], confidence: float) -> None:
        self.goal = goal
        self._first, self._others = names[0], tuple(names[1:])
        self.confidence = confidence
        self._margin = goal.tolerance
        self._each = 1.0 - (1.0 - confidence) / max(1, len(self._others))

    def settled(self, rounds: Sequence[Round]) -> Collection[str]:
        """Return the contenders whose comparison is decided, or can never be."""
        return {
            name
            for name in self._others
            if self.verdict(self.difference(rounds, name)) != "open" or self._blind(rounds, name)
        }

    def difference(self, rounds: Sequence[Round], name: str) -> Difference:
        """Return what the objective's metric changes by from a contender to the first."""
        metric = self.goal.metric
        both = [each for each in rounds if name in each and self._first in each]
        pairs = [(each[name].get(metric), each[self._first].get(metric)) for each in both]
        return difference_of(metric, pairs, self._each)

    def verdict(self, found: Difference) -> Verdict:
        """Return what the first contender is, compared with the one that a difference is from."""
        if found.within(self._margin if found.is_share else 0.0):
            return "alike"
        gains = self.goal.direction == "max"
        if found.low > 0:
            return "better" if gains else "worse"
        if found.high < 0:
            return "worse" if gains else "better"
        return "open"

    def _blind(self, rounds: Sequence[Round], name: str) -> bool:
        shared = sum(name in each for each in rounds)
        return shared >= _BLIND_ROUNDS and self.difference(rounds, name).rounds == 0
