"""Ctrl-C at any step: work in the main thread that a signal interrupts at random moments."""

from __future__ import annotations

import random
import signal
import threading


class Interruption(BaseException):
    """What the signal's handler raises, as Ctrl-C raises KeyboardInterrupt."""


def _interrupt(*_about):
    raise Interruption


def after_each_interruption(work, check, *, times):
    """Call `work` again and again; call `check` after each of so many interruptions."""
    assert threading.current_thread() is threading.main_thread()
    draw, done = random.Random(1), 0
    before = signal.signal(signal.SIGALRM, _interrupt)
    try:
        while done < times:
            try:
                _until_interrupted(work, 1e-5 + draw.random() * 5e-4)
            except Interruption:
                done += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            check()
    finally:
        signal.signal(signal.SIGALRM, before)


def _until_interrupted(work, seconds):
    # Again after a second: one that came in a finalizer, or as garbage was collected, is lost.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    _for_ever(work)


def _for_ever(work):
    while True:
        work()
