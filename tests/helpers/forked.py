"""A forked child that tries something and tells by its exit status whether it held."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal


def exit_status(attempt, seconds=20):
    """Fork; return 0 where the attempt is true in the child, 1 where not, -14 where it hangs."""
    child = os.fork()
    if child == 0:
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)
        held = False
        with contextlib.suppress(BaseException):
            held = attempt()
        os._exit(0 if held else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
