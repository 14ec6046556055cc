"""The start of a live run's process: before all else it watches whether its parent is there."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from types import FrameType

from perflab.servers.keeper_process import MARK

ORPHANED = 3
CLOSED = 5
"""The child's status where all that the run made on a server was removed; 0 may be that of a
function of the user's which ended the process."""
_CLOSING_SECONDS = 2.5
_AGAIN_SECONDS = 0.05


class OrphanedError(BaseException):
    """The parent is gone, or the process was asked to end, while it was setting up."""


class Orphan:
    """Ends this process soon after its parent, whatever its main thread does meanwhile.

    The parent holds the other end of a pipe, which the system closes even where it is killed. From
    then on the main thread has some seconds to remove what the run wrote on a user's server.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._setting_up = False
        self._started = False
        self.ending = False

    def watch(self) -> None:
        """Watch from now on, and end in order when asked to by SIGTERM."""
        signal.signal(signal.SIGTERM, self._asked_to_end)
        threading.Thread(target=self._wait_for_parent, daemon=True, name="perflab-orphan").start()

    def set_up(self) -> None:
        """Begin what has to be undone; the main thread is interrupted when the parent goes."""
        self._started = True
        self._setting_up = True
        if self.ending:
            raise OrphanedError

    def is_set_up(self) -> None:
        """Say that the main thread looks itself from now on, at the pipe and at `ending`."""
        self._setting_up = False

    def _wait_for_parent(self) -> None:
        watch = select.poll()
        watch.register(self._pipe, select.POLLHUP)
        while not any(events & (select.POLLHUP | select.POLLERR) for _, events in watch.poll()):
            time.sleep(_AGAIN_SECONDS)
        if not self._started:
            os._exit(ORPHANED)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        time.sleep(_CLOSING_SECONDS)
        os._exit(ORPHANED)

    def _asked_to_end(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.ending = True
        if self._setting_up:
            self._setting_up = False
            raise OrphanedError


def main() -> None:
    """Watch the pipe whose number is the first argument, and run the job that comes through it."""
    # Programs that it runs are their own; what it forks ends with it.
    os.environ.pop(MARK, None)
    pipe = int(sys.argv[1])
    orphan = Orphan(pipe)
    orphan.watch()
    from perflab.lab.child import run_job  # takes a while, in which the parent may be killed

    run_job(pipe, orphan)
