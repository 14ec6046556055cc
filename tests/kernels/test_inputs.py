"""One compiled form a kernel, whatever array a caller has."""

from __future__ import annotations

import numpy as np
import pytest

from perflab import kernels
from perflab.kernels.inputs import frozen
from perflab.kernels.reuse import _previous_and_next


@pytest.mark.compiled
def test_all_kinds_of_arrays_share_one_compiled_form(tmp_path):
    ids = np.array([0, 1, 0, 2], np.int32)
    np.save(tmp_path / "ids.npy", ids)
    read_only = ids.copy()
    read_only.flags.writeable = False
    unaligned = np.frombuffer(b"x" + ids.tobytes(), np.int32, offset=1)
    mapped = np.load(tmp_path / "ids.npy", mmap_mode="r")
    strided = np.repeat(ids, 2)[::2]
    for kind in (ids, read_only, unaligned, mapped, strided, ids.astype(np.int64), ids.tolist()):
        previous, _ = kernels.previous_and_next(kind, np.int32(3))
        assert previous.tolist() == [-1, -1, 0, -1]
    assert len(_previous_and_next.signatures) == 1


def test_an_array_stays_writable_for_its_owner():
    ids = np.zeros(3, np.int32)
    view = frozen(ids, np.int32)
    assert np.shares_memory(view, ids)
    assert ids.flags.writeable
    assert not view.flags.writeable


def test_a_table_is_refused():
    with pytest.raises(ValueError, match="one dimension"):
        frozen(np.zeros((2, 2)), np.int32)


@pytest.mark.parametrize("wrong", [-1, 3, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize(
    "kernel",
    [
        lambda ids: kernels.policy_hits("fifo", kernels.Requests(ids, 3), 2),
        lambda ids: kernels.policy_hits("sieve", kernels.Requests(ids, 3), 2),
        lambda ids: kernels.key_counts(ids, 3),
        lambda ids: kernels.by_key(ids, 3),
        lambda ids: kernels.previous_and_next(ids, 3),
        lambda ids: kernels.requests_of(ids, np.ones(3, np.uint8)),
        lambda ids: kernels.policy_counts("lru", ids, 3, 2),
        lambda ids: kernels.redis_eviction(ids, 3, "lru", 10, np.ones(5, np.int64)),
    ],
)
def test_an_id_beyond_the_keys_never_reaches_compiled_code(kernel, wrong):
    with pytest.raises(ValueError, match="is not below 3"):
        kernel(np.array([0, 1, 2, wrong, 1], np.int32))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: kernels.lru_read_ahead([0, 3], 3, 2, 1), "the id 3 of request 1 is not below 3"),
        (lambda: kernels.lru_read_ahead([0, -1], 3, 2, 1), "the id -1 of request 1"),
        (lambda: kernels.lru_read_ahead([0, 1], 3, 0, 1), "at least 1 chunk, got 0"),
        (lambda: kernels.chunk_reuse(np.array([0, 9, 10]), 5, 10), "a row is not below"),
        (lambda: kernels.chunk_reuse(np.array([0, -7, 3]), 5, 10), "a row is not below"),
        (lambda: kernels.chunk_reuse(np.array([0, 1]), 0, 10), "at least 1 row, got 0"),
        (lambda: kernels.by_count([3, -1]), "a count is negative"),
        (lambda: kernels.lru_departures([-1, 0], [1], 1), "1 next uses for 2 requests"),
    ],
)
def test_what_would_be_written_elsewhere_is_refused(call, error):
    with pytest.raises(ValueError, match=error):
        call()


def test_a_loop_over_no_chunks_makes_no_access():
    assert tuple(kernels.lru_read_ahead([], 3, 2, 1, stop=5)) == (0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("policy", kernels.POLICIES)
def test_a_bound_beyond_64_bits_is_none(policy):
    ids = np.array([0, 1, 2, 0, 1, 3, 4, 0], np.int32)
    requests = kernels.Requests(ids, 5, *kernels.previous_and_next(ids, 5))
    assert kernels.policy_hits(policy, requests, 2**70).tolist() == [3]
    if kernels.POLICIES[policy].bounded:
        for bound in (2**63 - 1, 2**64):
            counts = kernels.policy_counts(
                policy, ids, 5, bound, sizes=np.full(8, 5), max_bytes=bound
            )
            assert tuple(counts) == (3, 5, 0, 0, 15, 5, 25)


def test_a_policy_that_lacks_a_column_names_it():
    previous, next_use = kernels.previous_and_next([0, 1, 0], 2)
    assert kernels.policy_hits("lru", kernels.Requests(None, 0, previous, next_use), 2) == 1
    with pytest.raises(ValueError, match="sieve reads ids, which the requests do not have"):
        kernels.policy_hits("sieve", kernels.Requests(None, 0, previous, next_use), 2)
    with pytest.raises(ValueError, match="columns of 2 and 3 requests"):
        kernels.policy_hits("lru", kernels.Requests(None, 0, previous[:2], next_use), 2)


def test_a_policy_that_is_not_simulated_with_bounds_is_refused_with_them():
    with pytest.raises(ValueError, match="opt is simulated without bounds"):
        kernels.policy_counts("opt", [0, 1], 2, 1)
