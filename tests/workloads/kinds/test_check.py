from __future__ import annotations

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.workloads import Trace


@pytest.mark.parametrize("time", [1e21, np.inf, np.nan])
def test_times_beyond_any_date_are_refused(time):
    with pytest.raises(BadInputError, match="is not a number of seconds") as caught:
        Trace.from_keys(["a", "b"], times=[1.0, time])
    assert caught.value.place == "times[1]"
