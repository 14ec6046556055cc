from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perflab.primitives.retry import Backoff


@given(failures=st.integers(1, 10**6))
def test_a_wait_is_never_negative_nor_above_the_cap(failures: int) -> None:
    assert 0 <= Backoff(0.01, 0.5).seconds(failures) <= Backoff(0.01, 0.5).longest(failures) <= 0.5


def test_the_bound_doubles_up_to_the_cap() -> None:
    backoff = Backoff(0.1, 0.5)
    assert [backoff.longest(n) for n in (1, 2, 3, 4)] == [0.1, 0.2, 0.4, 0.5]
