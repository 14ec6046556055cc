"""Sets, renewals and removals in a scenario: a chain by itself does what its caches do."""

from __future__ import annotations

import numpy as np
import pytest

from perflab import Trace
from perflab.kernels.chain.flights import Answer
from perflab.operations import Operation
from perflab.service import Service
from perflab.service.incoming import incoming
from perflab.service.scenarios import read_scenario
from perflab.service.scenarios.feedback import as_loaded, chain_of
from perflab.service.scenarios.play import flows_of, play

_SECONDS = 5.0
"""Between requests: no load is still under way when the next request comes."""
STAGES = {
    "process": {"cache": {"max_cache_size": 40}},
    "shared": {"redis_cache": {"maxmemory": "20MiB", "ttl_jitter": 0}},
    "both": {
        "cache": {"max_cache_size": 40},
        "redis_cache": {"maxmemory": "20MiB", "ttl_jitter": 0},
    },
}


def recorded(kinds, *, seed=0, requests=3000):
    draw = np.random.default_rng(seed)
    # Lifetimes end between requests: a load ends a little after its request came.
    return Trace.from_keys(
        (draw.zipf(1.4, requests) % 100).tolist(),
        times=(_SECONDS * np.arange(requests)).tolist(),
        ttls=np.where(
            draw.random(requests) < 0.3, np.nan, draw.choice([22.0, 222.0, 2222.0], requests)
        ).tolist(),
        operations=draw.choice([Operation.GET] * 8 + kinds, requests).tolist(),
    )


@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("kind", [Operation.SET, Operation.TOUCH, Operation.DELETE])
def test_a_chain_at_rest_has_the_hits_of_its_caches(stages, kind):
    service, trace = Service.from_mapping(STAGES[stages]), recorded([kind, kind])
    came = incoming(service, trace)
    found = chain_of(service, came, flows_of(service, came)).follow(came, [])
    reads = came.requests.operations == Operation.GET
    hits = np.isin(found.answers, (Answer.LOCAL, Answer.REMOTE))[reads].mean()
    assert hits == pytest.approx(service.predict(trace).metrics["hit_rate"], abs=0.001)


def test_a_miss_loads_with_the_lifetime_last_written():
    trace = Trace.from_keys(
        ["a"] * 5 + ["b"],
        times=[0, 1, 6, 20, 21, 22],
        ttls=[5, 100, 100, 100, 3, 7],
        operations=[1, 0, 0, 0, 2, 0],
    )
    service = Service.from_mapping(STAGES["process"])
    found = as_loaded(incoming(service, trace).requests)
    assert found.ttls.tolist() == [5, 5, 5, 5, 3, 7]
    again = as_loaded(found)
    assert again.ttls.tolist() == found.ttls.tolist()


def test_what_was_written_is_loaded_under_another_name():
    trace = Trace.from_keys(
        ["a"] * 6,
        times=[0, 10, 11, 12, 18, 20],
        ttls=[5, 1e6, 1e6, 1e6, 1e6, 1e6],
        operations=[1, 0, 0, 0, 0, 0],
    )
    service = Service.from_mapping(STAGES["process"])
    kept = play(service, trace, read_scenario("key-version:at=9"))
    # Loaded at 10, and again at 18, five seconds after which it has ended.
    hits = [hit for hit in kept.windows["hit_rate"] if not np.isnan(hit)]
    assert kept.metrics["requests"] == 6
    rates = np.array(kept.windows["requests"], float)
    assert np.dot(rates[rates > 0], hits) == 3
