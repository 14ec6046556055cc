"""What several patterns share: clocks, one load per key at a time, breaker, backoff."""

from perflab.primitives.async_single_flight import AsyncSingleFlight
from perflab.primitives.breaker import Breaker, BreakerState
from perflab.primitives.clock import Clock, MonotonicClock, VirtualClock
from perflab.primitives.retry import Backoff
from perflab.primitives.single_flight import SingleFlight

__all__ = [
    "AsyncSingleFlight",
    "Backoff",
    "Breaker",
    "BreakerState",
    "Clock",
    "MonotonicClock",
    "SingleFlight",
    "VirtualClock",
]
