"""A page writes numbers as the kernel does, since both stand beside each other."""

from __future__ import annotations

import math
import random

import pytest

from perflab.charts.notation import notation
from perflab.charts.picture import number
from perflab.units import in_words

UNITS = ("ratio", "seconds", "bytes", "currency", "1/s", "bytes/s", "rows/s", "entries", "")
TIES = (0.125, 12.25, 12.35, 99.95, 0.5, 2.5, 999.5, 1000.5, 1001.5, 0.0625, 1.005, 1e-6, 5e-7)
EDGES = (0.0, -0.0, 0.99951, 0.9995, 1.0, -1.0, 59.97, 60.0, 3599.0, 86399.9, 1023.9, 1e18, 9.9e17)
BEYOND = (math.inf, -math.inf, 1e300, 1e-300, -5e-324, 2.0**53 + 1, 123456789012.5)


def values():
    rng = random.Random(5)
    spread = [rng.choice((-1, 1)) * 10 ** rng.uniform(-9, 16) for _ in range(1500)]
    whole = [float(rng.randrange(10**9)) for _ in range(200)]
    shares = [rng.random() for _ in range(200)]
    return [*TIES, *EDGES, *BEYOND, *(-tie for tie in TIES), *spread, *whole, *shares]


@pytest.mark.parametrize("unit", UNITS)
def test_a_page_writes_numbers_as_python_does(unit, in_javascript):
    asked = [number(value) for value in values()]
    code = "given[0].map(value => inWords(Number(value), given[1]))"
    written = in_javascript(code, [asked, notation(unit)])
    apart = [
        (value, theirs, ours)
        for value, theirs in zip(values(), written, strict=True)
        if theirs != (ours := in_words(value, unit))
    ]
    assert apart == []


def test_what_is_not_known_is_said_so(in_javascript):
    code = "inWords(numberOf(null), given)"
    assert in_javascript(code, notation("seconds")) == in_words(math.nan, "seconds")
