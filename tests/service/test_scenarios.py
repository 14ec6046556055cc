"""Scenarios: what they do to requests, and what becomes of a service then."""

from __future__ import annotations

import math

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.kernels.chain.flights import Answer, Happening
from perflab.service import Service, ServiceStage
from perflab.service.incoming import incoming
from perflab.service.scenarios import SCENARIOS, read_scenario, requests
from perflab.service.scenarios.feedback import Chain, chain_of
from perflab.service.scenarios.play import flows_of, play, play_on
from perflab.service.scenarios.size_search import SizeSearch
from perflab.service.scenarios.survive import survive
from perflab.service.scenarios.windows import windows_of

WORKLOAD = "zipf:keys=5k,requests=30k,skew=0.8,seed=3"
SHOP = Service.from_mapping(
    {
        "workers": 3,
        "request_rate": 500,
        "max_connections": 200,
        "cache": {"max_cache_size": 200},
        "redis_cache": {"maxmemory": "20MiB"},
        "connection_pool": {"max_connections": 4, "timeout": 1},
    }
)
CAME = incoming(SHOP, WORKLOAD)


def without(service, stage):
    return Service(tuple(each for each in service.stages if each.bench != stage), service.settings)


def with_calls(service, **settings):
    *caches, pool = service.stages
    call = ServiceStage.of("async_io", {"latency_seconds": 0.01, **settings})
    return Service((*caches, call, pool), service.settings)


def test_a_calm_day_is_what_is_predicted_without_feedback():
    predicted = SHOP.predict(WORKLOAD)
    found = chain_of(SHOP, CAME, flows_of(SHOP, CAME)).follow(CAME, [])
    local = (found.answers == Answer.LOCAL).mean()
    behind = np.count_nonzero(found.answers == Answer.DATABASE) / CAME.seconds
    assert local == pytest.approx(predicted.row("cache").metrics["hit_rate"], abs=0.01)
    assert behind == pytest.approx(predicted.metrics["database_per_second"], rel=0.03)
    assert (found.ends - CAME.requests.times).mean() == pytest.approx(
        predicted.metrics["latency_seconds_mean"], rel=0.15
    )


def test_without_redis_the_database_gets_what_processes_miss():
    down = read_scenario("redis-down:at=20,seconds=10")
    flows = flows_of(SHOP, CAME)
    found = chain_of(SHOP, CAME, flows).follow(CAME, down.happenings(CAME))
    times = CAME.requests.times
    dead = (times > 20.1) & (times < 29.9)
    assert not (found.answers[dead] == Answer.REMOTE).any()
    alone = without(SHOP, "redis_cache")
    same = chain_of(alone, CAME, flows_of(alone, CAME)).follow(CAME, [])
    asked = (found.answers == Answer.DATABASE)[dead].mean()
    assert asked == pytest.approx((same.answers == Answer.DATABASE)[dead].mean(), abs=0.02)


def test_a_calm_day_is_followed_once_for_all_scenarios(monkeypatch):
    flows, followed = flows_of(SHOP, CAME), []
    follow = Chain.follow

    def counted(chain, came, happenings):
        followed.append(happenings)
        return follow(chain, came, happenings)

    monkeypatch.setattr(Chain, "follow", counted)
    first, second = (
        play_on(SHOP, CAME, read_scenario(f"redis-down:at={at},seconds=5"), flows=flows)
        for at in (20, 30)
    )
    assert first.calm == second.calm
    assert first.windows != second.windows
    assert followed.count([]) == 1
    assert len(followed) == 3


def test_a_deploy_without_process_caches_changes_nothing():
    calm = play(without(SHOP, "cache"), WORKLOAD, "deploy")
    assert calm.windows == calm.calm
    assert calm.survived
    assert calm.metrics["recovery_seconds"] == 0


def test_a_deploy_restarts_each_worker_once():
    steps = read_scenario("deploy:at=10,gap=2").happenings(CAME)
    assert steps == [(10 + 2 * worker, Happening.RESTART, worker) for worker in range(3)]


