"""The callables that many functions take."""

from collections.abc import Callable

__all__ = ["Cancelled", "OnRound", "Progress"]

Progress = Callable[[int, int], object]
"""Called with how much is done and the total, again and again; what it returns is ignored."""

OnRound = Callable[[int], object]
"""Called with the number of a calibration's round, at its start and again and again while it runs.

What it returns is ignored; what it raises ends the calibration, with its child process.
"""

Cancelled = Callable[[], bool]
"""Whether the answer is no longer wanted; asked between steps, from the thread that works."""
