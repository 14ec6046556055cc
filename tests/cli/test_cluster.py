import sys

import pytest

SMALL = "zipf:skew=0.9,keys=1k,requests=20k,seed=1"

distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")


@pytest.fixture(scope="module")
def address():
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


def test_predict_computes_on_a_cluster(perflab, address):
    asked = ("predict", "cache", "-w", SMALL, "--sweep", "max_cache_size=10,100", "--json")
    assert perflab(*asked, "--scheduler", address).json["points"] == perflab(*asked).json["points"]


def test_tune_computes_on_a_cluster(perflab, address):
    asked = ("tune", "cache", "-w", SMALL, "--json")
    there, here = perflab(*asked, "--scheduler", address).json, perflab(*asked).json
    assert there["settings"] == here["settings"]
    assert there["reason"] == here["reason"]


@pytest.mark.parametrize("wrong", ["tcp://127.0.0.1:1", "nonsense://x"])
def test_a_scheduler_that_does_not_answer_is_one_line(refused, wrong, monkeypatch):
    monkeypatch.setattr("perflab.cli.cluster._CONNECT_SECONDS", 1)
    said = refused("predict", "cache", "-w", SMALL, "--scheduler", wrong)
    assert "no dask scheduler answers" in said
    assert wrong in said


def test_a_cluster_without_workers_is_one_line(refused, monkeypatch):
    monkeypatch.setattr("perflab.cli.cluster._WORKER_SECONDS", 1)
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty:
        said = refused("tune", "cache", "-w", SMALL, "--scheduler", empty.scheduler_address)
    assert "has no workers" in said


def test_without_dask_it_is_said_how_to_get_it(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = refused("predict", "cache", "-w", SMALL, "--scheduler", "tcp://127.0.0.1:1")
    assert "pip install 'perflab[cluster]'" in said
