from __future__ import annotations

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.workloads import Daily, Loop, Scan, Shift, Uniform, Zipf
from perflab.workloads.synthetic.base import Synthetic

SMALL = {
    Zipf: {"keys": 1_000},
    Uniform: {"keys": 1_000},
    Scan: {"keys": 5_000, "hot_keys": 100},
    Loop: {"keys": 300, "noise": 0.1},
    Shift: {"keys": 1_000, "hot_keys": 50, "every": 1_000},
    Daily: {"keys": 1_000},
}


def numbers(trace):
    return trace.keys[trace.ids]


@pytest.mark.parametrize("kind", SMALL)
def test_the_same_seed_makes_the_same_requests_and_another_one_others(kind):
    made = [kind(**SMALL[kind], requests=5_000, seed=seed).make() for seed in (1, 1, 2)]
    assert made[0].fingerprint == made[1].fingerprint
    assert made[0].fingerprint != made[2].fingerprint
    assert len(made[0]) == 5_000


@pytest.mark.parametrize("kind", SMALL)
def test_ids_are_dense_and_keys_within_bounds(kind):
    trace = kind(**SMALL[kind], requests=5_000).make()
    assert sorted(set(trace.ids.tolist())) == list(range(trace.n_keys))
    assert len(set(trace.keys.tolist())) == trace.n_keys
    assert trace.keys.min() >= 0


@pytest.mark.parametrize("kind", SMALL)
def test_one_request_over_one_key_is_possible(kind):
    values = {key: 1 for key in kind.model_fields if key in ("keys", "hot_keys", "every")}
    assert len(kind(**values, requests=1).make()) == 1


@pytest.mark.parametrize("kind", SMALL)
def test_more_requests_than_can_be_are_refused(kind):
    with pytest.raises(BadInputError, match="requests: 101M is out of bounds"):
        kind.read({"requests": 101_000_000})


def test_the_spec_is_exact():
    made = Zipf(skew=0.1 + 0.2, keys=1_234_567, requests=20_000, seed=7)
    assert made.spec == "zipf:skew=0.30000000000000004,keys=1234567,requests=20k,seed=7"
    assert issubclass(Zipf, Synthetic)


@pytest.mark.parametrize("skew", [0.0, 0.7, 1.0, 1.5])
def test_zipf_counts_fall_as_a_power_of_the_rank(skew):
    keys, requests = 1_000, 1_000_000
    counts = np.bincount(numbers(Zipf(skew=skew, keys=keys, requests=requests).make()))
    weights = np.arange(1, keys + 1) ** -skew
    expected = requests * weights / weights.sum()
    head = expected > 100
    deviations = (counts[:keys][head[: len(counts)]] - expected[head]) / np.sqrt(expected[head])
    assert np.abs(deviations).max() < 5
    assert np.mean(deviations**2) == pytest.approx(1, abs=0.35)
    ranks = np.arange(1, keys + 1)[head]
    if skew:
        slope = np.polyfit(np.log(ranks), np.log(counts[:keys][head[: len(counts)]]), 1)[0]
        assert slope == pytest.approx(-skew, abs=0.03)


def test_zipf_requests_do_not_depend_on_the_one_before():
    trace = Zipf(skew=1.0, keys=50, requests=200_000).make()
    asked = numbers(trace)
    share = np.mean(asked == 0)
    after_itself = np.mean(asked[1:][asked[:-1] == 0] == 0)
    assert after_itself == pytest.approx(share, abs=0.01)
    first, second = asked[:100_000], asked[100_000:]
    assert np.mean(first == 0) == pytest.approx(np.mean(second == 0), abs=0.01)


def test_uniform_keys_are_all_alike():
    counts = np.bincount(numbers(Uniform(keys=100, requests=100_000).make()), minlength=100)
    assert np.sum((counts - 1000) ** 2 / 1000) < 160


def test_scan_walks_in_order_and_the_rest_stays_hot():
    trace = Scan(share=0.3, hot_keys=10, keys=1_000, requests=20_000).make()
    asked = numbers(trace)
    scanned = asked[asked >= 10] - 10
    assert len(scanned) == pytest.approx(6_000, abs=300)
    assert np.array_equal(scanned, np.arange(len(scanned)) % 1_000)
    assert set(asked[asked < 10].tolist()) == set(range(10))


def test_loop_comes_back_to_a_key_after_all_others():
    asked = numbers(Loop(keys=7, requests=100).make())
    assert np.array_equal(asked, np.arange(100) % 7)
    strayed = numbers(Loop(keys=1_000, requests=20_000, noise=0.25).make())
    assert np.mean(strayed != np.arange(20_000) % 1_000) == pytest.approx(0.25, abs=0.01)


def test_shift_moves_its_hot_set_by_the_part_that_is_said():
    settings = {"share": 1.0, "hot_keys": 100, "keys": 10_000, "every": 5_000, "moved": 0.25}
    asked = numbers(Shift(**settings, requests=20_000).make()).reshape(4, 5_000)
    for phase, part in enumerate(asked):
        assert set(part.tolist()) == set(range(phase * 25, phase * 25 + 100))


def test_shift_leaves_the_other_requests_to_any_key():
    asked = numbers(Shift(share=0.8, hot_keys=10, keys=1_000, requests=50_000).make())
    assert np.mean(asked < 10) == pytest.approx(0.8 + 0.2 * 0.01, abs=0.01)


def test_daily_requests_follow_the_day():
    trace = Daily(days=4, swing=0.8, keys=100, requests=400_000).make()
    assert trace.times[0] >= 0
    assert trace.times[-1] <= 4 * 86_400
    assert np.all(np.diff(trace.times) >= 0)
    by_quarter = np.bincount((trace.times % 86_400 // 21_600).astype(int))
    swing = 0.8 * 2 / np.pi
    expected = 100_000 * np.array([1 + swing, 1 + swing, 1 - swing, 1 - swing])
    np.testing.assert_allclose(by_quarter, expected, rtol=0.02)


def test_daily_gaps_are_those_of_a_poisson_process():
    gaps = np.diff(Daily(days=1, swing=0.0, keys=10, requests=100_000).make().times)
    assert gaps.mean() == pytest.approx(0.864, rel=0.02)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.02)
