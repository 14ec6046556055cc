"""The parts of a predicted latency: what each stage adds, outgoing calls among them."""

import numpy as np
import pytest

from perflab import Service, Trace
from perflab.kernels.chain.flights import Answer
from perflab.service.incoming import incoming
from perflab.service.live.parts import LatencyParts
from perflab.service.live.watching import lookups_in
from perflab.service.scenarios.feedback import chain_of
from perflab.service.scenarios.play import flows_of

DRAW = np.random.default_rng(8)
COUNT = 3000
KEYS = (DRAW.zipf(1.2, COUNT) % 900).astype(np.int64)
TRACE = Trace.from_keys(KEYS, np.cumsum(DRAW.exponential(0.004, COUNT)))
CALL = {"latency_seconds": 0.02, "capacity": 3, "call_share": 0.6}
CACHES = {"cache": {"max_cache_size": 50}, "redis_cache": {"maxmemory": "2MiB"}}
POOL = {"connection_pool": {"max_connections": 1}}


def parts_of(**stages):
    service = Service.from_mapping({"workers": 2, **stages})
    came = incoming(service, TRACE)
    ready = chain_of(service, came, flows_of(service, came))
    found = ready.follow(came, [])
    times = came.requests.times
    parts = LatencyParts(service.stages, np.array([times[0], times[-1] / 2, times[-1]]))
    parts.add_chained(times, found, lookups_in(ready))
    halves = times < times[-1] / 2
    weights = np.array([np.count_nonzero(halves), np.count_nonzero(~halves)])
    sums = {name: np.array(each) * weights for name, each in parts.means().items()}
    return found, times, sums


def test_calls_are_a_part_beside_pool_and_database():
    found, times, sums = parts_of(**CACHES, async_io=CALL, **POOL)
    # Who joins the load of another waits for it in the first stage.
    own = found.answers != Answer.JOINED
    assert sums["async_io"].sum() == pytest.approx(found.called[own].sum())
    assert sums["connection_pool"].sum() == pytest.approx(found.waits[own].sum())
    assert sums["database"].sum() == pytest.approx(np.nansum(found.services[own]))
    assert sum(sums.values()).sum() == pytest.approx((found.ends - times).sum())
    assert sums["async_io"].min() > sums["redis_cache"].max() > 0


def test_calls_are_all_that_is_behind_caches_without_a_pool():
    found, times, sums = parts_of(**CACHES, async_io=CALL)
    assert set(sums) == {"cache", "redis_cache", "async_io"}
    own = found.answers != Answer.JOINED
    assert sums["async_io"].sum() == pytest.approx(found.called[own].sum())
    assert sum(sums.values()).sum() == pytest.approx((found.ends - times).sum())


def test_calls_alone_are_the_whole_latency():
    found, times, sums = parts_of(async_io={**CALL, "call_share": 1})
    assert set(sums) == {"async_io"}
    assert sums["async_io"].sum() == pytest.approx((found.ends - times).sum())
    assert found.called.sum() == pytest.approx(sums["async_io"].sum())
