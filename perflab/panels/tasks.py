"""`Tasks`: long work of the panel in threads, one of a kind at a time, its errors shown."""

from __future__ import annotations

import threading
from collections.abc import Callable

from perflab.panels.status import StatusLine


class Tasks:
    """Work that a button starts.

    Args:
        status: Where errors are shown.
        changed: Called when a task begins or ends.
    """

    def __init__(self, status: StatusLine, changed: Callable[[], None]) -> None:
        self._status = status
        self._changed = changed
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}

    def start(self, name: str, work: Callable[[], object]) -> bool:
        """Begin a task, unless one of that name is going; say whether it was begun."""
        with self._lock:
            if name in self._threads:
                return False
            thread = threading.Thread(
                target=self._run, args=(name, work), name=f"perflab-{name}", daemon=True
            )
            self._threads[name] = thread
            thread.start()
        self._changed()
        return True

    def busy(self, name: str) -> bool:
        """Say whether a task of that name is going."""
        return name in self._threads

    def wait(self, timeout: float | None = None) -> None:
        """Wait for all tasks that are going."""
        for thread in list(self._threads.values()):
            thread.join(timeout)

    def _run(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  (a thread has nobody above it to catch)
            self._status.fail(error)
        finally:
            with self._lock:
                self._threads.pop(name, None)
            self._changed()
