"""`RunState`: what a live run is doing, as several threads tell it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from perflab.lab.overlap import Overlap


class RunState:
    """What a run is doing: ``starting``, ``running``, ``paused``, ``ended`` or ``failed``.

    The thread that listens to the child says that it runs, has ended or has failed, and the user's
    that it is paused. Each change is made from a state that is looked at under the same lock: who
    pauses a run that has just ended does not bring it back.

    Attributes:
        overlap: Of its load with that of other runs; a paused one has no load.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Apart from the other: the listener never waits for who is sending to a child.
        self._steering = threading.Lock()
        self._now = "starting"
        self._error: str | None = None
        self._mistake = True
        self.overlap = Overlap()

    @property
    def now(self) -> str:
        """What it is doing."""
        return self._now

    @property
    def failure(self) -> tuple[str | None, bool]:
        """Why it failed, in one line, and whether that is the user's to mend."""
        with self._lock:
            return self._error, self._mistake

    def begin(self) -> None:
        """Say that it runs, where it was starting."""
        self._turn("starting", "running")

    def steer(self, before: str, after: str, send: Callable[[], None]) -> None:
        """Turn it from one state to another, if it is in that, and tell the child.

        Two that steer at once tell the child in the order in which they turn it.
        """
        with self._steering:
            if self._turn(before, after):
                send()

    def end(self) -> None:
        """Say that it has ended."""
        with self._lock:
            self._now = "ended"
            self.overlap.end()

    def fail(self, error: str, *, mistake: bool) -> None:
        """Say that it has failed and why."""
        with self._lock:
            self._error, self._mistake = error, mistake
            self._now = "failed"
            self.overlap.end()

    def renew(self) -> None:
        """Have locks of its own in a forked process, where nobody frees those that were held."""
        self._lock = threading.Lock()
        self._steering = threading.Lock()

    def _turn(self, before: str, after: str) -> bool:
        with self._lock:
            if self._now != before:
                return False
            self._now = after
            if after == "running":
                self.overlap.begin()
            else:
                self.overlap.end()
            return True
