"""Seconds of a load test, grouped to levels: by the number of users, or by the rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from perflab.patterns.async_io.load_level import SHARES, Level

_WHOLE = 4
# Rates are means of so many seconds, and those within a quarter of an octave are one level.
_BLOCK, _PER_OCTAVE = 5, 4
_USERLESS = 0.05


class Second(NamedTuple):
    """One second of a load test.

    Attributes:
        users: How many users there were.
        taken: The latencies in seconds of the requests that ended.
        failed: How many of them failed.
        length: How long it was, in seconds; the last may be shorter.
    """

    users: int
    taken: Sequence[float]
    failed: int
    length: float = 1.0


def came_at_rate(seconds: Sequence[Second]) -> bool:
    """Say whether requests came at a rate of their own, and not when users had answers.

    A tool that holds a rate counts the users that are at work in the moment, mostly none.
    """
    total = sum(len(second.taken) for second in seconds)
    userless = sum(len(second.taken) for second in seconds if second.users <= 0)
    return userless > _USERLESS * total


def levels_by_users(seconds: Iterable[Second]) -> list[Level]:
    """Return a level for each number of users; of requests without one, it has 0 users."""
    levels: dict[int, list[Second]] = {}
    for users, stretch in groupby(seconds, key=lambda second: second.users):
        some = list(stretch)
        # In its first and last second a level is not alone.
        cut = users > 0 and len(some) >= _WHOLE
        levels.setdefault(users, []).extend(some[1:-1] if cut else some)
    return [level for users, some in levels.items() if (level := _level(users, some))]


def levels_by_rate(seconds: Sequence[Second]) -> list[Level]:
    """Return a level for each rate of requests; its users are those in flight, at least 1."""
    levels: dict[int, list[Second]] = {}
    starts = range(0, max(_BLOCK, len(seconds) - len(seconds) % _BLOCK), _BLOCK)
    for start in starts:
        some = seconds[start : None if start == starts[-1] else start + _BLOCK]
        requests = sum(len(second.taken) for second in some)
        if requests:
            place = round(_PER_OCTAVE * math.log2(requests / sum(second.length for second in some)))
            levels.setdefault(place, []).extend(some)
    return [level for some in levels.values() if (level := _level(None, some))]


def _level(users: int | None, seconds: Sequence[Second]) -> Level | None:
    values = np.array([value for second in seconds for value in second.taken])
    if not len(values):
        return None
    busy = float(values.sum())
    length = sum(second.length for second in seconds)
    return Level(
        users=max(1, round(busy / length)) if users is None else users,
        requests=len(values),
        failures=sum(second.failed for second in seconds),
        seconds=length,
        busy_seconds=busy,
        quantiles=tuple(float(value) for value in np.quantile(values, SHARES)),
    )
