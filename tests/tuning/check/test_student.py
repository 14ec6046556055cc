"""Student's t against published tables and against its own inverse."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.tuning.check.student import quantile, tail

# Two-sided 95 % and 99 % points, from the usual tables of Student's t.
TABLE = [
    (1, 0.025, 12.706),
    (1, 0.005, 63.657),
    (2, 0.025, 4.303),
    (2, 0.005, 9.925),
    (3, 0.005, 5.841),
    (4, 0.025, 2.776),
    (9, 0.005, 3.250),
    (10, 0.025, 2.228),
    (29, 0.005, 2.756),
    (30, 0.025, 2.042),
    (120, 0.005, 2.617),
]


@pytest.mark.parametrize(("freedom", "chance", "value"), TABLE)
def test_values_are_those_of_the_tables(freedom, chance, value):
    assert quantile(chance, freedom) == pytest.approx(value, abs=6e-4)
    assert tail(value, freedom) == pytest.approx(chance, rel=2e-3)


@given(value=st.floats(-40, 40), freedom=st.integers(1, 300))
def test_both_sides_are_one(value, freedom):
    assert tail(value, freedom) + tail(-value, freedom) == pytest.approx(1)


@given(chance=st.floats(1e-9, 0.49), freedom=st.integers(1, 200))
def test_a_quantile_has_its_chance(chance, freedom):
    assert tail(quantile(chance, freedom), freedom) == pytest.approx(chance, rel=1e-3)


def test_many_degrees_of_freedom_are_the_normal_distribution():
    assert tail(1.959964, 100_000) == pytest.approx(0.025, rel=1e-3)
    assert tail(math.inf, 3) == 0
    assert tail(-math.inf, 3) == 1
    assert tail(0, 3) == 0.5
