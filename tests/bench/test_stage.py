"""The data that stages hand to each other."""

import numpy as np
import pytest

from perflab.bench import bench_names, load_bench
from perflab.bench.stage import Passed, Requests
from perflab.errors import BadInputError
from perflab.patterns.cache.settings import CacheSettings


def requests(count: int) -> Requests:
    return Requests(np.arange(count, dtype=np.float64), np.zeros(count, dtype=np.int64))


def test_requests_have_columns_of_one_length():
    assert len(requests(3)) == 3
    with pytest.raises(BadInputError, match="keys: has 1 values, but there are 2 requests"):
        Requests(np.zeros(2), np.zeros(1, dtype=np.int64))
    with pytest.raises(BadInputError, match="sizes: has 3 values, but there are 2 requests"):
        Requests(np.zeros(2), np.zeros(2, dtype=np.int64), np.zeros(3, dtype=np.int64))


def test_what_is_passed_on_has_an_origin_each():
    two = np.zeros(2, dtype=np.int64)
    assert len(Passed(requests(2), two, np.zeros(5), np.zeros(5, dtype=np.int64)).requests) == 2
    with pytest.raises(BadInputError, match="origins: has 2 values, but 1 requests go on"):
        Passed(requests(1), two, np.zeros(2), two)
    with pytest.raises(BadInputError, match="entries: has 2 values, but waits has 3"):
        Passed(requests(2), two, np.zeros(3), two)


def test_caches_the_pool_and_the_client_are_stages():
    stages = {name for name in bench_names() if load_bench(name).stage is not None}
    assert stages == {"cache", "redis_cache", "connection_pool", "async_io"}
    nobody = load_bench("cache").stage.forward(
        requests(0), CacheSettings(), load_bench("cache").calibration.shipped_costs
    )
    assert len(nobody.requests) == len(nobody.waits) == 0
