"""OPT with writes and removals: no choice of victims has more hits."""

from __future__ import annotations

import functools

import numba
import numpy as np
import pytest

from perflab import kernels

TRACES = 15 if numba.config.DISABLE_JIT else 400
GET, SET, TOUCH, DELETE, UNLESS_FILL = range(5)


def most_hits(ids, operations, capacity):
    """Return the most hits that any victims allow, where each miss and set is admitted."""

    @functools.cache
    def best(t, held):
        if t == len(ids):
            return 0
        key, operation = ids[t], operations[t]
        if operation == DELETE:
            return best(t + 1, held - {key})
        if operation == TOUCH or key in held or capacity < 1:
            return (operation == GET and key in held) + best(t + 1, held)
        if len(held) < capacity:
            return best(t + 1, held | {key})
        return max(best(t + 1, held - {victim} | {key}) for victim in held)

    return best(0, frozenset())


def test_opt_has_the_most_hits():
    for seed in range(TRACES):
        rng = np.random.default_rng(seed)
        length, capacity = int(rng.integers(1, 25)), int(rng.integers(0, 4))
        ids = rng.integers(0, 5, length)
        codes = rng.choice(4, length, p=[0.6, 0.15, 0.1, 0.15])
        following = kernels.next_gets(ids, 5, codes)
        requests = kernels.Requests(ids, 5, None, following, codes)
        hits = kernels.policy_hits("opt", requests, capacity).sum()
        assert hits == most_hits(tuple(ids), tuple(codes), capacity), f"seed {seed}"


def test_all_gets_have_the_next_uses_of_a_trace_without_operations():
    ids = np.random.default_rng(1).zipf(1.3, 3_000) % 200
    _, following = kernels.previous_and_next(ids, 200)
    assert np.array_equal(kernels.next_gets(ids, 200, [GET] * 3_000), following)
    requests = kernels.Requests(ids, 200, None, following)
    gets = requests._replace(operations=np.zeros(3_000, np.uint8))
    for capacity in (1, 20, 300):
        plain = kernels.policy_hits("opt", requests, capacity, 100)
        assert np.array_equal(plain, kernels.policy_hits("opt", gets, capacity, 100))


def test_a_removal_that_depends_on_the_cache_has_no_optimum():
    assert kernels.next_gets([0, 0, 0, 0], 1, [GET, GET, UNLESS_FILL, GET]) is None
    loaded = kernels.next_gets([0, 0, 0, 0], 1, [GET, UNLESS_FILL, GET, GET])
    assert loaded.tolist() == [2, 4, 3, 4]
    removed = kernels.next_gets([0, 0, 0, 0], 1, [SET, UNLESS_FILL, GET, GET])
    assert removed.tolist() == [4, 4, 3, 4]


def test_next_uses_that_know_no_operations_are_refused():
    _, following = kernels.previous_and_next([0, 0], 1)
    requests = kernels.Requests(np.zeros(2, np.int32), 1, None, following, np.array([GET, DELETE]))
    with pytest.raises(ValueError, match="next_gets"):
        kernels.policy_hits("opt", requests, 1)
