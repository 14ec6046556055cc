"""What a forked child does with its parent's pools: it starts over, with connections of its own.

Parent and child share the sockets of the connections that were open at the fork. The child neither
uses nor closes them: to close one would end the parent's session.
"""

# ruff: noqa: SLF001  (a part of the pool)
from __future__ import annotations

import os
import weakref
from typing import Any

from perflab.patterns.connection_pool._places import Places

# Weak: a pool that nobody has any longer has nothing to make again after a fork.
_pools: weakref.WeakSet[Places[Any]] = weakref.WeakSet()
# Kept for ever, since a connection that is collected may say goodbye to the server.
_inherited: dict[int, Any] = {}


def remake_after_fork(pool: Places[Any]) -> None:
    """Let a pool start over in children that this process forks."""
    _pools.add(pool)


def is_inherited(connection: Any) -> bool:
    """Say whether a connection is one that this process has from its parent."""
    return connection is not None and _inherited.get(id(connection)) is connection


def _begin_anew() -> None:
    """Give each pool locks and queues of its own; whoever held the old ones is not here."""
    for pool in [*_pools]:
        for slot in [*pool._slots]:
            connection = slot.held
            if connection is not None:
                slot.connection = connection
                _inherited[id(connection)] = connection
        pool._finalizer.detach()
        pool._begin()


os.register_at_fork(after_in_child=_begin_anew)
