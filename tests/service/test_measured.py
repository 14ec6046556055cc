"""From rows of workers to metrics: measured ones count the same requests as predicted ones."""

from __future__ import annotations

import numpy as np
import pytest

from perflab.bench.living import LayerTimeoutError
from perflab.bench.stage import Place, Requests
from perflab.kernels.chain.flights import Answer, ChainAnswers
from perflab.operations import Operation
from perflab.service.live.job import StageJob, WorkerDone, WorkerJob
from perflab.service.live.measured import measured_of, metrics_of, unevenly_done
from perflab.service.live.worker import Worker

NAN = np.nan
PLACES = (Place.SHARED, Place.POOL)
TIMES = np.arange(6.0)
REQUESTS = Requests(TIMES, np.arange(6))

# One each: served by the cache, by the database, timed out, refused, joined the load of who timed
# out, and served by the database after another wait.
ROWS = [
    # place, begun, ended, deepest, failure, wait, query began, query's seconds; own of each stage
    (0, 0.0, 0.001, 0, 0, NAN, NAN, NAN, 0.001, NAN),
    (1, 1.0, 1.301, 2, 0, 0.1, 1.101, 0.2, 0.001, 0.3),
    (2, 2.0, 2.501, 1, 1, NAN, NAN, NAN, 0.001, 0.5),
    (3, 3.0, 3.001, 1, 2, NAN, NAN, NAN, 0.001, 0.0),
    (4, 4.0, 4.501, 0, 1, NAN, NAN, NAN, 0.501, NAN),
    (5, 5.0, 5.251, 2, 0, 0.05, 5.051, 0.2, 0.001, 0.25),
]


def done(rows, worker=0):
    """Return what a worker tells that did so."""
    table = np.array(rows, np.float64)
    return WorkerDone(worker, table[:, :8], table[:, 8:], None)


def chained(answers, waits, services, tries):
    """Return answers of a chain that ends when the rows do."""
    ends = np.array([row[2] for row in ROWS])
    lasted = np.array(services)
    starts = np.where(np.isnan(lasted), NAN, ends - lasted)
    codes, asked = np.array(answers, np.uint8), np.array(tries, np.int32)
    return ChainAnswers(ends, codes, np.array(waits), starts, lasted, asked)


def test_waits_are_those_of_all_who_asked_the_pool():
    measured = measured_of([done(ROWS)], REQUESTS, PLACES)
    # So the chain has the same requests: those that get no connection have waited and asked, too.
    answers = chained(
        [
            *(Answer.REMOTE, Answer.DATABASE, Answer.TIMED_OUT, Answer.REFUSED),
            *(Answer.TIMED_OUT, Answer.DATABASE),
        ],
        [0.0, 0.1, 0.5, 0.0, 0.0, 0.05],
        [NAN, 0.2, NAN, NAN, NAN, 0.2],
        [0, 1, 1, 1, 0, 1],
    )
    assert measured.found.tries.tolist() == answers.tries.tolist()
    assert measured.found.waits.tolist() == answers.waits.tolist()
    assert measured.found.answers.tolist() == answers.answers.tolist()
    found = metrics_of(TIMES, measured.found, PLACES)
    assert found == metrics_of(TIMES, answers, PLACES)
    assert found["wait_seconds_mean"] == pytest.approx((0.1 + 0.5 + 0.0 + 0.05) / 4)
    assert found["errors"] == 3


def test_a_request_that_two_processes_did_counts_once_and_one_is_missed():
    later = (3, 3.0, 3.002, 2, 0, 0.0, 3.001, 0.001, 0.001, 0.001)
    told = [done(ROWS[:4]), done([later, ROWS[5]])]
    measured = measured_of(told, REQUESTS, PLACES)
    assert measured.places.tolist() == [0, 1, 2, 3, 5]
    # Of who took over, whose turn it was.
    assert measured.found.ends[3] == 3.002
    assert measured.found.answers[3] == Answer.DATABASE
    assert measured.own.shape == (5, 2)
    twice, missed = unevenly_done(told, measured, len(REQUESTS))
    assert twice.startswith("1 request was done twice")
    assert missed == "1 of 6 requests was done by no worker"
    assert unevenly_done(told, measured, None) == [twice]
    whole = [done(ROWS)]
    assert unevenly_done(whole, measured_of(whole, REQUESTS, PLACES), len(REQUESTS)) == []


@pytest.mark.parametrize(
    ("places", "rates"),
    [
        ((Place.SHARED, Place.POOL), {"hit_rate_shared": 4 / 6}),
        ((Place.PROCESS, Place.POOL), {"hit_rate_process": 3 / 6}),
        (
            (Place.PROCESS, Place.SHARED, Place.POOL),
            {"hit_rate_process": 3 / 6, "hit_rate_shared": 1 / 3},
        ),
    ],
)
def test_who_joins_a_load_is_a_hit_of_the_first_cache(places, rates):
    local = Answer.LOCAL if Place.PROCESS in places else Answer.REMOTE
    shared = Answer.REMOTE if Place.SHARED in places else Answer.DATABASE
    codes = [local, Answer.JOINED, Answer.JOINED, shared, Answer.DATABASE, Answer.DATABASE]
    answers = chained(codes, [0.0] * 6, [NAN, NAN, NAN, NAN, 0.2, 0.2], [0, 0, 0, 0, 1, 1])
    found = metrics_of(TIMES, answers, places)
    assert {name: found[name] for name in found if name.startswith("hit_rate")} == rates
    if places[0] is Place.SHARED:
        assert found["hit_rate_shared"] == np.mean(answers.answers <= Answer.REMOTE)


def test_a_write_without_a_connection_has_its_wait():
    class Refuses:
        def write(self, *_told):
            raise LayerTimeoutError

    nothing = np.zeros(0)
    stage = StageJob("cache", {"max_cache_size": 10}, {})
    job = WorkerJob(0, (stage,), nothing, nothing, nothing, np.zeros(0, np.uint8), nothing, 1)
    worker, took = Worker(job), [NAN]
    worker._layers = [Refuses()]
    assert worker._do(Operation.WRITE, "key", took) == 1.0
    assert took[0] >= 0
