"""Accesses as chunks, and an LRU with read-ahead, against plain Python."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels import (
    Requests,
    chunk_reuse,
    lru_curve,
    lru_read_ahead,
    policy_hits,
    previous_and_next,
)

ACCESSES = st.lists(st.integers(0, 49), min_size=1, max_size=80)


@given(rows=ACCESSES, size=st.integers(1, 60), dtype=st.sampled_from([np.int32, np.int64]))
def test_collapsed_accesses_have_the_hits_of_all(rows, size, dtype):
    rows = np.array(rows, dtype)
    previous, repeats = chunk_reuse(rows, size, 50)
    curve = lru_curve(previous) + repeats
    before, after = previous_and_next((rows // size).astype(np.int32), 50)
    requests = Requests(previous=before, next_use=after)
    assert len(previous) + repeats == len(rows)
    for capacity in range(1, 52):
        wanted = policy_hits("lru", requests, capacity).sum()
        assert curve[min(capacity, len(curve) - 1)] == wanted


@given(
    chunks=st.lists(st.integers(0, 12), max_size=60),
    capacity=st.integers(1, 6),
    ahead=st.integers(0, 5),
    start=st.integers(0, 70),
    passes=st.integers(1, 3),
)
def test_read_ahead_is_that_of_plain_python(chunks, capacity, ahead, start, passes):
    held = OrderedDict()
    counts = dict.fromkeys(("hits", "misses", "ahead", "first_touches", "evictions"), 0)

    def bring(chunk, new):
        if len(held) == capacity:
            held.popitem(last=False)
            counts["evictions"] += 1
        held[chunk] = new

    for place, chunk in enumerate(chunks * passes):
        if place == start:
            counts = dict.fromkeys(counts, 0)
        new = held.get(chunk)
        counts["misses" if new is None else "hits"] += 1
        if new is None:
            bring(chunk, False)
        counts["first_touches"] += bool(new)
        held[chunk] = False
        held.move_to_end(chunk)
        if new is not False:
            for following in range(min(chunk + min(ahead, capacity - 1), 12), chunk, -1):
                if following not in held:
                    counts["ahead"] += 1
                    bring(following, True)
            held.move_to_end(chunk)
    stop = len(chunks) * passes
    if start >= stop:
        counts = dict.fromkeys(counts, 0)
    found = lru_read_ahead(chunks, 13, capacity, ahead, start=start, stop=stop)._asdict()
    assert found == {**counts, "held": len(held)}
