"""Random files come out the same from every engine, from the lazy CSV and from Python's csv."""

import random

import pytest

from perflab.patterns.streaming import _look
from tests.helpers.random_tables import disagreement, random_table


@pytest.fixture(autouse=True)
def soon_late(monkeypatch):
    """Let types be decided by few rows, so that others come late in small files."""
    monkeypatch.setattr(_look, "SAMPLE_ROWS", 6)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("values", [{}, {"na_values": "NA,-,nan,5"}], ids=["plain", "na"])
def test_engines_agree_with_each_other_and_with_pythons_csv(seed, values, tmp_path):
    dice = random.Random(seed)
    for _ in range(20):
        content = random_table(dice)
        found = disagreement(content, dice.choice((1, 3, 1000)), tmp_path, **values)
        assert found is None, content
