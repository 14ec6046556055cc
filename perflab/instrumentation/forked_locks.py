"""Locks that are replaced in a forked child, where the thread that held one is not there."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class _Owner(Protocol):
    _lock: threading.Lock


_owners: weakref.WeakSet[_Owner] = weakref.WeakSet()


def renew_lock_in_children(owner: _Owner) -> None:
    """Replace an object's `_lock` in every process that is forked off.

    For locks under which each step leaves the object in order.
    """
    _owners.add(owner)


def _renew() -> None:
    for owner in list(_owners):
        owner._lock = threading.Lock()  # noqa: SLF001 - of those that asked for it


os.register_at_fork(after_in_child=_renew)
