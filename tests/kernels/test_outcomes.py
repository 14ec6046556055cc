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
