import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from perflab.errors import BadInputError
from perflab.tuning.executors import gather
from perflab.tuning.sweep import predict

SWEEP = {"policy": ["lru", "sieve"], "max_cache_size": [5, 50, 500]}
SMALL = "zipf:skew=0.9,keys=1k,requests=20k,seed=1"


def die():
    os._exit(1)


def divided(number):
    return 1 / number


def processes():
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def test_results_come_in_order_and_progress_counts_them():
    seen = []
    with ThreadPoolExecutor(2) as threads:
        found = gather(
            threads, divided, [(1,), (2,), (4,)], "abc", lambda *counts: seen.append(counts)
        )
    assert found == [1, 0.5, 0.25]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_an_error_of_the_work_is_its_own():
    with ThreadPoolExecutor(1) as threads, pytest.raises(ZeroDivisionError):
        gather(threads, divided, [(1,), (0,)], "ab")


def test_a_worker_that_dies_twice_is_named():
    with processes() as pool, pytest.raises(BadInputError, match="worker died at size=5, and ag"):
        gather(pool, die, [()], ["size=5"])


def test_a_shared_folder_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_SHARED_DIR", str(tmp_path / "nowhere"))
    with ThreadPoolExecutor(1) as threads, pytest.raises(BadInputError, match="all workers read"):
        predict("cache", SMALL, executor=threads)


def test_other_processes_predict_the_same():
    here = predict("cache", SMALL, sweep=SWEEP)
    with processes() as pool:
        there = predict("cache", SMALL, sweep=SWEEP, executor=pool)
    assert there.equals(here)


def test_a_method_of_sampling_goes_to_other_processes_too():
    trace = "zipf:skew=0.9,keys=30k,requests=100k,seed=1"
    spatial = {"sample": 0.4, "sampling": "spatial"}
    here = predict("cache", trace, sweep=SWEEP, **spatial)
    with processes() as pool:
        there = predict("cache", trace, sweep=SWEEP, executor=pool, **spatial)
    assert there.equals(here)
    assert not here.equals(predict("cache", trace, sweep=SWEEP, sample=0.4))


def test_sampled_points_say_how_far_they_may_be_off():
    trace = "zipf:skew=0.9,keys=30k,requests=100k,seed=1"
    remarks = predict("cache", trace, sweep=SWEEP, sample=0.4).attrs["remarks"]
    assert any(
        "points are from samples: hit rate ± " in said and said.endswith("at most")
        for said in remarks
    )


@pytest.mark.parametrize(
    ("pattern", "values", "said"),
    [
        ("cache", {"sampling": "spatial"}, "also set sample"),
        ("cache", {"sample": 0.1, "sampling": "spacial"}, "did you mean 'spatial'"),
        ("redis_cache", {"sample": 0.1, "sampling": "spatial"}, "one way of sampling"),
    ],
)
def test_sampling_that_cannot_be_is_refused(pattern, values, said):
    with pytest.raises(BadInputError, match=said):
        predict(pattern, SMALL, **values)
