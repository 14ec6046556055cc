"""What several patterns share: clocks, and one load a key at a time."""

from perflab.primitives.async_single_flight import AsyncSingleFlight
from perflab.primitives.clock import Clock, MonotonicClock, VirtualClock
from perflab.primitives.single_flight import SingleFlight

__all__ = [
    "AsyncSingleFlight",
    "Clock",
    "MonotonicClock",
    "SingleFlight",
    "VirtualClock",
]
