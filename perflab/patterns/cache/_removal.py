"""Why entries leave a cache by themselves."""

from __future__ import annotations

from enum import StrEnum

from perflab.instrumentation import EventKind
from perflab.patterns.cache._entry import Entry


class Removal(StrEnum):
    """Why an entry left a cache, or did not come in, without being asked to by its key."""

    EVICTED = "evicted"
    EXPIRED = "expired"
    REJECTED = "rejected"
    RESIZED = "resized"


Gone = list[tuple[Entry, Removal]]
"""Entries that left, to be told of once the lock was let go."""

EVENTS = {
    Removal.EVICTED: EventKind.EVICTION,
    Removal.EXPIRED: EventKind.EXPIRATION,
    Removal.REJECTED: EventKind.REJECTION,
    Removal.RESIZED: EventKind.EVICTION,
}
"""The kind of event that a hook is told."""
