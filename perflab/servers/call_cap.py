"""`CallCap`: how often a function of the user's is called at most."""

from __future__ import annotations

import os
import sys
import threading
import time
from importlib.machinery import PathFinder

from perflab.settings import LoadSettings
from perflab.units import rounded

MOST_CALLS = 200.0
"""Per second, unless `request_rate` is higher: a function may ask a server of the user's."""


def most_calls(load: LoadSettings) -> float:
    """Return how many calls per second the load settings allow."""
    return max(MOST_CALLS, load.request_rate or 0.0)


def is_function(load: LoadSettings) -> bool:
    """Say whether the backend is a function of the user's."""
    return load.calls_function


def is_there(load: LoadSettings) -> bool:
    """Say whether a module of the backend's name can be found, without importing it."""
    if callable(load.backend) or ":" not in load.backend:
        return True
    top = load.backend.partition(":")[0].partition(".")[0]
    try:
        return top in sys.modules or PathFinder.find_spec(top, [*sys.path, os.curdir]) is not None
    except (ImportError, ValueError):
        return False


def said(name: str, load: LoadSettings) -> str:
    """Return what a user must know before a function of theirs is called."""
    return (
        f"{name} is called at most {rounded(most_calls(load))} times per second, at most "
        f"{rounded(MOST_CALLS)} while calibrating; a higher request_rate raises that. Latencies "
        "leave the wait for it out, the throughput does not, and a prediction knows nothing of it"
    )


class CallCap:
    """Spaces the beginnings of calls evenly, for all threads together.

    Args:
        rate: The most calls per second.
        after: Seconds before the first one, where calls were made without it just now.

    Attributes:
        rate: The most calls per second.
    """

    def __init__(self, rate: float, *, after: float = 0.0) -> None:
        self.rate = rate
        self._next = time.perf_counter() + after
        self._turn = threading.Lock()
        self._local = threading.local()

    def wait(self) -> None:
        """Wait for one's turn; threads get it one after the other."""
        asked = time.perf_counter()
        with self._turn:
            while (left := self._next - time.perf_counter()) > 0:
                time.sleep(left)
            now = time.perf_counter()
            self._next = now + 1.0 / self.rate
        self._local.held = getattr(self._local, "held", 0.0) + now - asked

    def held(self) -> float:
        """Return for how many seconds this thread has waited since it asked last."""
        held: float = getattr(self._local, "held", 0.0)
        self._local.held = 0.0
        return held
