"""What each request met, against what loops count of every beginning of the same requests."""

import numpy as np
import pytest

from perflab import kernels

COUNT, KEYS = 300, 40
DRAW = np.random.default_rng(5)
IDS = (DRAW.zipf(1.3, COUNT) % KEYS).astype(np.int32)
TIMES = np.cumsum(DRAW.integers(0, 3, COUNT)).astype(np.float64)
SIZES = DRAW.integers(1, 9, KEYS)[IDS]
TTLS = np.where(DRAW.random(COUNT) < 0.5, np.nan, DRAW.integers(1, 60, COUNT))
BOUNDED = [name for name, loops in kernels.POLICIES.items() if loops.bounded is not None]


def followed(count):
    history = kernels.new_history(COUNT)
    return kernels.Outcomes.of(history, count(COUNT, history))


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("policy", BOUNDED)
def test_outcomes_add_up_to_the_counts_of_every_prefix(policy, eager):
    # W-TinyLFU makes its sketch by the mean size of all requests.
    sizes = np.full(COUNT, 3) if policy == "wtinylfu" else SIZES

    def count(stop, history=None):
        columns = {"sizes": sizes[:stop], "times": TIMES[:stop], "ttls": TTLS[:stop]}
        bounds = {"max_bytes": 60, "ttl": 50.0, "eager": eager, "history": history}
        return kernels.policy_counts(policy, IDS[:stop], KEYS, 12, **columns, **bounds)

    found = followed(count)
    each = [count(stop) for stop in range(1, COUNT + 1)]
    assert np.cumsum(found.hit).tolist() == [counts.hits for counts in each]
    assert found.entries.tolist() == [counts.entries for counts in each]
    assert count(COUNT).expirations > 0


@pytest.mark.parametrize("policy", ["noeviction", "lru", "lfu", "ttl", "random"])
def test_outcomes_of_redis_add_up_to_the_counts_of_every_prefix(policy):
    def count(stop, history=None):
        columns = {"times": TIMES[:stop], "ttls": TTLS[:stop]}
        return kernels.redis_eviction(
            *(IDS[:stop], KEYS, policy, 60, SIZES[:stop]),
            **columns,
            ttl=50.0,
            jitter=0.2,
            history=history,
        )

    found = followed(count)
    each = [count(stop) for stop in range(1, COUNT + 1)]
    assert np.cumsum(found.hit).tolist() == [counts.hits for counts in each]
    assert found.entries.tolist() == [counts.entries for counts in each]


@pytest.mark.parametrize(
    "history",
    [
        np.zeros((COUNT - 1, 2), np.int32),
        np.zeros((COUNT, 2), np.int64),
        np.zeros(COUNT, np.int32),
        np.zeros((COUNT, 4), np.int32)[:, ::2],
    ],
)
def test_a_history_that_loops_would_write_beyond_is_refused(history):
    with pytest.raises(ValueError, match="history"):
        kernels.policy_counts("lru", IDS, KEYS, 5, history=history)
    with pytest.raises(ValueError, match="history"):
        kernels.redis_eviction(IDS, KEYS, "lru", 5, (1,), history=history)


def test_no_request_has_no_outcome():
    history = kernels.new_history(0)
    counts = kernels.policy_counts("lru", np.empty(0, np.int32), 0, 5, history=history)
    found = kernels.Outcomes.of(history, counts)
    assert len(found.hit) == len(found.entries) == 0


@pytest.mark.parametrize("policy", kernels.POLICIES)
def test_flags_are_hits_of_blocks_of_one_request(policy):
    requests = kernels.Requests(IDS, KEYS, *kernels.previous_and_next(IDS, KEYS))
    for capacity in (0, 1, 12, KEYS):
        flags = kernels.policy_flags(policy, requests, capacity)
        assert flags.dtype == np.bool_
        assert flags.tolist() == (kernels.policy_hits(policy, requests, capacity, 1) > 0).tolist()


@pytest.mark.parametrize("trips", [1, 2])
@pytest.mark.parametrize("operations", [None, DRAW.integers(0, 5, COUNT)], ids=["gets", "all"])
def test_what_misses_goes_on_with_the_wait_and_the_load_of_its_place(trips, operations):
    looked, missed = DRAW.random(7), 3 * DRAW.random(7)
    hit = DRAW.random(COUNT) < 0.5
    found = kernels.misses_of(hit, looked, missed, trips, operations)
    assert found.places.tolist() == np.flatnonzero(~hit).tolist()
    loads = []
    for place in range(COUNT):
        get = operations is None or operations[place] == 0
        wait = looked[place % 7] * (trips if get and not hit[place] else 1)
        assert found.waits[place] == wait
        if not hit[place]:
            loads.append(max(missed[place % 7] - wait, 0.0) if get else 0.0)
    assert found.loads.tolist() == loads


def test_misses_of_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 lookups and 1 misses"):
        kernels.misses_of(np.zeros(3, bool), [1, 2], [1])
    with pytest.raises(ValueError, match="1 operations for 3"):
        kernels.misses_of(np.zeros(3, bool), [1], [1], operations=[0])
