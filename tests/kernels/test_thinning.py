"""Requests drawn by the chance of their class in their part of a trace."""

import itertools

import numpy as np
import pytest

from perflab.kernels import thinned

IDS = np.random.default_rng(1).integers(0, 6, 60_000).astype(np.int32)
CLASSES = np.array([0, 1, 2, 0, 1, 2], np.uint8)
EDGES = [0, 1_000, 30_000, 60_000]
CHANCES = np.array([[0.0, 1.0, 0.5], [1.0, 0.25, 0.0], [0.9, 0.1, 0.4]])


def test_as_many_are_drawn_as_chance_has_it():
    places = thinned(IDS, CLASSES, EDGES, CHANCES)
    assert places.tolist() == sorted(set(places.tolist()))
    drawn = np.zeros(len(IDS), bool)
    drawn[places] = True
    for part, (first, last) in enumerate(itertools.pairwise(EDGES)):
        for number in range(3):
            here = CLASSES[IDS[first:last]] == number
            share, chance = drawn[first:last][here].mean(), CHANCES[number, part]
            assert share == pytest.approx(chance, abs=5 * np.sqrt(0.25 / here.sum()))
            assert share == chance or 0 < chance < 1


def test_the_seed_draws():
    first, again, other = (thinned(IDS, CLASSES, EDGES, CHANCES, seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


@pytest.mark.parametrize(
    "values",
    [
        {"edges": [0, 10, 60_000]},
        {"edges": [0, 30_000, 1_000, 60_000]},
        {"edges": [0, 1, 2, 3]},
        {"chances": CHANCES[:2]},
        {"classes": CLASSES[:3]},
    ],
)
def test_shapes_that_do_not_fit_are_refused(values):
    given = {"ids": IDS, "classes": CLASSES, "edges": EDGES, "chances": CHANCES, **values}
    with pytest.raises(ValueError, match=r"chances|parts|id"):
        thinned(**given)
