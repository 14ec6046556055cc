"""The callables that many functions take."""

from collections.abc import Callable

__all__ = ["Cancelled", "Progress"]

Progress = Callable[[int, int], object]
"""Called with how much is done and the total, again and again; what it returns is ignored."""

Cancelled = Callable[[], bool]
"""Whether the answer is no longer wanted; asked between steps, from the thread that works."""
