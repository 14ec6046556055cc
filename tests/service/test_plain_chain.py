"""A service against dicts, lists and a heap in plain Python, request for request."""

from collections import OrderedDict

import numpy as np
import pytest
from plain_pools import PlainPools

from perflab import Service, Trace
from perflab.modelling.latency import QUANTILES
from perflab.service.flow import Flows
from perflab.service.incoming import incoming

DRAW = np.random.default_rng(12)
COUNT = 4000
KEYS = (DRAW.zipf(1.15, COUNT) % 600).astype(np.int64)
TIMES = np.cumsum(DRAW.exponential(0.002, COUNT))
TRACE = Trace.from_keys(KEYS, TIMES)
SECONDS, SHARED_PART = 0.02, 0.03
SERVER_BYTES, ENTRY_BYTES = 1_000_000, 4_000


def constant(seconds):
    return {"mean": seconds, "quantiles": [seconds] * len(QUANTILES)}


COSTS = {
    "cache": {"hit": constant(2e-6), "miss": constant(1e-4), "bytes_per_entry": 100.0},
    "redis_cache": {
        "hit": constant(1e-4),
        "miss": constant(5e-4),
        "bytes_per_entry": float(ENTRY_BYTES),
        "server_bytes": float(SERVER_BYTES),
    },
    "connection_pool": {
        "service": {"1": constant(SECONDS)},
        "usl": {"rate": 1 / SECONDS, "contention": SHARED_PART, "coherency": 0.0},
    },
}


class Lru:
    """A cache of so many entries that live for so long."""

    def __init__(self, size, ttl):
        self.size, self.ttl, self.held = size, ttl, OrderedDict()

    def hits(self, key, now):
        if key in self.held and now < self.held[key] + self.ttl:
            self.held.move_to_end(key)
            return True
        self.held.pop(key, None)
        if len(self.held) >= self.size:
            self.held.popitem(last=False)
        self.held[key] = now
        return False


def plain(service, workers, redis_holds_all):
    """Return what each request takes, and which failed."""
    settings, cache = service.settings, service.stage("cache").settings
    pool = service.pool.settings
    local = [Lru(cache.max_cache_size, cache.ttl_seconds) for _ in range(settings.processes)]
    seen, spent, asking = set(), [], []
    times = (TIMES - TIMES[0]).tolist()
    for place, (key, now) in enumerate(zip(KEYS.tolist(), times, strict=True)):
        spent.append(2e-6)
        if local[workers[place]].hits(key, now):
            continue
        hit = redis_holds_all and key in seen
        seen.add(key)
        spent[-1] += 0 if not redis_holds_all else 1e-4 if hit else 2e-4
        if not hit:
            asking.append(place)
    most = settings.processes * pool.max_connections
    shared = min(most, settings.pgbouncer_connections or most)
    database = PlainPools(
        [times[place] for place in asking],
        [SECONDS] * len(asking),
        [int(workers[place]) for place in asking],
        settings.processes,
        pool.max_connections,
        pool.timeout,
        [1 + SHARED_PART * (busy - 1) for busy in range(shared + 1)],
        shared,
    ).play()
    failed = set()
    found = zip(asking, database.waits, database.shared_waits, database.taken, strict=True)
    for place, waited, behind, taken in found:
        if waited is None:
            failed.add(place)
            spent[place] += pool.timeout
        else:
            spent[place] += waited + behind + taken
    return spent, failed


@pytest.mark.parametrize("spread", ["round_robin", "key_hash", "sticky"])
@pytest.mark.parametrize("values", [{}, {"pgbouncer_connections": 5}, {"workers": 1}])
@pytest.mark.parametrize("redis", [True, False])
def test_a_service_is_the_chain_of_plain_python(spread, values, redis):
    stages = {"cache": {"max_cache_size": 25, "ttl_seconds": 3}}
    if redis:
        stages["redis_cache"] = {"maxmemory": None, "ttl_seconds": None}
    pool = {"min_connections": 2, "max_connections": 2, "timeout": 0.06}
    service = Service.from_mapping(
        {"workers": 3, "spread": spread, "clients": 7, **values, **stages, "connection_pool": pool}
    )
    came = incoming(service, TRACE)
    flow = Flows(came, COSTS).through(service)
    spent, failed = plain(service, came.workers.tolist(), redis)
    assert flow.latencies == pytest.approx(np.array(spent), abs=1e-7)
    assert set(np.flatnonzero(flow.failed).tolist()) == failed
    assert failed or redis


def test_workers_are_those_of_the_spread():
    service = Service.from_mapping({"replicas": 2, "workers": 3, "cache": {}})
    assert incoming(service, TRACE).workers[:8].tolist() == [0, 1, 2, 3, 4, 5, 0, 1]
    hashed = incoming(service.change({"spread": "key_hash"}), TRACE).workers
    for key in np.unique(KEYS):
        assert len(set(hashed[TRACE.ids == TRACE.ids[key == KEYS][0]].tolist())) == 1
    assert len(set(hashed.tolist())) == 6
    clients = np.arange(COUNT) // 10
    sticky = incoming(service.change({"spread": "sticky"}), TRACE, clients).workers
    assert (sticky.reshape(-1, 10) == sticky.reshape(-1, 10)[:, :1]).all()
    assert len(set(sticky.tolist())) == 6


def test_a_move_goes_through_the_stages_behind_alone():
    service = Service.from_mapping(
        {"workers": 2, "cache": {}, "redis_cache": {}, "connection_pool": {}}
    )
    flows = Flows(incoming(service, TRACE), COSTS)
    before = flows.through(service)
    moved = flows.through(service.change({"connection_pool.max_connections": 1}))
    assert [a is b for a, b in zip(before.stages, moved.stages, strict=True)] == [True, True, False]
    changed = flows.through(service.change({"cache.max_cache_size": 5}))
    alone = Flows(incoming(service, TRACE), COSTS)
    fresh = alone.through(service.change({"cache.max_cache_size": 5}))
    assert changed.latencies.tolist() == fresh.latencies.tolist()
    assert flows.through(service).latencies.tolist() == before.latencies.tolist()
