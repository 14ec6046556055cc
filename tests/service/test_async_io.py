"""Async I/O in a service: outgoing calls beside the database, and a client in front of it."""

from __future__ import annotations

import numpy as np
import pytest

from perflab import BadInputError, Service, Trace, predict
from perflab.kernels.chain.flights import Answer
from perflab.service.incoming import incoming
from perflab.service.scenarios import read_scenario
from perflab.service.scenarios.feedback import chain_of
from perflab.service.scenarios.play import flows_of, play_on
from perflab.service.scenarios.windows import edges_of, windows_of
from perflab.workloads.kinds.arrivals import Arrivals

DRAW = np.random.default_rng(8)
COUNT = 6000
KEYS = (DRAW.zipf(1.2, COUNT) % 900).astype(np.int64)
TIMES = np.cumsum(DRAW.exponential(0.004, COUNT))
TRACE = Trace.from_keys(KEYS, TIMES)
CALL = {"latency_seconds": 0.02, "latency_shape": "exponential", "capacity": 8, "retries": 0}
CACHES = {"cache": {"max_cache_size": 50}, "redis_cache": {"maxmemory": "2MiB"}}
POOL = {"connection_pool": {"max_connections": 4}}


def of(**stages):
    return Service.from_mapping({"workers": 2, **stages})


def followed(service, trace=TRACE):
    came = incoming(service, trace)
    return came, chain_of(service, came, flows_of(service, came)).follow(came, [])


def test_a_service_of_one_call_is_its_bench():
    arrivals = Arrivals("arrivals", TIMES)
    settings = {**CALL, "max_concurrent": 12}
    expected = predict("async_io", arrivals, {**settings, "load_model": "open"}).iloc[0]
    service = Service.from_mapping({"async_io": settings})
    found = service.predict(arrivals)
    for name in ("mean", "p50", "p95"):
        key = f"latency_seconds_{name}"
        assert found.metrics[key] == pytest.approx(expected[key], rel=0.05), name
    assert found.metrics["errors"] == 0
    assert found.row("async_io").metrics["calls_per_second"] == pytest.approx(
        found.metrics["requests_per_second"]
    )
    chained = followed(service, arrivals)
    assert (chained[1].ends - chained[0].requests.times).mean() == pytest.approx(
        found.metrics["latency_seconds_mean"], rel=0.05
    )


def test_calls_of_no_key_change_nothing():
    without = of(**CACHES, **POOL)
    none = of(**CACHES, async_io={**CALL, "call_share": 0}, **POOL)
    before, after = without.predict(TRACE), none.predict(TRACE)
    for name in ("latency_seconds_mean", "latency_seconds_p99", "database_per_second", "errors"):
        assert after.metrics[name] == pytest.approx(before.metrics[name]), name
    assert after.row("async_io").metrics["calls_per_second"] == 0
    plain, called = followed(without)[1], followed(none)[1]
    assert called.ends == pytest.approx(plain.ends)
    assert called.answers.tolist() == plain.answers.tolist()


def test_only_what_no_cache_holds_calls_and_the_share_is_of_keys():
    came, found = followed(of(**CACHES, async_io={**CALL, "call_share": 0.5}, **POOL))
    calls = found.called > 0
    assert (found.answers[calls] == Answer.DATABASE).all()
    misses = found.answers == Answer.DATABASE
    assert calls[misses].mean() == pytest.approx(0.5, abs=0.15)
    keys = came.requests.keys
    assert not set(keys[calls]) & set(keys[misses & ~calls])


def test_a_server_that_is_too_small_turns_calls_away_and_the_requests_fail():
    tight = {**CALL, "latency_seconds": 0.2, "capacity": 2, "server_queue": 2, "timeout": 5}
    service = of(**CACHES, async_io=tight, **POOL)
    found = service.predict(TRACE)
    row = found.row("async_io").metrics
    assert row["errors"] > 100
    assert found.metrics["errors"] == row["errors"]
    # A load that fails fills no cache, and all who joined it fail too.
    answers = followed(service)[1].answers
    assert np.count_nonzero(answers == Answer.CALL_FAILED) > row["errors"]
    assert any("more requests fail than are counted here" in said for said in found.remarks)
    alone = of(async_io=tight, **POOL)
    lost = alone.predict(TRACE).metrics["errors"]
    assert np.count_nonzero(followed(alone)[1].answers == Answer.CALL_FAILED) == pytest.approx(
        lost, rel=0.1
    )


def test_scenarios_of_calls_alone_count_these_as_the_load_behind():
    service = of(**CACHES, async_io=CALL)
    calm = play_on(service, incoming(service, TRACE), read_scenario("slow-call:seconds=2s"))
    expected = service.predict(TRACE).metrics["database_per_second"]
    assert np.mean(calm.calm["database"]) == pytest.approx(expected, rel=0.1)
    down = play_on(service, incoming(service, TRACE), read_scenario("redis-down:seconds=2s"))
    load = down.metrics
    assert load["database_per_second"] > 1.5 * load["calm_database_per_second"] > 0
    with pytest.raises(BadInputError, match="asks no database"):
        play_on(service, incoming(service, TRACE), read_scenario("slow-database"))


def test_a_client_in_front_that_may_send_all_changes_nothing():
    free = {"role": "front", "max_concurrent": 10_000, "timeout": 3600, "retries": 0}
    behind = {**CACHES, **POOL}
    plain, fronted = of(**behind), of(async_io=free, **behind)
    assert followed(fronted)[1].ends == pytest.approx(followed(plain)[1].ends)
    before, after = plain.predict(TRACE), fronted.predict(TRACE)
    for name in CACHES:
        assert after.row(name).metrics["hits"] == before.row(name).metrics["hits"]
    assert after.row("async_io").metrics["wait_seconds_mean"] == 0
    assert any("feed back" in remark for remark in after.remarks)


