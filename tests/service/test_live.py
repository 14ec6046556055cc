"""A service that runs on real servers, beside its prediction."""

from __future__ import annotations

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.service import Service
from perflab.service.live import run as live
from perflab.service.live.result import ServiceRun
from perflab.service.live.run import run_service

pytestmark = pytest.mark.server

WORKLOAD = "zipf:keys=2k,requests=20k,skew=0.9,seed=5"
SHOP = Service.from_mapping(
    {
        "workers": 2,
        "request_rate": 150,
        "cache": {"max_cache_size": 100},
        "redis_cache": {"maxmemory": "30MiB"},
        "connection_pool": {"max_connections": 3, "timeout": 10},
    }
)


@pytest.fixture(scope="module")
def killed():
    """A run in which Valkey is killed for a second."""
    return run_service(SHOP, WORKLOAD, "redis-down:at=2,seconds=1", seconds=5)


def test_a_run_agrees_with_its_prediction(killed):
    assert killed.metrics["errors"] == 0
    assert killed.metrics["requests"] == killed.predicted["requests"] > 500
    # What joins a load of another thread makes a difference of a few requests.
    mine, told = killed.metrics["hit_rate_process"], killed.fitted["hit_rate_process"]
    assert mine == pytest.approx(told, abs=0.01)
    load, expected = killed.metrics["database_per_second"], killed.fitted["database_per_second"]
    assert load == pytest.approx(expected, rel=0.1)


def test_the_server_is_really_killed_and_comes_back(killed):
    died, back = (event["seconds"] for event in killed.events)
    first, second = (event["words"] for event in killed.events)
    assert "killed" in first
    assert "empty" in second
    assert 2 <= died < back
    ends, database = (np.array(killed.windows[name]) for name in ("ends", "database"))
    hits = np.array(killed.windows["hit_rate"])
    assert len(ends) == len(database) == len(hits)
    assert killed.servers["redis_cache"].startswith(("Valkey", "Redis"))


def test_it_is_kept_and_read_again(killed, tmp_path):
    path = killed.to_json(tmp_path / "run.json")
    assert ServiceRun.load(path).to_dict() == killed.to_dict()


def test_restarted_workers_are_others_and_no_request_is_lost():
    bare = Service.from_mapping({"workers": 2, "request_rate": 100, "cache": {}})
    found = run_service(bare, WORKLOAD, "deploy:at=1,gap=1", seconds=6)
    told = [event["words"] for event in found.events]
    assert told[0] == "worker 1 was restarted"
    assert found.metrics["errors"] == 0
    assert found.metrics["requests"] == found.predicted["requests"]
    assert found.metrics["hit_rate_process"] == pytest.approx(
        found.fitted["hit_rate_process"], abs=0.02
    )


def test_a_pool_that_is_too_small_turns_requests_away():
    tight = SHOP.change({"connection_pool.max_connections": 1, "connection_pool.timeout": 0.001})
    busy = tight.change({"request_rate": 1500, "workers": 1, "cache.max_cache_size": 1})
    found = run_service(busy, WORKLOAD, seconds=3)
    assert found.metrics["errors"] > 0
    assert found.metrics["requests"] == found.predicted["requests"]


@pytest.mark.parametrize(
    ("changes", "scenario", "seconds", "words"),
    [
        ({"workers": 17}, None, 1, "16 workers"),
        ({}, None, 0, "above 0"),
        ({}, None, float("nan"), "above 0"),
        ({}, None, 0.00001, "fewer than two requests"),
        ({}, "slow-database", 2, "predicted only"),
        ({}, "redis-down:at=9", 2, "workload ends after"),
        ({"redis_cache.redis_host": "10.0.0.9"}, None, 2, "leave it out"),
        ({"connection_pool.query": "SELECT 1"}, None, 2, "your own statement"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_starts(
    changes, scenario, seconds, words, monkeypatch
):
    monkeypatch.setattr(live, "Workers", None)
    with pytest.raises(BadInputError, match=words):
        run_service(SHOP.change(changes), WORKLOAD, scenario, seconds=seconds)


def test_a_worker_that_dies_ends_the_run_with_a_reason(monkeypatch):
    from perflab.service.live import workers

    ready = workers._Process.ready

    def dies(process):
        ready(process)
        process._process.kill()

    monkeypatch.setattr(workers._Process, "ready", dies)
    bare = Service.from_mapping({"workers": 1, "request_rate": 100, "cache": {}})
    with pytest.raises(RuntimeError, match="worker 1 died"):
        run_service(bare, WORKLOAD, seconds=1)
