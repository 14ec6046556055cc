"""Turns of real runs: what they have in common, never how fast they are."""

import itertools
import threading
import time

import numpy as np
import pytest
from turns import held_by_another

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab.calibration import calibration_for
from perflab.lab.overlap import turn_to_measure
from perflab.servers.consent import ConsentNeededError, allow
from perflab.tuning.recommend import tune
from perflab.tuning.turns.checked import Machine
from perflab.tuning.turns.kept_turns import KeptTurns, can_be_kept
from perflab.tuning.turns.live_turns import LiveTurns
from perflab.tuning.turns.runner import take_turns
from perflab.workloads.kinds.trace import Trace

TRACE = Trace.from_keys(np.random.default_rng(2).zipf(1.3, 2_000) % 300, name="few")
SLOW = {"backend": "delay", "backend_seconds": 0.001}


def turns_of(values, seconds, kind=LiveTurns, loop=False):
    bench = load_bench("cache")
    checked, load = bench.read(next(iter(values.values())))
    kept = calibration_for(bench, checked, load, TRACE)
    return kind(bench, TRACE, values, seconds, loop=loop, calibration=kept)


def test_all_turns_after_the_first_are_over_the_same_requests():
    values = {"large": {"max_cache_size": 300, **SLOW}, "small": {"max_cache_size": 3, **SLOW}}
    turns = turns_of(values, 0.3)
    taken = take_turns(list(values), turns, lambda rounds: values if rounds[1:] else (), 300.0)
    assert turns.most_requests == min(each["requests"] for each in taken.warm_up.values())
    requests = {one["requests"] for each in taken.rounds for one in each.values()}
    assert requests == {turns.most_requests}
    # The same requests have the same hits.
    one, other = taken.rounds
    assert one["small"]["hit_rate"] == other["small"]["hit_rate"] < one["large"]["hit_rate"]


def test_a_cache_is_tuned_in_turns_within_a_small_budget():
    found = tune("cache", TRACE, settings={"max_cache_size": 20}, live=True, budget=3.0, turn=0.2)
    taken = found.turns
    names = [each["name"] for each in taken["contenders"]]
    assert names[:2] == ["recommended", "now"]
    assert taken["contenders"][0]["compared"] is None
    assert all(each["compared"] is not None for each in taken["contenders"][1:])
    assert (taken["budget_seconds"], taken["turn_seconds"]) == (3.0, 0.2)
    assert taken["ended"] in ("budget", "decided")
    assert 0 < found.measured["hit_rate"] < 1
    assert found.to_dict()["turns"]["outcome"] == taken["outcome"]


def test_turns_wait_while_another_panel_measures():
    """Two runs at once would each show the other's load."""
    now, done = {"max_cache_size": 20}, []

    def tuned():
        done.append(tune("cache", TRACE, settings=now, live=True, budget=2.0, turn=0.1).turns)

    with held_by_another() as let_go:
        tuning = threading.Thread(target=tuned)
        tuning.start()
        # Longer than the budget, which pays for no wait.
        tuning.join(4.0)
        assert not done
        let_go()
        tuning.join(60)
    assert done[0]["ended"] in ("budget", "decided")


def test_no_budget_pays_for_a_wait():
    machine = Machine(None)
    began = machine.clock()
    with held_by_another() as let_go:
        threading.Timer(1.5, let_go).start()
        assert machine.alone(lambda: {"requests": 1.0}) == {"requests": 1.0}
    assert machine.clock() - began < 1.0


def test_who_measures_again_and_again_lets_others_between():
    order = []

    def measure(name):
        for _ in range(5):
            with turn_to_measure():
                time.sleep(0.05)
                order.append(name)

    threads = [threading.Thread(target=measure, args=(name,)) for name in "ab"]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    changes = sum(one != other for one, other in itertools.pairwise(order))
    assert changes >= 4


def test_a_wait_for_another_panel_can_be_cancelled():
    asked = []

    def cancelled():
        asked.append(None)
        return len(asked) > 3

    with held_by_another():
        found = tune(
            "cache", TRACE, settings={"max_cache_size": 20}, live=True, cancelled=cancelled
        )
    assert found.turns["ended"] == "cancelled"
    assert not any(each["rounds"] for each in found.turns["contenders"])


