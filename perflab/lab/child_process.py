"""The start of a live run's process: before all else it watches whether its parent is there."""

from __future__ import annotations

import sys

from perflab.lab.orphan import Orphan


def main() -> None:
    """Watch the pipe whose number is the first argument, and run the job that comes through it."""
    pipe = int(sys.argv[1])
    orphan = Orphan(pipe)
    orphan.watch()
    from perflab.lab.child import run_job  # takes a while, in which the parent may be killed

    run_job(pipe, orphan)
