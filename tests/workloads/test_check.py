from __future__ import annotations

import numpy as np
import pytest

from perflab.settings import BadInputError
from perflab.workloads import Trace


def test_sizes_that_cannot_be_added_up_are_refused():
    assert Trace.from_keys(["a", "b"], sizes=[2**61, 2**61]).sizes.sum() == 2**62
    with pytest.raises(BadInputError, match=r"beyond 2\^63 bytes") as caught:
        Trace.from_keys(["a", "b", "c"], sizes=[1, 2**62, 2**62 + 1])
    assert caught.value.place == "sizes[2]"


@pytest.mark.parametrize("time", [1e21, np.inf, np.nan])
def test_times_beyond_any_date_are_refused(time):
    with pytest.raises(BadInputError, match="is not a number of seconds") as caught:
        Trace.from_keys(["a", "b"], times=[1.0, time])
    assert caught.value.place == "times[1]"
