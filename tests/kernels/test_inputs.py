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
        lambda ids: kernels.fifo_hits(ids, 3, 2),
        lambda ids: kernels.sieve_hits(ids, 3, 2),
        lambda ids: kernels.key_counts(ids, 3),
        lambda ids: kernels.by_key(ids, 3),
        lambda ids: kernels.previous_and_next(ids, 3),
        lambda ids: kernels.requests_of(ids, np.ones(3, np.uint8)),
        lambda ids: kernels.lru_bounded(ids, 3, 2),
        lambda ids: kernels.redis_eviction(ids, 3, "lru", 10, np.ones(5, np.int64)),
    ],
)
def test_an_id_beyond_the_keys_never_reaches_compiled_code(kernel, wrong):
    with pytest.raises(ValueError, match="is not below 3"):
        kernel(np.array([0, 1, 2, wrong, 1], np.int32))