def test_traffic_is_so_many_times_as_much():
    more = read_scenario("traffic:at=20,seconds=10,times=3").arriving(CAME)
    times = CAME.requests.times
    there = np.count_nonzero((times >= 20) & (times < 30))
    assert len(more.requests) == len(times) + 2 * there
    assert (np.diff(more.requests.times) >= 0).all()
    assert len(more.workers) == len(more.requests)
    outside = (more.requests.times < 20) | (more.requests.times > 30)
    kept = (times < 20) | (times > 30)
    assert more.requests.keys[outside].tolist() == CAME.requests.keys[kept].tolist()
    assert set(more.requests.keys) == set(CAME.requests.keys)
    assert read_scenario("traffic:times=1").arriving(CAME) is CAME


def test_a_crawler_asks_for_each_of_its_keys_once():
    more = read_scenario("crawler:at=20,seconds=10,rate=100").arriving(CAME)
    added = len(more.requests) - len(CAME.requests)
    assert added == 1000
    keys, counts = np.unique(more.requests.keys, return_counts=True)
    new = keys > CAME.requests.keys.max()
    assert np.count_nonzero(new) == added
    assert (counts[new] == 1).all()


def test_another_version_of_the_keys_is_missed_everywhere():
    other = read_scenario("key-version:at=30")
    changed = other.arriving(CAME)
    found = chain_of(SHOP, CAME, flows_of(SHOP, CAME)).follow(changed, [])
    after = np.flatnonzero(CAME.requests.times > 30)
    first = np.unique(changed.requests.keys[after], return_index=True)[1]
    answers = found.answers[after[first]]
    assert np.isin(answers, [Answer.DATABASE, Answer.TIMED_OUT, Answer.REFUSED]).all()


def test_windows_are_those_counted_one_by_one():
    found = chain_of(SHOP, CAME, flows_of(SHOP, CAME)).follow(CAME, [])
    times = CAME.requests.times
    edges = np.arange(0, 66.0, 3.0)
    windows = windows_of(times, found, edges)
    for place in range(len(edges) - 1):
        here = (times >= edges[place]) & (times < edges[place + 1])
        count = int(np.count_nonzero(here))
        assert windows.requests[place] == count
        late = np.sort((found.ends - times)[here])
        if count:
            assert windows.p95[place] == late[min(int(count * 0.95), count - 1)]
            hits = np.count_nonzero(found.answers[here] <= Answer.REMOTE)
            assert windows.hit_rate[place] == pytest.approx(hits / count)
        else:
            assert math.isnan(windows.p95[place])
        begun = np.count_nonzero((found.starts >= edges[place]) & (found.starts < edges[place + 1]))
        assert windows.database[place] == pytest.approx(begun / 3.0)
        waiting = (times <= edges[place + 1]) & (found.ends > edges[place + 1])
        assert windows.waiting[place] == np.count_nonzero(waiting)


STORM = "slow-database:times=60,seconds=15"


def test_what_does_not_survive_says_what_fails_for_how_long_and_what_is_behind():
    found = play(SHOP, WORKLOAD, STORM)
    assert not found.survived
    assert found.metrics["failures"] > 0
    assert 0 < found.metrics["failing_seconds"] < 40
    assert found.verdict.startswith("Does not survive: ")
    assert "as before" in found.verdict
    again = type(found).from_dict(found.to_dict())
    assert again == found


def test_the_smallest_change_survives_and_a_smaller_one_does_not():
    tight = SHOP.change(
        {
            "request_rate": 1500,
            "connection_pool.max_connections": 1,
            "connection_pool.timeout": 0.02,
        }
    )
    storm = "redis-down:seconds=4"
    found = survive(tight, WORKLOAD, storm)
    assert not found.before.survived
    way = next(way for way in found.ways if way.key == "connection_pool.max_connections")
    enough = int(way.after)
    assert play(tight.change({way.key: enough}), WORKLOAD, storm).survived
    assert not play(tight.change({way.key: enough - 1}), WORKLOAD, storm).survived
    assert found.best.key in found.advice


def test_what_no_size_survives_is_said_with_what_was_tried():
    found = survive(SHOP, WORKLOAD, "slow-database:times=900,seconds=20")
    assert found.best is None
    assert "by itself is enough" in found.advice
    assert "the database allows 200" in found.advice


