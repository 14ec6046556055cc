from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from perflab.primitives import MonotonicClock, VirtualClock


@given(st.lists(st.tuples(st.booleans(), st.floats(-100, 100)), max_size=30))
def test_virtual_time_never_goes_backwards(steps):
    clock = VirtualClock(start=3.0)
    seen = [clock.now()]
    for absolute, seconds in steps:
        if absolute:
            clock.set(seconds)
        else:
            clock.advance(seconds)
        seen.append(clock.now())
    assert seen == sorted(seen)
    assert seen[-1] >= max(s for absolute, s in [*steps, (True, 3.0)] if absolute)


def test_virtual_time_shows_what_it_is_told():
    clock = VirtualClock()
    clock.set(5.0)
    clock.advance(1.5)
    assert clock.now() == 6.5


def test_monotonic_clock_is_the_computers():
    before = time.monotonic()
    assert before <= MonotonicClock().now() <= time.monotonic()
