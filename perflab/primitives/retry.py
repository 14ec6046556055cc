"""How long to wait before a failed step is tried again."""

from __future__ import annotations

import dataclasses
import random


@dataclasses.dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015).

    The wait itself is the caller's: a thread sleeps, a task awaits.

    Attributes:
        base: The longest wait before the first retry, in seconds; it doubles with each.
        cap: The longest wait at all, in seconds.
    """

    base: float = 0.01
    cap: float = 1.0

    def seconds(self, failures: int) -> float:
        """Return a wait drawn between 0 and the bound after so many failures (1 or more)."""
        return random.random() * self.longest(failures)

    def longest(self, failures: int) -> float:
        """Return the bound after so many failures (1 or more)."""
        # 2.0 ** 1024 overflows; the cap is long reached by then.
        return min(self.cap, self.base * 2.0 ** min(failures - 1, 64))