def test_what_survives_needs_no_change():
    found = survive(SHOP, WORKLOAD, "traffic:times=1")
    assert found.ways == ()
    assert found.advice == "The service survives as it is."


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_is_read_again_from_what_it_says(name):
    made = read_scenario(name)
    assert read_scenario(made.spec) == made
    calling = with_calls(SHOP) if name == "slow-call" else SHOP
    assert play(calling, "zipf:keys=100,requests=500", made).scenario == made.spec


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("redis-donw", "redis-down"),
        ("xyz", "known: crawler, deploy"),
        ("redis-down:second=3", "seconds"),
        ("redis-down:seconds=-1", "out of bounds"),
        ("redis-down:seconds", "no value"),
        ("traffic:times=0.5", "1 to 1k"),
        ("deploy:at=9d", "workload ends after"),
        ("redis-down:at=nan", "at"),
    ],
)
def test_what_is_wrong_is_said(spec, words):
    with pytest.raises(BadInputError, match=words):
        play(SHOP, WORKLOAD, spec)


def test_a_scenario_without_effect_changes_no_number():
    for spec in ("traffic:times=1", "slow-database:times=1"):
        found = play(SHOP, WORKLOAD, spec)
        assert found.windows == found.calm
        for name in ("database_per_second", "latency_seconds_p95"):
            assert found.metrics[name] == found.metrics[f"calm_{name}"]


def test_a_scenario_may_begin_with_the_first_request():
    assert read_scenario("deploy:at=0").begins(CAME) == 0
    assert read_scenario("deploy").begins(CAME) == 0.4 * CAME.requests.times[-1]


def test_what_cannot_happen_to_a_service_is_refused_or_said():
    plain = without(without(SHOP, "redis_cache"), "cache")
    arrivals = "poisson:rate=200,requests=2k"
    for service, workload, spec in (
        (without(SHOP, "redis_cache"), WORKLOAD, "redis-down"),
        (plain, arrivals, "key-version"),
    ):
        for verb in (play, survive, Service.run):
            with pytest.raises(BadInputError, match="the service has no"):
                verb(service, workload, spec)
    assert "loses nothing" in play(plain, arrivals, "deploy").remarks[0]


def test_a_cause_that_outlasts_the_workload_is_said():
    found = play(SHOP, WORKLOAD, "slow-database:times=1,seconds=1h")
    assert "recovery_seconds" not in found.metrics
    assert "the workload ends before the cause does" in found.verdict
    assert "take a longer workload" in found.remarks[0]


SIXTY = "crawler:rate=10k,seconds=60s,at=0"


@pytest.mark.parametrize(
    "spec", ["crawler:rate=1M,seconds=1d,at=0", "traffic:times=1k,at=0", f"{SIXTY} + {SIXTY}"]
)
def test_more_requests_than_memory_holds_are_refused(spec, monkeypatch):
    monkeypatch.setattr(requests, "MOST_ADDED", 1_000_000)
    with pytest.raises(BadInputError, match="at most 1,000,000"):
        play(SHOP, WORKLOAD, spec)


@pytest.mark.parametrize("spec", [5, [3], {"name": "deploy"}])
def test_a_scenario_is_a_text(spec):
    with pytest.raises(BadInputError, match="must be a text"):
        play(SHOP, WORKLOAD, spec)


def test_several_scenarios_happen_together():
    assert read_scenario("crawler:rate=1e+2").rate == 100, "no + of an exponent joins"
    parts = ("redis-down:at=20,seconds=10", "traffic:at=25,seconds=5,times=2", "deploy:at=22")
    both = play(SHOP, WORKLOAD, parts)
    assert read_scenario(both.scenario).spec == both.scenario
    assert (both.begins, both.ends) == (20, 32)
    one = read_scenario(list(parts))
    steps = [step for part in parts for step in read_scenario(part).happenings(CAME)]
    assert one.happenings(CAME) == steps
    crowd = read_scenario(parts[1]).arriving(CAME)
    assert len(one.arriving(CAME).requests) == len(crowd.requests) > len(CAME.requests)
    assert (
        both.metrics["database_per_second"]
        >= play(SHOP, WORKLOAD, parts[0]).metrics["database_per_second"]
    )


