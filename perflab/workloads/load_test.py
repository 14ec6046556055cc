"""`LoadTest`: what a load test measured, by how many were in flight; k6's and Locust's results."""

from __future__ import annotations

import csv
import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from perflab.settings import BadInputError

_FEWEST = 5
_SHARES = (*(step / 100 for step in range(100)), 0.995, 0.999, 1.0)
_LOCUST = {"User Count": "users", "Requests/s": "rate", "Failures/s": "failing"}
_MILLISECONDS = 1e-3
ADVICE = (
    "give the CSV of 'k6 run --out csv=FILE' or Locust's '*_stats_history.csv' (locust --csv NAME)"
)


@dataclasses.dataclass(frozen=True)
class Level:
    """What was measured while so many were in flight.

    Attributes:
        in_flight: How many virtual users there were.
        throughput: Requests a second.
        mean: Latency in seconds.
        quantiles: Latencies in seconds at 0, 1 ... 99 %, 99.5 %, 99.9 % and 100 %.
        error_share: From 0 to 1.
        seconds: How long.
    """

    in_flight: int
    throughput: float
    mean: float
    quantiles: tuple[float, ...]
    error_share: float
    seconds: float


@dataclasses.dataclass(frozen=True)
class LoadTest:
    """Levels of a load test, by rising numbers in flight, from its file."""

    name: str
    levels: tuple[Level, ...]

    def points(self) -> dict[str, dict[str, Any]]:
        """Return the levels as a calibration has them."""
        return {
            str(level.in_flight): {
                "throughput": level.throughput,
                "latency": {"mean": level.mean, "quantiles": list(level.quantiles)},
                "error_share": level.error_share,
            }
            for level in self.levels
        }


def read_load_test(path: str) -> LoadTest:
    """Read the results of a load test of k6 or Locust.

    Raises:
        BadInputError: If it is neither, or holds no level that can be used; with file and line.
    """
    place = Path(path)
    try:
        stamp = place.stat().st_mtime_ns
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror})", path) from None
    return _read(place, stamp)


@functools.lru_cache(maxsize=8)
def _read(path: Path, stamp: int) -> LoadTest:
    del stamp
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file)
        names = [name.strip() for name in next(rows, [])]
        numbered = ((rows.line_num, dict(zip(names, row, strict=False))) for row in rows if row)
        if {"metric_name", "timestamp", "metric_value"} <= set(names):
            levels = _of_k6(path, numbered)
        elif {"Timestamp", *_LOCUST} <= set(names):
            levels = _of_locust(path, numbered)
        else:
            has = ", ".join(names[:8]) or "nothing"
            raise BadInputError(
                f"is no result of k6 or Locust (its columns: {has}); {ADVICE}", str(path)
            )
    if not levels:
        raise BadInputError(f"has no second in which users were at work; {ADVICE}", str(path))
    return LoadTest(path.name, tuple(levels))


def _of_k6(path: Path, rows: Iterator[tuple[int, Mapping[str, str]]]) -> list[Level]:
    """Group ``http_req_duration`` (milliseconds) by the number of users of its second (``vus``)."""
    users: dict[int, int] = {}
    taken: dict[int, list[float]] = {}
    failed: dict[int, int] = {}
    for line, row in rows:
        name = row["metric_name"]
        if name not in ("vus", "http_req_duration", "http_req_failed"):
            continue
        second = int(_number(path, line, row, "timestamp"))
        value = _number(path, line, row, "metric_value")
        if name == "vus":
            users[second] = max(users.get(second, 0), round(value))
        elif name == "http_req_duration":
            taken.setdefault(second, []).append(value * _MILLISECONDS)
        else:
            failed[second] = failed.get(second, 0) + (value > 0)
    levels: dict[int, list[int]] = {}
    known = sorted(users)
    for second in sorted(taken):
        # k6 tells the users once a second, stamped before or after the requests of that second.
        near = [s for s in (second, second - 1, second + 1) if s in users]
        count = users[near[0]] if near else users[known[-1]] if known else 0
        if count > 0:
            levels.setdefault(count, []).append(second)
    found = []
    for count, seconds in sorted(levels.items()):
        values = np.array([value for second in seconds for value in taken[second]])
        if len(values) < _FEWEST:
            continue
        errors = sum(failed.get(second, 0) for second in seconds)
        quantiles = tuple(float(v) for v in np.quantile(values, _SHARES))
        rate = len(values) / len(seconds)
        found.append(
            Level(count, rate, float(values.mean()), quantiles, errors / len(values), len(seconds))
        )
    return found


def _of_locust(path: Path, rows: Iterator[tuple[int, Mapping[str, str]]]) -> list[Level]:
    """Group the rows of the whole ("Aggregated") by ``User Count``; its percentiles are of 10 s."""
    levels: dict[int, list[tuple[float, float, list[float]]]] = {}
    for line, row in rows:
        if row.get("Name") != "Aggregated":
            continue
        count = round(_number(path, line, row, "User Count"))
        rate = _number(path, line, row, "Requests/s")
        failing = _number(path, line, row, "Failures/s")
        if count < 1 or rate <= 0:
            continue
        known = {
            float(name[:-1]) / 100: float(value) * _MILLISECONDS
            for name, value in row.items()
            if name and name.endswith("%") and value and value != "N/A"
        }
        if known:
            shares = sorted(known)
            values = np.interp(_SHARES, shares, [known[share] for share in shares])
            levels.setdefault(count, []).append((rate, failing, values.tolist()))
    found = []
    for count, seen in sorted(levels.items()):
        # The first half of a level still has requests of the level before in its figures.
        kept = seen[len(seen) // 2 :]
        rate = float(np.mean([r for r, _, _ in kept]))
        failing = float(np.mean([f for _, f, _ in kept]))
        quantiles = tuple(float(v) for v in np.mean([q for _, _, q in kept], axis=0))
        found.append(Level(count, rate, count / rate, quantiles, failing / rate, len(seen)))
    return found


def _number(path: Path, line: int, row: Mapping[str, str], column: str) -> float:
    text = row.get(column) or ""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInputError(f"{text!r} is no number for {column}", f"{path}:{line}")
    return value
