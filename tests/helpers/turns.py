"""The turn to calibrate, held by another thread."""

from __future__ import annotations

import threading
from contextlib import contextmanager

from perflab.lab.overlap import turn_to_measure


@contextmanager
def held_by_another():
    """Have another thread hold the turn in this block, or until what is yielded is called."""
    over, has_it = threading.Event(), threading.Event()

    def hold():
        with turn_to_measure(lambda: None):
            has_it.set()
            over.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert has_it.wait(10)
    try:
        yield over.set
    finally:
        over.set()
        thread.join(10)