def test_what_overlaps_itself_is_refused():
    with pytest.raises(BadInputError, match="they overlap"):
        play(SHOP, WORKLOAD, "redis-down:at=20,seconds=10 + redis-down:at=25,seconds=10")
    twice = "slow-database:at=20,seconds=5 + slow-database:at=25,seconds=5"
    assert play(SHOP, WORKLOAD, twice).ends == 30
    with pytest.raises(BadInputError, match="101 scenarios; at most 100"):
        read_scenario(["deploy"] * 101)
    # Two crowds would multiply each other; two crawlers ask for keys of their own.
    with pytest.raises(BadInputError, match="they overlap"):
        play(SHOP, WORKLOAD, "traffic:times=2 + traffic:times=2")
    crawlers = "crawler:at=20,rate=10 + crawler:at=25,rate=10"
    keys = read_scenario(crawlers).arriving(CAME).requests.keys
    assert len(keys) - len(CAME.requests) == len(set(keys) - set(CAME.requests.keys)) == 200


def test_a_file_names_scenarios():
    table = {"lunch": "traffic:at=20,seconds=5,times=2", "worst": "redis-down:at=20 + deploy"}
    shop = Service.from_mapping({**SHOP.shown(), "scenarios": table})
    assert shop == SHOP
    assert play(shop, WORKLOAD, "lunch").scenario == read_scenario(table["lunch"]).spec
    both = play(shop, WORKLOAD, ["worst", "crawler"])
    assert [part.split(":")[0] for part in both.scenario.split(" + ")] == [
        *("redis-down", "deploy", "crawler")
    ]
    with pytest.raises(BadInputError, match="did you mean 'lunch'"):
        play(shop, WORKLOAD, "lunhc")
    with pytest.raises(BadInputError, match="has its values in the file"):
        play(shop, WORKLOAD, "lunch:at=3")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"deploy": "traffic"}, "is the name of a kind of scenario"),
        ({"a + b": "traffic"}, "a sign that parts scenarios"),
        ({"noon": 3}, r"service\.scenarios\.noon: must be a text"),
        ({"noon": "trafic"}, r"service\.scenarios\.noon: .*did you mean 'traffic'"),
        (3, "must be a table of texts"),
    ],
)
def test_names_that_cannot_be_are_refused(table, words):
    with pytest.raises(BadInputError, match=words):
        Service.from_mapping({"cache": {}, "scenarios": table})


class Outcome:
    """An outcome of a scenario, as far as a search asks."""

    def __init__(self, failures):
        self.metrics, self.survived = {"failures": float(failures)}, failures == 0
        self.all_failures = failures


def searched(failures, now, low=1, high=64):
    """Return what is found where a value has so many failures, and the search."""
    found = SizeSearch(
        *(now, Outcome(failures(now)), low, high),
        whole=True,
        at=lambda value: Outcome(failures(value)),
        told=lambda value: value,
    )
    return found.find(), found


def test_a_search_does_not_take_more_for_better():
    assert searched(lambda size: max(0, 11 - size), 3)[0] == 11
    # More than 5 harm: fewer survive.
    value, search = searched(lambda size: max(0, size - 5), 12)
    assert value == 5
    assert search.fails_beyond is None
    # Only 10 and 11 survive: what is next to them is said.
    value, search = searched(lambda size: 0 if size in (10, 11) else 50 - size, 5)
    assert (value, search.fails_beyond) == (10, None)
    value, search = searched(lambda size: int(size != 10), 5)
    assert (value, search.fails_beyond) == (10, 11)
    value, search = searched(lambda size: 3 + abs(size - 20), 10)
    assert (value, search.nearest) == (None, 20)


def test_each_value_that_is_found_was_played():
    value, search = searched(lambda size: max(0, 700 - size), 20, high=5000)
    assert search.tried[value].survived
    assert value <= 700 * 1.05
    assert not search.tried[max(size for size in search.tried if size < value)].survived


def test_more_connections_that_harm_are_not_recommended():
    crowded = SHOP.change(
        {
            "query_seconds": "20ms",
            "database_contention": 0.4,
            "max_connections": 2000,
            "request_rate": 300,
            "connection_pool.max_connections": 60,
            "connection_pool.timeout": 0.5,
        }
    )
    found = survive(crowded, WORKLOAD, "redis-down:seconds=5")
    way = next(way for way in found.ways if way.key == "connection_pool.max_connections")
    if way.after is not None:
        size = round(way.times * 60)
        tried = crowded.change({way.key: size})
        assert play(tried, WORKLOAD, "redis-down:seconds=5").survived
    else:
        assert way.least != way.before
