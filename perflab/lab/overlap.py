"""Measurements of one process at once: short ones take turns, and runs note each other."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK_SECONDS = 0.1
_LET_GO_SECONDS = 0.02


class Overlap:
    """Whether another run of this process put load on the machine while one run did.

    Two runs at once take processors, servers and disks from each other, so that neither shows
    what a run alone costs. Other processes are seen in the load average.

    Attributes:
        seen: Whether another did.
    """

    def __init__(self) -> None:
        self.seen = False

    def begin(self) -> None:
        """Note that the run puts load on the machine from now on."""
        with _process.lock:
            others = [other for other in _process.loading if other is not self]
            for other in others:
                other.seen = True
            self.seen = self.seen or bool(others)
            _process.loading.add(self)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Note that the run puts load on the machine in this block."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def end(self) -> None:
        """Note that it does so no longer: it is paused, or over."""
        with _process.lock:
            _process.loading.discard(self)


class _Process:
    """What the threads of a process share.

    Attributes:
        lock: Held while `loading` is looked at or changed.
        loading: The runs that put load on the machine; weak, so that none is kept because it is
            listed, or listed for ever because nobody ended it.
        turn: Held by the thread that calibrates, or tries a setting for a short time.
        waiters: As many as wait for it; safe without a lock.
    """

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Start afresh, as a forked process must: runs and holders of locks are its parent's."""
        self.lock = threading.Lock()
        self.loading: weakref.WeakSet[Overlap] = weakref.WeakSet()
        self.turn = threading.RLock()
        self.waiters: deque[None] = deque()


_process = _Process()
os.register_at_fork(after_in_child=_process.renew)


def is_anything_running() -> bool:
    """Say whether a run of this process puts load on the machine."""
    with _process.lock:
        return bool(_process.loading)


@contextmanager
def turn_to_measure(waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold the turn to measure, which one thread of a process has at a time.

    Args:
        waiting: Called ten times per second while another thread has it; what it raises ends the
            wait.
    """
    turn, waiters = _process.turn, _process.waiters
    if not turn.acquire(blocking=False):
        waiters.append(None)
        try:
            waiting()
            while not turn.acquire(timeout=_LOOK_SECONDS):
                waiting()
        finally:
            waiters.pop()
    try:
        yield
    finally:
        turn.release()
        if waiters:
            # Who has had it may want it again at once: whoever waits goes first.
            time.sleep(_LET_GO_SECONDS)
