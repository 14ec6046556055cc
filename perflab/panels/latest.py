"""`Latest`: a worker thread that does only the newest of the work it is given."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from perflab.callbacks import Cancelled

Item = TypeVar("Item")
_PATIENCE = 2.0
"""Seconds that the end of the process waits for what is being done to heed that it is cancelled."""


class Latest(Generic[Item]):
    """At most one pending item: a newer one replaces it and cancels the one being done.

    Posting never waits, so that a slider's handler returns at once.

    Args:
        work: Does an item; it is given a function that says whether to stop early.
        failed: Told of an exception that `work` raised, if that item was still wanted then.
        name: Of the thread.
    """

    def __init__(
        self,
        work: Callable[[Item, Cancelled], None],
        failed: Callable[[Exception], None],
        name: str = "perflab-latest",
    ) -> None:
        self._work = work
        self._failed = failed
        self._name = name
        self._ready = threading.Condition()
        self._pending: list[Item] = []
        self._busy = False
        self._closed = False
        self._dropped = False
        self._thread: threading.Thread | None = None
        _working.add(self)

    def post(self, item: Item) -> None:
        """Ask for an item to be done; one that waits is dropped, one being done is cancelled."""
        with self._ready:
            if self._closed:
                return
            self._pending = [item]
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._ready.notify_all()

    def cancel(self) -> bool:
        """Drop what waits and cancel what is being done; say whether there was anything."""
        with self._ready:
            had = bool(self._pending) or (self._busy and not self._dropped)
            self._pending = []
            self._dropped = self._busy
            self._ready.notify_all()
            return had

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is pending or being done; say whether that was in time."""
        with self._ready:
            return self._ready.wait_for(lambda: not self._pending and not self._busy, timeout)

    def close(self) -> None:
        """Drop what waits, cancel what is being done, and end the thread."""
        with self._ready:
            self._closed = True
            self._pending = []
            self._ready.notify_all()

    def join(self, timeout: float) -> None:
        """Wait at most so many seconds until a closed one's thread has ended."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _cancelled(self) -> bool:
        return bool(self._pending) or self._closed or self._dropped

    def _run(self) -> None:
        while True:
            with self._ready:
                self._busy = self._dropped = False
                self._ready.notify_all()
                self._ready.wait_for(lambda: self._pending or self._closed)
                if self._closed:
                    return
                item = self._pending.pop()
                self._busy = True
            try:
                self._work(item, self._cancelled)
            except Exception as error:  # noqa: BLE001  (a thread has nobody above it to catch)
                # What was not wanted any more may have failed as well.
                if not self._cancelled():
                    self._failed(error)


_working: weakref.WeakSet[Latest[Any]] = weakref.WeakSet()


@atexit.register
def _end() -> None:
    """Let no thread compute while the interpreter ends: in compiled code that aborts a process."""
    until = time.monotonic() + _PATIENCE
    each: Latest[Any]
    for each in list(_working):
        each.close()
    for each in list(_working):
        each.join(max(0.0, until - time.monotonic()))
