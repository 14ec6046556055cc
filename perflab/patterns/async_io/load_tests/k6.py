"""The results of k6: each request and each second's number of users, a row each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_level import (
    MILLISECONDS,
    MOST,
    MOST_USERS,
    SHARES,
    Level,
    number,
)

K6_COLUMNS = ("metric_name", "timestamp", "metric_value")
_WHOLE = 4
_FINER = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""Above so much, a number of seconds since 1970 is one of nano-, micro- or milliseconds."""

_Second = tuple[int, list[float], int]


def is_k6(names: Sequence[str]) -> bool:
    """Say whether these are the columns of k6's results."""
    return set(K6_COLUMNS) <= set(names)


def k6_levels(
    path: Path, names: Sequence[str], rows: Iterator[tuple[int, list[str]]]
) -> list[Level]:
    """Group ``http_req_duration`` (milliseconds) by the number of users of its second (``vus``).

    Args:
        path: The file, for errors.
        names: Its columns.
        rows: Line and cells of each row.

    Of requests in seconds without a user, the level has 0 users.

    Raises:
        BadInputError: If a value is not a number or no time, with file and line.
    """
    levels: dict[int, list[_Second]] = {}
    for users, stretch in groupby(_by_second(path, names, rows), key=lambda second: second[0]):
        seconds = list(stretch)
        # In its first and last second a level is not alone.
        cut = users > 0 and len(seconds) >= _WHOLE
        levels.setdefault(users, []).extend(seconds[1:-1] if cut else seconds)
    found = []
    for users, seconds in levels.items():
        values = np.array([value for _, taken, _ in seconds for value in taken])
        if len(values):
            failed = sum(failures for _, _, failures in seconds)
            quantiles = tuple(float(value) for value in np.quantile(values, SHARES))
            found.append(
                Level(users, len(values), failed, len(seconds), float(values.sum()), quantiles)
            )
    return found


def _by_second(
    path: Path, names: Sequence[str], rows: Iterator[tuple[int, list[str]]]
) -> Iterator[_Second]:
    """Yield, second by second, how many users there were, and latencies and failures."""
    named, timed, valued = (names.index(column) for column in K6_COLUMNS)
    users: dict[int, int] = {}
    taken: dict[int, list[float]] = {}
    failed: dict[int, int] = {}
    for line, row in rows:
        name = row[named] if row else ""
        if name not in ("vus", "http_req_duration", "http_req_failed"):
            continue
        cells = [*row, *[""] * (len(names) - len(row))]
        second = _second(path, line, cells[timed])
        most = MOST_USERS if name == "vus" else MOST
        value = number(path, line, cells[valued], "metric_value", most)
        if name == "vus":
            users[second] = max(users.get(second, 0), round(value))
        elif name == "http_req_duration":
            taken.setdefault(second, []).append(value * MILLISECONDS)
        else:
            failed[second] = failed.get(second, 0) + (value > 0)
    known = 0
    for second in sorted({*users, *taken}):
        # k6 tells the users once a second, stamped before or after the requests of that second.
        near = [users[s] for s in (second, second - 1, second + 1) if s in users]
        known = near[0] if near else known
        yield known, taken.get(second, []), failed.get(second, 0)


def _second(path: Path, line: int, text: str) -> int:
    """Return the second of a timestamp in any of k6's time formats."""
    if "T" in text:
        try:
            return int(dt.datetime.fromisoformat(text).timestamp())
        except ValueError:
            raise BadInputError(f"{text!r} is not a time", f"{path}:{line}") from None
    value = number(path, line, text, "timestamp")
    factor = next((factor for above, factor in _FINER if value > above), 1.0)
    return int(value * factor)
