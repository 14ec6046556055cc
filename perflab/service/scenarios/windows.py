"""What a service does from moment to moment: rates and latencies in windows of equal length."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.kernels.chain.window_counts import window_counts
from perflab.service.damage import check_column

if TYPE_CHECKING:
    import pandas as pd

    from perflab.kernels.chain.flights import ChainAnswers

Floats = npt.NDArray[np.float64]

MOST_WINDOWS = 600
_SHORTEST, _P95 = 0.05, 0.95
_OFTEN_NONE = ("hit_rate", "p95")
_FEWEST = 100
"""Requests that a window has on average at least."""


class Windows(NamedTuple):
    """Windows of one run through a chain, all of shape (windows,).

    Attributes:
        ends: When each window ends, in seconds.
        requests: How many came in it.
        failures: How many of these failed.
        database: Queries that began in it, per second.
        hit_rate: Of the requests that came in it; NaN where none did.
        p95: Latency of the requests that came in it, in seconds; NaN where none did.
        waiting: How many requests wait for an answer at its end.
    """

    ends: Floats
    requests: npt.NDArray[np.int64]
    failures: npt.NDArray[np.int64]
    database: Floats
    hit_rate: Floats
    p95: Floats
    waiting: npt.NDArray[np.int64]

    def columns(self) -> dict[str, list[float]]:
        """Return them as results keep them: lists by name."""
        return {name: column.tolist() for name, column in self._asdict().items()}


def window_seconds(times: Floats) -> float:
    """Return a length of windows that shows what happens, and little noise."""
    span = float(times[-1] - times[0])
    return max(span / MOST_WINDOWS, _FEWEST * span / len(times), _SHORTEST)


def edges_of(times: Floats) -> Floats:
    """Return where the windows of requests begin, and the last one ends.

    Args:
        times: When they come, in seconds, not decreasing.
    """
    width = window_seconds(times)
    count = max(int(np.ceil((times[-1] - times[0]) / width)), 2)
    edges: Floats = times[0] + width * np.arange(count + 1)
    return edges


def windows_of(times: Floats, found: ChainAnswers, edges: Floats) -> Windows:
    """Return the windows of a run.

    Args:
        times: When requests came, in seconds, not decreasing.
        found: What became of them.
        edges: Where windows begin, and the last one ends: rising, float64 of (windows + 1,).
    """
    width = float(edges[1] - edges[0])
    counts = window_counts(times, found, edges)
    with np.errstate(invalid="ignore"):
        hit_rate = counts.hits / counts.requests
    came = np.searchsorted(times, edges[1:], side="right")
    return Windows(
        edges[1:],
        counts.requests,
        counts.failures,
        counts.begun / width,
        hit_rate,
        _quantiles(found.ends - times, counts.requests, _P95),
        came - counts.ended,
    )


def _quantiles(values: Floats, counts: npt.NDArray[np.int64], share: float) -> Floats:
    """Return a quantile of each stretch of so many values; NaN where there is none."""
    found = np.full(len(counts), np.nan)
    first = 0
    for window, count in enumerate(counts.tolist()):
        if count:
            rank = min(int(count * share), count - 1)
            found[window] = np.partition(values[first : first + count], rank)[rank]
        first += count
    return found


def check_columns(columns: dict[str, list[float]]) -> None:
    """Refuse columns, as results keep them, that cannot be windows.

    A number that a file holds as ``null`` becomes NaN, where a window may have none.

    Raises:
        BadInputError: If one is missing, they differ in length, or hold what no window has.
    """
    missing = [name for name in Windows._fields if name not in columns]
    if missing:
        raise BadInputError(f"is damaged: {missing[0]} is missing", "windows")
    lengths = {len(columns[name]) for name in Windows._fields}
    if lengths == {0} or len(lengths) > 1:
        raise BadInputError("is damaged: columns differ in length, or are empty", "windows")
    for name in Windows._fields:
        column = columns[name]
        if name in _OFTEN_NONE:
            column[:] = [math.nan if value is None else value for value in column]
        elif any(value is None or math.isnan(value) for value in column):
            raise BadInputError(f"is damaged: {name} lacks a number", "windows")
        check_column(name, column, "windows")
    ends = columns["ends"]
    if any(later <= end for end, later in itertools.pairwise(ends)):
        raise BadInputError("is damaged: ends do not rise", "windows")


def frame_of(columns: dict[str, list[float]]) -> pd.DataFrame:
    """Return windows as a table, a row for each."""
    import pandas as pd

    return pd.DataFrame({name: columns[name] for name in Windows._fields})
