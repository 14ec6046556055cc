"""What runs of this process have written on the user's servers and not removed themselves."""

from __future__ import annotations

import atexit
import threading
import weakref
from typing import Protocol

from perflab.benches.base import Bench
from perflab.settings import Settings


class Closable(Protocol):
    """A run that can be ended at once."""

    def close(self) -> None:
        """End it, and remove what it wrote."""


_lock = threading.Lock()
_left: list[tuple[Bench, Settings, str]] = []
_going: weakref.WeakSet[Closable] = weakref.WeakSet()


def remove_run(bench: Bench, settings: Settings, run_name: str) -> str | None:
    """Remove what a run has left on a server of the user's; for processes that are over.

    Returns:
        Why that could not be done, in one line; it is then tried again before the next run of this
        process and at its end.
    """
    try:
        bench.remove_run(settings, run_name)
    except Exception as error:  # noqa: BLE001  (the run's result is there and must not be lost)
        with _lock:
            _left.append((bench, settings, run_name))
        return (
            f"what the run {run_name} wrote could not be removed ({error}); it is tried again "
            "before the next run and at the end of this process, and by perflab doctor --clean"
        )
    return None


def remove_earlier_runs() -> None:
    """Try again what `remove_run` could not do."""
    with _lock:
        waiting, _left[:] = _left[:], []
    for bench, settings, run_name in waiting:
        remove_run(bench, settings, run_name)


def begin_run(run: Closable) -> None:
    """Remove what earlier runs have left, and close this one with the process at the latest."""
    _going.add(run)
    remove_earlier_runs()


@atexit.register
def _end() -> None:
    for run in list(_going):
        run.close()
    remove_earlier_runs()
