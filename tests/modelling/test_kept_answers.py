from __future__ import annotations

import threading

import pytest

from perflab.bench import load_bench
from perflab.modelling.kept_answers import MOST_SLICES, KeptAnswers


def test_the_answer_that_was_not_asked_for_longest_goes_first():
    kept = KeptAnswers[str, int](2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    assert kept.get("a") == 1
    kept.keep("c", 3)
    assert "b" not in kept
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)


def test_an_answer_is_computed_once_while_it_is_kept():
    kept = KeptAnswers[int, int](1)
    asked = []
    for key in (1, 1, 2, 1):
        kept.answer(key, lambda key=key: asked.append(key) or key)
    assert asked == [1, 2, 1]


def test_answers_weigh_what_they_are_said_to():
    kept = KeptAnswers[str, list[int]](10, len)
    kept.keep("a", [0] * 6)
    kept.keep("a", [0] * 4)
    kept.keep("b", [0] * 6)
    assert len(kept) == 2
    kept.keep("c", [0])
    assert "a" not in kept
    kept.keep("d", [0] * 50)
    assert len(kept) == 1
    assert "d" in kept


def test_threads_that_keep_at_once_stay_within_the_bound():
    kept = KeptAnswers[int, int](50)
    together = threading.Barrier(4)

    def work(first: int) -> None:
        together.wait()
        for key in range(first, first + 2000):
            kept.answer(key % 300, lambda key=key: key)

    threads = [threading.Thread(target=work, args=(first * 70,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 50


@pytest.mark.parametrize(
    ("pattern", "workload", "values"),
    [
        ("cache", "zipf:keys=100,requests=2k", {}),
        ("redis_cache", "zipf:keys=100,requests=2k", {}),
        ("lazy_loading", "scan:keys=2k,requests=2k", {"read_ahead": 1}),
        ("async_io", "poisson:requests=2k", {"load_model": "open"}),
    ],
)
def test_slices_of_a_run_push_no_whole_answer_out(pattern, workload, values):
    bench = load_bench(pattern)
    settings, load = bench.read({"request_rate": 100, **values})
    model = bench.model(bench.workload_for(settings, workload), bench.calibration.shipped_costs)
    model.predict(settings, load)
    for last in range(100, 100 + 2 * MOST_SLICES):
        model.predict(settings, load, slice(50, last))
    assert model.ready(settings, load)
    if pattern == "async_io":
        slices = model._kept.slices
    elif pattern == "lazy_loading":
        slices = model._counted.cut(settings.chunk_size)._slices
    else:
        slices = model.counter._slices
    assert len(slices) == MOST_SLICES
