import math

import numpy as np
import pytest

from perflab.tuning.turns.interval import interval_of


def is_missed_at_some_look(values, confidence):
    """Say whether any of the intervals after 2, 3 ... values is without the true mean of 0."""
    return any(
        found.low > 0 or found.high < 0
        for found in (interval_of(values[:count], confidence) for count in range(2, len(values)))
    )


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_all_looks_together_miss_as_seldom_as_it_says(confidence):
    draws = np.random.default_rng(1).normal(size=(500, 40))
    missed = sum(is_missed_at_some_look(each, confidence) for each in draws.tolist())
    assert missed <= (1 - confidence) * len(draws)


def test_scale_and_place_of_the_values_change_nothing_else():
    values = np.random.default_rng(2).normal(size=12).tolist()
    found, moved = interval_of(values, 0.95), interval_of([5 + 1e-6 * v for v in values], 0.95)
    assert [5 + 1e-6 * end for end in found] == pytest.approx(list(moved), rel=1e-12)


def test_too_few_values_have_an_interval_without_ends():
    assert math.isnan(interval_of([], 0.95).mean)
    assert interval_of([3.0], 0.95) == (3.0, -math.inf, math.inf)
    assert interval_of([3.0, 3.0], 0.95) == (3.0, -math.inf, math.inf)


def test_values_without_spread_have_an_interval_of_a_point():
    assert interval_of([0.25] * 4, 0.95) == (0.25, 0.25, 0.25)


def test_more_values_and_less_confidence_make_it_narrower():
    values = np.random.default_rng(3).normal(size=64).tolist()
    widths = [found.high - found.low for found in (interval_of(values[:n], 0.95) for n in (8, 64))]
    assert widths[1] < widths[0] / 2
    low, high = interval_of(values, 0.8), interval_of(values, 0.99)
    assert high.low < low.low < low.high < high.high


def test_it_is_the_set_of_means_that_the_martingale_does_not_refute():
    values = np.random.default_rng(4).normal(0.3, 1.0, size=9).tolist()
    found, count, prior = interval_of(values, 0.9), 9, 10.0

    def martingale(at):
        t = (np.mean(values) - at) / (np.std(values, ddof=1) / math.sqrt(count))
        spread = 1 + count * prior
        ratio = (1 + t**2 / (count - 1)) / (1 + t**2 / ((count - 1) * spread))
        return ratio ** (count / 2) / math.sqrt(spread)

    assert martingale(found.low) == pytest.approx(10.0)
    assert martingale(found.high) == pytest.approx(10.0)
    assert martingale(found.mean) < 10.0
