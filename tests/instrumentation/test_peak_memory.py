import sys

import numpy as np
import pytest

from perflab.instrumentation.peak_memory import peak_bytes, reset_peak, resident_bytes


def test_the_peak_is_of_what_was_touched_and_not_below_what_is_resident():
    before = resident_bytes()
    reset_peak()
    held = np.ones(8_000_000)
    assert peak_bytes() >= before + 0.8 * held.nbytes
    assert peak_bytes() >= resident_bytes() - 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel counts anew on Linux only")
def test_a_peak_that_is_reset_forgets_what_was_before():
    held = np.ones(8_000_000)
    high = peak_bytes()
    size = held.nbytes
    del held
    reset_peak()
    assert peak_bytes() <= high - 0.8 * size
