"""Ctrl-C at any step: work in the main thread that a signal interrupts at random moments."""

from __future__ import annotations

import random
import signal
import threading


class Interruption(BaseException):
    """What the signal's handler raises, as Ctrl-C raises KeyboardInterrupt."""


def after_each_interruption(work, check, *, times):
    """Call `work` again and again; call `check` after each of so many interruptions."""
    assert threading.current_thread() is threading.main_thread()
    draw, done, struck = random.Random(1), 0, []

    def interrupt(*_about):
        struck.append(True)
        raise Interruption

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        while done < times:
            struck.clear()
            try:
                _until_struck(work, struck, 1e-5 + draw.random() * 5e-4)
            except Interruption:
                done += 1
            check()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _until_struck(work, struck, seconds):
    """Work until the signal came; one in a finalizer, or as garbage was collected, is lost."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _while_not(struck, work)


# A function of its own: Python 3.13 lets what is raised at a loop's end pass the `try` around it.
def _while_not(struck, work):
    while not struck:
        work()
