"""`Turns`: how baseline and candidate are run in turns."""

from __future__ import annotations

import dataclasses
import math

from perflab.callbacks import Cancelled, Progress
from perflab.errors import BadInputError

REPEATS = 10
LEAST_ROUNDS = 4
"""Of fewer, an interval at 99 % is so wide that nothing is ever broken."""
_MOST_ROUNDS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Turns:
    """How baseline and candidate are run in turns.

    Attributes:
        repeats: How many rounds count, each with a turn of both.
        turn: The seconds of a turn.
        budget: The seconds that all of it may take.
        progress: Called with the seconds spent and the budget, after each turn.
        cancelled: Asked before each turn.
    """

    repeats: int = REPEATS
    turn: float = 1.0
    budget: float = 120.0
    progress: Progress | None = None
    cancelled: Cancelled | None = None

    def check(self) -> None:
        """Refuse numbers that make no turns.

        Raises:
            BadInputError: With the first of them.
        """
        if not LEAST_ROUNDS <= self.repeats <= _MOST_ROUNDS:
            told = f"takes {LEAST_ROUNDS} to {_MOST_ROUNDS} rounds"
            raise BadInputError(told, "--repeats")
        for name, seconds in (("--budget", self.budget), ("--turn", self.turn)):
            if not 0 < seconds < math.inf:
                raise BadInputError("is not a number of seconds above 0", name)
