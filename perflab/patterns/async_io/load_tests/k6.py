"""The results of k6: each request and each second's number of users, a row each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_level import MILLISECONDS, MOST, MOST_USERS, number
from perflab.patterns.async_io.load_tests.seconds import Second

K6_COLUMNS = ("metric_name", "timestamp", "metric_value")
_FINER = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""Above so much, a number of seconds since 1970 is one of nano-, micro- or milliseconds."""


def is_k6(names: Sequence[str]) -> bool:
    """Say whether these are the columns of k6's results."""
    return set(K6_COLUMNS) <= set(names)


def k6_seconds(
    path: Path, names: Sequence[str], rows: Iterator[tuple[int, list[str]]]
) -> list[Second]:
    """Return each second's users (``vus``), latencies (``http_req_duration``) and failures.

    Of requests before the first user is counted, the second has 0 users.

    Args:
        path: The file, for errors.
        names: Its columns.
        rows: Line and cells of each row.

    Raises:
        BadInputError: If a value is not a number or no time, with file and line.
    """
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
    seconds = []
    for second in sorted({*users, *taken}):
        # k6 tells the users once a second, stamped before or after the requests of that second.
        near = [users[s] for s in (second, second - 1, second + 1) if s in users]
        known = near[0] if near else known
        seconds.append(Second(known, taken.get(second, []), failed.get(second, 0)))
    return seconds


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
