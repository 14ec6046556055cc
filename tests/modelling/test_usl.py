import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.modelling.usl import Usl, fit_usl

SIZES = [1, 2, 4, 8, 16]


@given(st.floats(1, 1e5), st.floats(0, 0.9), st.floats(0, 0.1))
def test_a_law_is_found_again_from_its_throughputs(rate, contention, coherency):
    law = Usl(rate, contention, coherency)
    found = fit_usl(SIZES, [law.throughput(n) for n in SIZES])
    assert found.rate == pytest.approx(rate, rel=1e-6)
    assert found.contention == pytest.approx(contention, abs=1e-6)
    assert found.coherency == pytest.approx(coherency, abs=1e-6)
    assert found.worst_residual < 1e-6


@given(st.lists(st.floats(1, 1000), min_size=5, max_size=5))
def test_no_parameter_falls_below_zero(throughputs):
    found = fit_usl(SIZES, throughputs)
    assert found.rate > 0
    assert found.contention >= 0
    assert found.coherency >= 0
    worst = max(abs(found.throughput(n) / x - 1) for n, x in zip(SIZES, throughputs, strict=True))
    assert worst > 0 or found.worst_residual == 0


def test_time_and_throughput_are_two_sides_of_one_law():
    law = Usl(500.0, 0.2, 0.01)
    assert law.seconds(8) == pytest.approx(8 / law.throughput(8))
    assert law.peak == pytest.approx(math.sqrt(0.8 / 0.01))
    assert Usl(500.0, 0.2, 0.0).peak == math.inf


def test_nothing_measured_is_refused():
    with pytest.raises(ValueError, match="0 throughputs"):
        fit_usl([], [])
