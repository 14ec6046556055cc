"""The start of a live run's process: before all else it watches whether its parent is there."""

from __future__ import annotations

import os
import sys

from perflab.lab.orphan import Orphan
from perflab.servers.keeper_process import MARK


def main() -> None:
    """Watch the pipe whose number is the first argument, and run the job that comes through it."""
    # Programs that it runs are their own; what it forks ends with it.
    os.environ.pop(MARK, None)
    pipe = int(sys.argv[1])
    orphan = Orphan(pipe)
    orphan.watch()
    from perflab.lab.child import run_job  # takes a while, in which the parent may be killed

    run_job(pipe, orphan)