def test_a_client_in_front_feels_what_the_pool_makes_wait():
    behind = {**CACHES, "connection_pool": {"max_connections": 1}}
    slow = {"query_seconds": "50ms"}
    waits = []
    for limit in (4, 16, 64):
        front = {"role": "front", "max_concurrent": limit, "timeout": 60, "retries": 0}
        service = Service.from_mapping({"workers": 2, **slow, "async_io": front, **behind})
        found = service.predict(TRACE)
        waits.append(found.row("async_io").metrics["wait_seconds_mean"])
        came, answers = followed(service)
        under_way = np.arange(1, COUNT + 1) - np.searchsorted(
            np.sort(answers.ends), answers.let_in, side="right"
        )
        assert under_way.max() <= limit
        assert found.metrics["latency_seconds_mean"] == pytest.approx(
            (answers.ends - came.requests.times).mean()
        )
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > waits[-1]


def test_a_client_that_gives_up_and_tries_again_loads_the_database_more():
    behind = {"connection_pool": {"max_connections": 20, "min_connections": 20, "timeout": 60}}
    patient = {"role": "front", "max_concurrent": 200, "timeout": 60, "retries": 2}
    storm = read_scenario("slow-database:times=5,seconds=20")
    queries, lost = [], []
    for front in (patient, {**patient, "timeout": 0.05}):
        service = Service.from_mapping({"query_seconds": "30ms", "async_io": front, **behind})
        came = incoming(service, Trace.from_keys(KEYS, TIMES * 8))
        ready = chain_of(service, came, flows_of(service, came))
        found = ready.follow(came, storm.happenings(came))
        queries.append(np.count_nonzero(~np.isnan(found.starts)))
        lost.append(np.count_nonzero(found.answers == Answer.ABANDONED))
    assert queries[0] == COUNT
    assert queries[1] > 1.1 * COUNT
    assert lost[0] == 0 < lost[1]


def test_windows_count_a_request_once_and_each_of_its_tries_as_a_query():
    behind = {"connection_pool": {"max_connections": 20, "min_connections": 20, "timeout": 60}}
    front = {"role": "front", "max_concurrent": 200, "timeout": 0.05, "retries": 2}
    service = Service.from_mapping({"query_seconds": "30ms", "async_io": front, **behind})
    came = incoming(service, Trace.from_keys(KEYS, TIMES * 8))
    storm = read_scenario("slow-database:times=5,seconds=20")
    found = chain_of(service, came, flows_of(service, came)).follow(came, storm.happenings(came))
    edges = edges_of(came.requests.times)
    windows, width = windows_of(came.requests.times, found, edges), edges[1] - edges[0]
    of = np.clip(np.searchsorted(edges, came.requests.times, side="right") - 1, 0, len(edges) - 2)
    lost = found.answers >= Answer.TIMED_OUT
    assert windows.requests.tolist() == np.bincount(of, minlength=len(edges) - 1).tolist()
    assert windows.failures.tolist() == np.bincount(of[lost], minlength=len(edges) - 1).tolist()
    queries = np.histogram(found.starts[~np.isnan(found.starts)], edges)[0]
    assert (windows.database * width).tolist() == pytest.approx(queries.tolist())
    assert windows.requests.sum() == COUNT < queries.sum()
    assert 0 < windows.failures.sum() < COUNT
    outcome = play_on(service, came, storm)
    assert outcome.windows["failures"] == windows.failures.tolist()
    assert (
        outcome.metrics["database_per_second"]
        == windows.database[edges[1:] > storm.begins(came)].max()
    )


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        (
            {"connection_pool": {}, "async_io": {}},
            r"async_io: cannot follow connection_pool.*front",
        ),
        ({"async_io": {}, "cache": {}}, r"cache: cannot follow async_io.*put it in front"),
        ({"cache": {}, "async_io": {"role": "front"}}, r"async_io: cannot follow cache"),
        ({"async_io": {"role": "front"}}, "add the stages that these have"),
        ({"async_io": {"role": "back"}}, r"async_io\.role: unknown role 'back'"),
        ({"async_io": {"call_share": 2}}, r"async_io\.call_share: 2 is out of bounds"),
    ],
)
def test_orders_that_cannot_be_are_refused(stages, said):
    with pytest.raises(BadInputError, match=said):
        Service.from_mapping(stages)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate_limit": 5}, r"async_io\.rate_limit: .*set none"),
        ({"retry_after_seconds": 1}, r"async_io\.retry_after_seconds: .*set none"),
        ({"urls": "http://example.org/"}, r"async_io\.urls: .*leave it out"),
    ],
)
def test_settings_that_a_service_does_not_predict_are_refused(settings, said):
    service = of(**CACHES, async_io=settings, **POOL)
    with pytest.raises(BadInputError, match=said):
        service.predict(TRACE)


def test_samples_and_runs_that_cannot_be_are_refused():
    front = of(async_io={"role": "front"}, **CACHES, **POOL)
    with pytest.raises(BadInputError, match="predicted from all requests"):
        front.predict(TRACE, sample=0.5)
    with pytest.raises(BadInputError, match=r"async_io\.role: is predicted only"):
        front.run(TRACE)


def test_a_budget_leaves_the_client_as_it_is():
    service = of(**CACHES, async_io=CALL, **POOL)
    found = Service.from_mapping(service.budget(TRACE, ["memory_bytes<=6MiB"]).settings)
    assert found.stage("async_io") == service.stage("async_io")
