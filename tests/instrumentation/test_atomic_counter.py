from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from perflab.instrumentation import AtomicCounter


def test_looking_does_not_count():
    counter = AtomicCounter()
    for _ in range(5):
        next(counter)
    assert [counter.read() for _ in range(3)] == [5, 5, 5]


def test_threads_lose_no_count_while_others_look():
    counter = AtomicCounter()

    def count(_):
        for _ in range(50_000):
            next(counter)
        return counter.read()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))
    assert counter.read() == 400_000
