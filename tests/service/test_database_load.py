"""What the database gets of a workload with operations: reads and writes of the data alone."""

from __future__ import annotations

import numpy as np
import pytest

from perflab.operations import Operation
from perflab.service import Service
from perflab.workloads.kinds.trace import Trace

DRAW = np.random.default_rng(4)
COUNT = 4000
CODES = DRAW.choice(np.array([0, 0, 0, 1, 2, 3, 4], np.uint8), COUNT)
TRACE = Trace(
    "operated",
    np.concatenate([np.arange(300), DRAW.integers(0, 300, COUNT - 300)]),
    300,
    np.arange(COUNT) / 100,
    operations=CODES,
)
CACHES = {"cache": {"max_cache_size": 50}}
POOL = {"connection_pool": {"max_connections": 5}}


@pytest.mark.parametrize("stages", [CACHES, POOL, {**CACHES, **POOL}])
def test_what_is_for_caches_alone_never_comes_to_the_database(stages):
    found = Service.from_mapping(stages).predict(TRACE)
    writes = np.count_nonzero(CODES == Operation.WRITE)
    reads = np.count_nonzero(CODES == Operation.GET)
    misses = reads * (1 - found.metrics["hit_rate"])
    seconds = COUNT / 100
    assert found.metrics["database_per_second"] * seconds == pytest.approx(misses + writes, abs=1)
    if "connection_pool" in stages:
        assert found.row("database").metrics["requests"] == pytest.approx(misses + writes, abs=1)
