"""A worker's process, as its parent has it."""

from __future__ import annotations

import time

import numpy as np
import pytest

from perflab.servers.keeper import Keeper
from perflab.service.live.job import Go, Slower, StageJob, StopAt, WorkerJob
from perflab.service.live.workers import _Process

SETTINGS = {"max_cache_size": 10}


def job_of(count):
    """Return a job of so many requests at once, through a process cache."""
    stages = (StageJob("cache", SETTINGS, {}),)
    keys = np.arange(count)
    return WorkerJob(1, stages, keys, np.zeros(count), keys, np.zeros(0, np.uint8), np.zeros(0), 1)


@pytest.fixture
def process():
    """A worker that is ready to do three requests."""
    keeper = Keeper.of_new_folder("perflab-service-")
    made = _Process(job_of(3), keeper)
    try:
        made.ready()
        yield made
    finally:
        made.close()
        keeper.release()


def test_a_worker_that_has_done_all_may_be_told_what_concerns_requests(process):
    process.tell(Go(time.monotonic()))
    assert process._process.wait(60) == 0
    process.tell(Slower(2.0))
    process.tell(StopAt(0.0))
    process.check()
    assert process.done().rows[:, 0].tolist() == [0, 1, 2]


def test_a_worker_that_died_is_not_taken_for_one_that_has_done_all(process):
    process._process.kill()
    process._process.wait(60)
    for order in (Slower(2.0), StopAt(0.0)):
        with pytest.raises(RuntimeError, match="worker 2 died"):
            process.tell(order)


def test_one_that_has_done_all_cannot_begin(process):
    process.tell(Go(time.monotonic()))
    assert process._process.wait(60) == 0
    with pytest.raises(RuntimeError, match="worker 2 died"):
        process.tell(Go(time.monotonic()))
