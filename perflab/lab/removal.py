"""What runs of this process have written on the user's servers and not removed themselves."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable
from typing import Protocol


class Closable(Protocol):
    """A run that can be ended at once."""

    def close(self) -> None:
        """End it, and remove what it wrote."""


_lock = threading.Lock()
_left: list[tuple[Callable[[], object], str]] = []
_going: weakref.WeakSet[Closable] = weakref.WeakSet()


def remove_run(remove: Callable[[], object], run_name: str) -> str | None:
    """Remove what a run has left on a server of the user's; for processes that are over.

    Args:
        remove: What the bench's `remover` returned when the run began.
        run_name: The run's own name.

    Returns:
        Why that could not be done, in one line; it is then tried again before the next run of this
        process and at its end.
    """
    try:
        remove()
    except Exception as error:  # noqa: BLE001  (the run's result is there and must not be lost)
        with _lock:
            _left.append((remove, run_name))
        return (
            f"what the run {run_name} wrote could not be removed ({error}); it is tried again "
            "before the next run and at the end of this process, and by perflab doctor --clean"
        )
    return None


def remove_earlier_runs() -> None:
    """Try again what `remove_run` could not do."""
    with _lock:
        waiting, _left[:] = _left[:], []
    for remove, run_name in waiting:
        remove_run(remove, run_name)


def begin_run(run: Closable) -> None:
    """Remove what earlier runs have left, and close this one with the process at the latest."""
    _going.add(run)
    remove_earlier_runs()


@atexit.register
def _end() -> None:
    for run in list(_going):
        run.close()
    remove_earlier_runs()
