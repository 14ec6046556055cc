import gc
import os
import weakref

import numpy as np
import pytest

from perflab import kernels
from perflab.bench import load_bench
from perflab.modelling import trace_facts
from perflab.modelling.operations import replayed
from perflab.modelling.trace_facts import facts_of
from perflab.patterns.cache.model.counter import CacheCounter
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.workloads.kinds.trace import Trace

LOAD = LoadSettings()


@pytest.fixture
def found(monkeypatch):
    """Note how often reuse is found."""
    asked = []
    plain = kernels.previous_and_next
    monkeypatch.setattr(
        kernels, "previous_and_next", lambda *given: asked.append(given) or plain(*given)
    )
    return asked


def trace_of(seed=1, **more):
    return Trace.from_keys(np.random.default_rng(seed).integers(0, 50, 500), **more)


def test_reuse_is_found_once_for_all_models_of_a_trace(found):
    trace = trace_of()
    for size in (5, 10, 20):
        model = load_bench("cache").model(trace, load_bench("cache").calibration.shipped_costs)
        for policy in ("lru", "opt", "arc"):
            model.predict(CacheSettings(max_cache_size=size, policy=policy), LOAD)
    assert len(found) == 1


@pytest.mark.parametrize("policy", ["fifo", "sieve", "clock", "s3fifo", "lfu"])
def test_what_a_policy_does_not_read_is_not_found(found, policy):
    CacheCounter(trace_of()).counts(CacheSettings(max_cache_size=5, policy=policy), LOAD)
    assert not found


def test_what_is_kept_goes_with_its_trace():
    trace = trace_of(operations=[0] * 499 + [3])
    asked = replayed(trace, LOAD)
    facts_of(asked).reuse(asked)
    alive = [weakref.ref(each) for each in (trace, asked, facts_of(asked))]
    del trace, asked
    gc.collect()
    assert [each() for each in alive] == [None, None, None]


def test_what_was_not_asked_for_longest_goes_where_there_is_no_room(monkeypatch, found):
    monkeypatch.setattr(trace_facts, "MOST_BYTES", 9_000)
    traces = [trace_of(seed) for seed in range(3)]
    for trace in (*traces, *traces[1:], traces[0]):
        facts_of(trace).reuse(trace)
    assert len(found) == 4


def test_a_forked_child_has_its_own(found):
    trace = trace_of()
    facts = facts_of(trace)
    with facts._lock:
        child = os.fork()
        if child == 0:  # pragma: no cover - the child's
            ours = facts_of(trace)
            os._exit(0 if ours is not facts and len(ours.reuse(trace)) == 2 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
