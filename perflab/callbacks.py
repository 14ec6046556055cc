"""The callables that many functions take."""

from collections.abc import Callable

__all__ = ["Cancelled", "OnRound", "Progress"]

Progress = Callable[[int, int], object]
"""Called with how much is done and the total, again and again; what it returns is ignored."""

OnRound = Callable[[int, "int | None"], object]
"""Called with the number of a calibration's round and, where that is known, how many there are.

That is at the round's start and again and again while it runs; one that is repeated is told by the
same number. It is 0, again and again, while another calibration of this process is made, which is
waited for. What it returns is ignored; what it raises ends the calibration and its child process.
"""

Cancelled = Callable[[], bool]
"""Whether the answer is no longer wanted; asked between steps, from the thread that works."""
