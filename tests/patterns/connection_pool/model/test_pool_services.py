import numpy as np
import pytest

from perflab.modelling.latency import QUANTILES
from perflab.patterns.connection_pool.model.services import DrawnTimes, PoolCosts, PoolServices

EVEN = [1.0] * len(QUANTILES)
UNEVEN = np.linspace(0.5, 1.5, len(QUANTILES)).tolist()
USL = {"rate": 250.0, "contention": 0.4, "coherency": 0.01}
FULL = {"1": {"mean": 0.004, "quantiles": EVEN}, "4": {"mean": 0.010, "quantiles": UNEVEN}}
HALF = {"1": {"mean": 0.005, "quantiles": UNEVEN}, "4": {"mean": 0.008, "quantiles": EVEN}}
COSTS = {"service": FULL, "service_half": HALF, "usl": USL}


def services_of(costs):
    return PoolServices(PoolCosts.of(costs), DrawnTimes())


def test_measured_means_are_given_back_at_their_own_loads():
    services = services_of(COSTS)
    assert services.mean(1) == pytest.approx(0.004)
    assert services.mean(4) == pytest.approx(0.010)
    assert services.mean(2.5) == pytest.approx(0.007)
    assert services.mean(1, utilisation=0.5) == pytest.approx(0.005)
    # Of four connections half are in use; a service finds these and itself.
    assert services.mean(3, utilisation=0.5) == pytest.approx(0.008)


def test_between_half_and_full_load_means_go_by_utilisation():
    services = services_of(COSTS)
    assert services.mean(1, utilisation=0.75) == pytest.approx(0.0045)
    assert services.mean(1, utilisation=0.1) == services.mean(1, utilisation=0.5)


def test_without_half_load_all_loads_are_as_measured_in_full():
    services = services_of({"service": FULL, "usl": USL})
    for number in (1, 2, 4, 9):
        assert services.mean(number, utilisation=0.3) == pytest.approx(services.mean(number))


def test_beyond_what_was_measured_the_law_goes_on():
    services = services_of(COSTS)
    means = [services.mean(number) for number in (4, 8, 16, 32)]
    assert means == sorted(means)
    assert means[-1] > 3 * means[0]


@pytest.mark.parametrize(("rate", "spread"), [(1.0, True), (280.0, False), (10_000.0, True)])
def test_spread_is_that_of_the_nearest_load(rate, spread):
    services = services_of(COSTS)
    drawn = services.draw(services.shape(4, rate), 10_000, seed=1)
    assert drawn.mean() == pytest.approx(1.0, abs=0.02)
    assert bool(drawn.std() > 0.1) is spread


def test_another_half_load_is_another_calibration():
    other = {**COSTS, "service_half": FULL}
    assert PoolCosts.of(COSTS) != PoolCosts.of(other)
