"""What must be replaced in a forked child: locks of threads that are not there any more."""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import Protocol

_MOST_SECONDS = 1.0
"""How long a fork waits for the locks; a state that another thread is changing is then dropped."""


class Forkable(Protocol):
    """State under a lock that a forked child goes on with."""

    def hold(self, seconds: float) -> bool:
        """Take the lock before a fork; False where that took longer."""

    def let_go(self) -> None:
        """Give the lock back, in the parent."""

    def renew(self, *, whole: bool) -> None:
        """Replace the lock in the child and drop what its other threads were about to do.

        Args:
            whole: Whether the lock was held, so that nothing is half done.
        """


_known: weakref.WeakSet[Forkable] = weakref.WeakSet()
_held: list[tuple[Forkable, bool]] = []
_one_fork = threading.RLock()


def renew_in_children(state: Forkable) -> None:
    """Have a state renewed in every process that is forked off while it exists."""
    _known.add(state)


def _before() -> None:
    _one_fork.acquire()
    end = time.monotonic() + _MOST_SECONDS
    _held.extend((state, state.hold(max(0.0, end - time.monotonic()))) for state in list(_known))


def _after_in_parent() -> None:
    while _held:
        state, taken = _held.pop()
        if taken:
            state.let_go()
    _one_fork.release()


def _after_in_child() -> None:
    global _one_fork  # noqa: PLW0603 - the parent's may be waited for by threads not here
    _one_fork = threading.RLock()
    held = {id(state): taken for state, taken in _held}
    _held.clear()
    for state in list(_known):
        state.renew(whole=held.get(id(state), False))


os.register_at_fork(
    before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
)
