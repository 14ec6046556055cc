"""What happened inside a pattern, as one frozen event."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from enum import StrEnum


class EventKind(StrEnum):
    """The kinds of event that a pattern reports to its hook."""

    HIT = "hit"
    MISS = "miss"
    EVICTION = "eviction"
    EXPIRATION = "expiration"
    REJECTION = "rejection"
    LOAD_STARTED = "load_started"
    LOAD_FINISHED = "load_finished"
    LOAD_FAILED = "load_failed"
    WAIT_STARTED = "wait_started"
    WAIT_FINISHED = "wait_finished"
    STALE = "stale"
    REFUSED = "refused"
    CORRUPT = "corrupt"
    VALUE_REFUSED = "value_refused"
    RETRY = "retry"
    FALLBACK = "fallback"
    BREAKER_OPENED = "breaker_opened"
    BREAKER_CLOSED = "breaker_closed"
    CHECKOUT = "checkout"
    CHECKIN = "checkin"
    TIMEOUT = "timeout"
    CONNECTED = "connected"
    CONNECT_FAILED = "connect_failed"
    DISCARDED = "discarded"
    LEAK = "leak"
    STALL_STARTED = "stall_started"
    STALL_FINISHED = "stall_finished"
    BATCH_FETCHED = "batch_fetched"
    BUFFER_LEVEL = "buffer_level"
    CHUNK_DONE = "chunk_done"


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: What happened.
        key: What it happened to, such as a cache's key.
        seconds: How long it took, for events that end something; else 0.
        size: Bytes concerned, for events about an entry; else 0.
        detail: The reason or the error, where there is one.
    """

    kind: EventKind
    key: Hashable
    seconds: float = 0.0
    size: int = 0
    detail: object = None
