"""Sweeps over a real dask cluster of two processes, whose workers die."""

import os
import signal
from pathlib import Path

import pytest

from perflab.errors import BadInputError
from perflab.tuning.executors import gather
from perflab.tuning.recommend import tune
from perflab.tuning.sweep import predict, predictions

dask = pytest.importorskip("dask", reason="the extra cluster is not installed")
distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")

TRACE = "zipf:skew=0.8,keys=100k,requests=1M,seed=2"
SIZES = [100 * step for step in range(1, 41)]
SWEEP = {"policy": ["sieve"], "max_cache_size": SIZES}


@pytest.fixture(scope="module")
def cluster():
    # A worker's death is the caller's business at once: dask's own retries come before ours.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=200)
        yield client


def die_once(marker):
    path = Path(marker)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_of_a_cluster_predict_the_same(client, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_SHARED_DIR", str(tmp_path))
    here = predict("cache", TRACE, sweep=SWEEP)
    there = predict("cache", TRACE, sweep=SWEEP, executor=client.get_executor())
    assert there.equals(here)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_killed_midway_costs_no_result(client):
    here = predict("cache", TRACE, sweep=SWEEP)
    pids = client.run(os.getpid)
    killed = []

    def kill_one(done, total):
        if done >= 5 and not killed:
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)
        assert done <= total == len(SIZES)

    there = predictions(
        "cache", TRACE, sweep=SWEEP, executor=client.get_executor(), progress=kill_one
    )
    assert there.to_frame().equals(here)
    client.wait_for_workers(2, timeout=200)
    assert killed[0] not in client.run(os.getpid).values()


def test_work_whose_worker_died_is_done_by_another(client, tmp_path):
    marker = tmp_path / "died"
    (pid,) = gather(client.get_executor(), die_once, [(str(marker),)], ["once"])
    assert marker.exists()
    assert pid != os.getpid()


def test_work_that_kills_each_worker_is_named(client):
    with pytest.raises(BadInputError, match="worker died at size=7"):
        gather(client.get_executor(), die, [()], ["size=7"])


def test_tuning_over_a_cluster_recommends_the_same(client):
    small = "zipf:skew=0.8,keys=10k,requests=100k,seed=2"
    here = tune("cache", small)
    there = tune("cache", small, executor=client.get_executor())
    assert there.settings == here.settings
    assert there.points == here.points
