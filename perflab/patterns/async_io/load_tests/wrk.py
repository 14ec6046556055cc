"""What wrk and wrk2 print: a summary of each run, and the distribution of its latencies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_level import SHARES, Level

_BEGIN = re.compile(r"Running \S+ test @ ")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = r"(\d{1,9}(?:\.\d{1,9})?)(us|ms|s|m|h)"
_CONNECTIONS = re.compile(r"\s*\d+ threads? and (\d{1,9}) connections?")
_LATENCY = re.compile(rf"\s*Latency\s+{_TIME}\s+\S+\s+{_TIME}\s")
_SHARE = re.compile(rf"\s*(\d{{1,3}}(?:\.\d{{1,9}})?)%\s+{_TIME}\s*$")
_TOTAL = re.compile(rf"\s*(\d{{1,15}}) requests in {_TIME},")
_REFUSED = re.compile(r"\s*Non-2xx or 3xx responses: (\d{1,15})")
_TIMEOUTS = re.compile(r"\s*Socket errors: .*timeout (\d{1,15})")


def is_wrk(head: bytes) -> bool:
    """Say whether a text begins as what wrk prints."""
    return _BEGIN.match(head[:400].decode(errors="replace").lstrip()) is not None


def wrk_levels(path: Path, lines: Iterable[str]) -> list[Level]:
    """Return a level for each run in a text, such as runs with more and more connections.

    Requests that timed out count as failed. Shares below the lowest that is printed have its
    latency.

    Raises:
        BadInputError: If a run has no distribution of latencies, or is cut off; with its line.
    """
    runs: list[tuple[int, list[str]]] = []
    for number, line in enumerate(lines, start=1):
        if _BEGIN.match(line):
            runs.append((number, []))
        elif runs:
            runs[-1][1].append(line)
    return [_level(f"{path}:{number}", run) for number, run in runs]


def _level(place: str, lines: list[str]) -> Level:
    connections = _first(_CONNECTIONS, lines)
    total = _first(_TOTAL, lines)
    if connections is None or total is None:
        raise BadInputError("a run of wrk is cut off: it has no number of requests", place)
    latency = _first(_LATENCY, lines)
    shares = sorted(
        (float(found[1]) / 100, _seconds(found[2], found[3]))
        for found in map(_SHARE.match, lines)
        if found and float(found[1]) <= 100
    )
    if latency is None or not shares:
        raise BadInputError("has no distribution of latencies; run wrk with --latency", place)
    mean, most = _seconds(latency[1], latency[2]), _seconds(latency[3], latency[4])
    shares.append((1.0, max(most, shares[-1][1])))
    found = np.interp(SHARES, [share for share, _ in shares], [value for _, value in shares])
    refused, timeouts = _first(_REFUSED, lines), _first(_TIMEOUTS, lines)
    lost = int(timeouts[1]) if timeouts else 0
    requests = int(total[1]) + lost
    lasted = _seconds(total[2], total[3])
    if lasted <= 0:
        raise BadInputError("a run of wrk took no time", place)
    return Level(
        users=int(connections[1]),
        requests=requests,
        failures=(int(refused[1]) if refused else 0) + lost,
        seconds=lasted,
        busy_seconds=mean * requests,
        quantiles=tuple(float(value) for value in found),
    )


def _first(pattern: re.Pattern[str], lines: list[str]) -> re.Match[str] | None:
    return next(filter(None, map(pattern.match, lines)), None)


def _seconds(number: str, unit: str) -> float:
    return float(number) * _UNITS[unit]