def test_a_pool_is_tuned_in_turns_with_its_servers_kept():
    now = {"max_connections": 1, "min_connections": 1}
    arrivals = "poisson:rate=100,requests=2k,seed=1"
    found = tune("connection_pool", arrivals, settings=now, live=True, budget=10.0, turn=0.3)
    taken = found.turns
    assert taken["metric"] == "wait_seconds_p95"
    assert taken["most_requests"] is None
    assert taken["ended"] in ("budget", "decided")
    assert {"requests", "memory_bytes"} <= found.measured.keys()
    assert taken["contenders"][0]["name"] == "recommended"
    assert all("requests" in one for each in taken["contenders"] for one in each["rounds"])


def test_runs_are_paused_while_others_have_their_turn():
    turns = turns_of({"a": {}, "b": {"max_cache_size": 10}}, 0.2, kind=KeptTurns, loop=True)
    try:
        found = [turns(name) for name in "abab"]
        a, b = turns._runs.values()
        assert (a.state, b.state) == ("paused", "paused")
        assert a.pid != b.pid
        before = a.last.requests
        turns("b")
        assert a.last.requests == before == found[0]["requests"] + found[2]["requests"]
        assert a.last.counters["entries"] > 0
    finally:
        turns.close()
    assert (a.state, b.state) == ("ended", "ended")


def test_a_run_that_is_through_its_workload_begins_again():
    turns = turns_of({"a": {}}, 30.0, kind=KeptTurns)
    first, second = turns("a"), turns("a")
    assert first["requests"] == second["requests"] == len(TRACE)
    assert first["hit_rate"] == second["hit_rate"]
    turns.close()


def test_runs_are_kept_where_that_disturbs_nobody(monkeypatch):
    pool, cache = load_bench("connection_pool"), load_bench("cache")
    assert can_be_kept(pool, [{}, {"max_connections": 3}], 0.0)
    assert can_be_kept(cache, [{}], 2.0**20)
    assert not can_be_kept(cache, [{}], 2.0**60)
    assert not can_be_kept(load_bench("streaming"), [{}], 0.0)
    assert not can_be_kept(load_bench("prefetching"), [{}], 0.0)
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", "postgresql://me@db.example/shop")
    assert not can_be_kept(pool, [{}], 0.0)
    urls = {"urls": "http://shop.example/x"}
    assert can_be_kept(load_bench("async_io"), [{}], 0.0)
    assert not can_be_kept(load_bench("async_io"), [{}, urls], 0.0)


def test_it_is_known_which_requests_were_run():
    turns = turns_of({"a": {}, "b": {}}, 0.05, kind=KeptTurns, loop=True)
    first = turns("a")["requests"]
    assert turns.ran("a") is None
    more = turns("a")["requests"]
    assert turns.ran("a") == slice(first, first + more)
    assert turns.ran("b") is None
    turns.close()


@pytest.mark.parametrize("kind", [LiveTurns, KeptTurns])
def test_settings_that_cannot_run_are_refused(kind):
    turns = turns_of({"a": {"backend": "no_such_module:function"}}, 0.2, kind)
    with pytest.raises(BadInputError):
        turns("a")
    turns.close()


def test_the_present_settings_are_agreed_to_as_well(monkeypatch):
    monkeypatch.setenv("PERFLAB_POSTGRES_URL", "postgresql://me@db.example/shop")
    bench, now = load_bench("connection_pool"), {"max_connections": 400}
    arrivals = "poisson:rate=100,requests=2k,seed=1"
    sweep = bench.tuning_sweep(bench.workload_for(bench.read(now)[0], arrivals), bench.read(now)[0])
    assert max(sweep["max_connections"]) < 400
    most = bench.read({"max_connections": max(sweep["max_connections"])})[0]
    allow(*bench.foreign_servers(most))
    with pytest.raises(ConsentNeededError, match="up to 403 connections"):
        tune("connection_pool", arrivals, settings=now, live=True)
