import math

import numpy as np
import pytest

from perflab.kernels import queue_waits
from perflab.modelling.erlang import mean_wait, wait_share


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 1.2), (4, 3.2), (16, 12.8)])
def test_a_million_customers_wait_as_long_as_the_formula_says(servers, load):
    # Antithetic pairs take most of the noise out of a million customers.
    waits = []
    for sign in (False, True):
        draw = np.random.default_rng(5)
        shares = draw.random((2, 500_000))
        gaps, services = -np.log(shares if sign else 1 - shares)
        found = queue_waits(np.cumsum(gaps) / load, services, servers).waits
        waits.append(found.mean())
    assert np.mean(waits) == pytest.approx(mean_wait(servers, load, 1.0), rel=0.01)


def test_one_server_waits_as_in_the_textbook():
    assert wait_share(1, 0.8) == pytest.approx(0.8)
    assert mean_wait(1, 8.0, 0.1) == pytest.approx(0.4)


def test_overloaded_servers_let_all_wait_without_end():
    assert wait_share(3, 3.0) == 1.0
    assert mean_wait(3, 40.0, 0.1) == math.inf
