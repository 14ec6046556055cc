from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.workloads.recording.keys import (
    PLACE_SHIFT,
    PLACES,
    key_bytes,
    key_number,
    place_of,
    size_of,
)

FAMILIES = {
    "numbers": range(50_000),
    "names": [f"user:{number}" for number in range(50_000)],
    "padded": [f"{number:012d}" for number in range(50_000)],
    "ends alike": [f"{number}:profile" for number in range(50_000)],
    "tuples": [("page", number, None) for number in range(50_000)],
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("rate", [0.1, 0.01])
def test_a_sample_has_its_share_of_any_family_of_keys(family, rate):
    places = np.array([place_of(key_bytes(key)) for key in FAMILIES[family]])
    taken = np.count_nonzero(places < rate * PLACES)
    wanted = rate * len(places)
    assert abs(taken - wanted) < 6 * np.sqrt(wanted)


def test_a_place_is_the_same_in_every_process():
    keys = ["user:7", b"user:7", 7, ("a", 1, None), frozenset()]
    code = (
        "from perflab.workloads.recording.keys import *; "
        f"print([place_of(key_bytes(key)) for key in {keys!r}])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert said == {str([place_of(key_bytes(key)) for key in keys])}


@given(st.binary())
def test_a_number_carries_its_place_and_is_positive(data):
    place = place_of(data)
    number = key_number(data, place)
    assert 0 <= number < 2**63
    assert number >> PLACE_SHIFT == place


def test_a_secret_makes_other_numbers_of_the_same_place():
    data = b"user:7"
    place = place_of(data)
    plain, hidden = key_number(data, place), key_number(data, place, b"secret")
    assert plain != hidden
    assert plain >> PLACE_SHIFT == hidden >> PLACE_SHIFT


def test_sizes_are_those_of_values_that_have_one():
    values = ["abc", "\N{SNOWMAN}", b"12", bytearray(5), np.zeros(4), 7, None, {}]
    assert [size_of(value) for value in values] == [3, 3, 2, 5, 32, None, None, None]
