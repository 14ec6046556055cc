"""The fleet: pools within the database's limit, a PgBouncer beside them, and deploys."""

import numpy as np
import pytest

from perflab import BadInputError, Service, Trace
from perflab.reports.service.decision import service_decision
from perflab.service import Fleet

DRAW = np.random.default_rng(5)
COUNT = 6000
KEYS = (DRAW.zipf(1.3, COUNT) % 3000).astype(np.int64)
TRACE = Trace.from_keys(KEYS, np.cumsum(DRAW.exponential(0.002, COUNT)))
SERVICE = Service.from_mapping(
    {
        "replicas": 3,
        "max_replicas": 6,
        "workers": 2,
        "max_connections": 40,
        "cache": {"max_cache_size": 100},
        "connection_pool": {"min_connections": 0, "max_connections": 6, "timeout": 1},
    }
)


@pytest.fixture(autouse=True)
def shipped(monkeypatch, tmp_path):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))


@pytest.fixture(scope="module")
def fleet():
    return SERVICE.fleet(TRACE)


def test_pools_are_sized_within_what_the_database_allows(fleet):
    for replicas in (3, 6):
        pools = [row for row in fleet.rows if (row.replicas, row.way) == (replicas, "pools")]
        sizes = [row.per_process for row in pools]
        assert sizes == sorted(set(sizes))
        assert {1, 6, 40 // (2 * replicas)} <= set(sizes)
        for row in pools:
            assert row.connections == row.processes * row.per_process
            assert row.fits == (row.deploying <= 40)


def test_a_row_is_what_is_predicted_at_its_sizes(fleet):
    row = next(row for row in fleet.rows if (row.replicas, row.way) == (3, "pgbouncer"))
    assert (row.connections, row.deploying, row.fits) == (40, 40, True)
    alone = SERVICE.change({"pgbouncer_connections": 40}).predict(TRACE)
    assert row.metrics["latency_seconds_p99"] == pytest.approx(alone.metrics["latency_seconds_p99"])
    size = next(row for row in fleet.rows if (row.replicas, row.per_process) == (6, 1))
    changes = {"replicas": 6, "connection_pool.max_connections": 1}
    rate = SERVICE.predict(TRACE).metrics["requests_per_second"]
    alone = SERVICE.change({**changes, "request_rate": 2 * rate}).predict(TRACE)
    waits = alone.row("connection_pool").metrics
    assert size.metrics["wait_seconds_p99"] == pytest.approx(waits["wait_seconds_p99"])


def test_a_deploy_that_goes_over_the_limit_is_a_warning(fleet):
    now, most = fleet.warnings
    assert "at 3 replicas, a rolling deploy raises 36 connections to up to 48 (+33.3 %)" in now
    assert "at 6 replicas, 12 pools of 6 open up to 72 connections" in most
    doubled = SERVICE.change(
        {"deploy_surge": 1, "max_replicas": None, "connection_pool.max_connections": 5}
    )
    (warning,) = doubled.fleet(TRACE).warnings
    assert "raises 30 connections to up to 60 (+100 %); the database allows 40" in warning
    small = doubled.change({"connection_pool.max_connections": 3})
    assert small.fleet(TRACE).warnings == ()


def test_the_size_that_is_chosen_fits_and_is_named(fleet):
    chosen = next(
        row for row in fleet.rows if fleet.reason.startswith(f"{row.per_process} connection")
    )
    assert chosen.way == "pools"
    assert "with a PgBouncer of 40 connections" in fleet.reason


def test_an_overloaded_database_is_said_first():
    slow = SERVICE.change({"request_rate": 20_000, "connection_pool.timeout": "50ms"})
    found = slow.fleet(TRACE)
    assert found.reason.startswith("no pools carry the load: at 6 replicas")
    assert found.is_overloaded
    said = service_decision([found])
    assert said.answer == "do not ship"
    assert any(text.startswith("No pools carry the load") for text in said.reasons)


def test_calls_that_fail_are_not_taken_for_missing_connections():
    calls = {"latency_seconds": 0.001, "error_rate": 0.05, "retries": 0}
    own = {"workers": 2, "max_connections": 40, "cache": {"max_cache_size": 100}}
    service = Service.from_mapping(
        {**own, "async_io": calls, "connection_pool": {"max_connections": 6, "timeout": 5}}
    )
    found = service.fleet(TRACE)
    lost = service.predict(TRACE).metrics["errors"]
    row = next(row for row in found.rows if row.per_process == 6)
    assert row.metrics["pool_errors"] == 0
    assert row.metrics["errors"] == lost > 10
    assert "no pools carry the load" not in found.reason
    assert "connection per process" in found.reason.replace("connections", "connection")
    assert found.reason.endswith("of the requests fail elsewhere than at the pools")


def test_more_processes_than_connections_need_a_pgbouncer():
    many = SERVICE.change({"replicas": 30, "max_replicas": None})
    found = many.fleet(TRACE)
    assert found.reason.startswith("no pools fit: 60 processes need a connection each")
    assert [row.fits for row in found.rows if row.way == "pgbouncer"] == [True]


def test_a_pgbouncer_larger_than_the_database_allows_is_a_warning():
    found = SERVICE.change({"pgbouncer_connections": 60}).fleet(TRACE)
    (warning,) = found.warnings
    assert "pgbouncer_connections is 60, but the database allows 40" in warning
    assert {row.fits for row in found.rows if row.way == "pgbouncer"} == {False}
    assert "60" not in found.reason
    many = SERVICE.change({"pgbouncer_connections": 60, "replicas": 30, "max_replicas": None})
    assert many.fleet(TRACE).reason.endswith("take a PgBouncer of at most 40 connections")
    assert SERVICE.change({"pgbouncer_connections": 40}).fleet(TRACE).warnings == ()


def test_a_service_without_a_pool_has_no_fleet():
    with pytest.raises(BadInputError, match="needs a connection pool as its last stage"):
        Service.from_mapping({"cache": {}}).fleet(TRACE)


def test_a_fleet_is_kept_and_read_again(fleet, tmp_path):
    path = fleet.to_json(tmp_path / "fleet.json")
    assert Fleet.load(path).to_dict() == fleet.to_dict()
    assert len(fleet.to_frame()) == len(fleet.rows)


def test_load_that_is_drawn_grows_as_the_replicas_do():
    drawn = SERVICE.change({"request_rate": 400})
    workload = Trace.from_keys(KEYS)
    size = next(
        row for row in drawn.fleet(workload).rows if (row.replicas, row.per_process) == (6, 1)
    )
    changes = {"replicas": 6, "request_rate": 800, "connection_pool.max_connections": 1}
    alone = drawn.change(changes).predict(workload).metrics
    assert size.metrics["latency_seconds_p99"] == alone["latency_seconds_p99"]


def test_workload_with_hours_between_requests_has_a_fleet_too():
    slow = SERVICE.change({"max_replicas": None})
    assert slow.fleet(Trace.from_keys(KEYS[:50], 7200.0 * np.arange(50))).rows
