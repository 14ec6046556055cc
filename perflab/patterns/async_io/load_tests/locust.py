"""The results of Locust: one row per second, with the counts so far."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from perflab.patterns.async_io.load_level import (
    MILLISECONDS,
    MOST,
    MOST_USERS,
    SHARES,
    Level,
    number,
)

_USERS, _TIME, _NAME = "User Count", "Timestamp", "Name"
_REQUESTS, _FAILURES = "Total Request Count", "Total Failure Count"
_MEAN = "Total Average Response Time"
LOCUST_COLUMNS = (_TIME, _USERS, _NAME, _REQUESTS, _FAILURES, _MEAN)
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,9})?%")
_NUMBERS = {
    _TIME: MOST,
    _USERS: MOST_USERS,
    _REQUESTS: MOST,
    _FAILURES: MOST,
    _MEAN: MOST,
}
_WINDOW = 10.0
"""Seconds that Locust's percentiles look back on; its requests per second do, too."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Row:
    """One second of the whole ("Aggregated"), counted from the start of the test."""

    seconds: float
    users: int
    requests: int
    failures: int
    busy_seconds: float
    quantiles: tuple[float, ...] | None


def is_locust(names: Sequence[str]) -> bool:
    """Say whether these are the columns of Locust's history."""
    return set(LOCUST_COLUMNS) <= set(names)


def locust_levels(
    path: Path, names: Sequence[str], rows: Iterator[tuple[int, list[str]]]
) -> list[Level]:
    """Group what happened from row to row by the number of users.

    Counts and latencies are differences of the totals, and so of that level alone; Locust's own
    requests per second and percentiles look ten seconds back, so that they begin with what was
    before. Percentiles are those at a level's end, stretched to the mean of the level.

    Args:
        path: The file, for errors.
        names: Its columns.
        rows: Line and cells of each row.

    Raises:
        BadInputError: If a value is not a number, with file and line.
    """
    seen = list(_rows(path, names, rows))
    steady: dict[int, list[tuple[_Row, _Row]]] = {}
    moving: dict[int, list[tuple[_Row, _Row]]] = {}
    for before, after in pairwise(seen):
        if after.requests < before.requests or after.seconds <= before.seconds:
            continue  # the statistics were reset
        kept = steady if before.users == after.users else moving
        kept.setdefault(after.users, []).append((before, after))
    # A number of users that lasts for one row has only the step to it.
    pairs = {**moving, **steady}
    made = [_level(users, some, seen) for users, some in pairs.items() if users > 0]
    return [level for level in made if level is not None]


def _level(users: int, pairs: list[tuple[_Row, _Row]], seen: list[_Row]) -> Level | None:
    requests = sum(after.requests - before.requests for before, after in pairs)
    busy = sum(after.busy_seconds - before.busy_seconds for before, after in pairs)
    last = pairs[-1][1]
    if requests <= 0 or busy <= 0 or last.quantiles is None:
        return None
    begun = [row for row in seen if row.seconds <= last.seconds - _WINDOW]
    ended = last.requests - (begun[-1].requests if begun else 0)
    looked = last.busy_seconds - (begun[-1].busy_seconds if begun else 0.0)
    stretch = (busy / requests) / (looked / ended) if ended > 0 and looked > 0 else 1.0
    return Level(
        users=users,
        requests=requests,
        failures=sum(after.failures - before.failures for before, after in pairs),
        seconds=sum(after.seconds - before.seconds for before, after in pairs),
        busy_seconds=busy,
        quantiles=tuple(value * stretch for value in last.quantiles),
    )


def _rows(
    path: Path, names: Sequence[str], rows: Iterator[tuple[int, list[str]]]
) -> Iterator[_Row]:
    shares = sorted((float(n[:-1]) / 100, n) for n in names if _PERCENT.fullmatch(n))
    for line, cells in rows:
        row = dict(zip(names, cells, strict=False))
        if row.get(_NAME) != "Aggregated":
            continue
        time, users, requests, failures, mean = (
            number(path, line, row.get(column) or "", column, most)
            for column, most in _NUMBERS.items()
        )
        known = [
            (share, number(path, line, row[name], name) * MILLISECONDS)
            for share, name in shares
            if row.get(name, "N/A") not in ("N/A", "")
        ]
        quantiles = None
        if known:
            found = np.interp(SHARES, [share for share, _ in known], [value for _, value in known])
            quantiles = tuple(float(value) for value in found)
        busy = mean * requests * MILLISECONDS
        yield _Row(time, round(users), round(requests), round(failures), busy, quantiles)
