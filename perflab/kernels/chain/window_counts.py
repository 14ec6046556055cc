"""What happened in each window of a run through a chain, counted in one pass."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.chain.flights import FIRST_FAILURE, Answer, ChainAnswers
from perflab.kernels.inputs import frozen

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_REMOTE, _FAILED = int(Answer.REMOTE), int(FIRST_FAILURE)


class WindowCounts(NamedTuple):
    """Counts by window, all int64 of shape (windows,).

    Attributes:
        requests: How many came in it.
        hits: How many of these a cache answered, or joined one that was under way.
        failures: How many of these failed.
        begun: Queries that began in it.
        ended: Requests, of any window, that had their answer by its end.
    """

    requests: Counts
    hits: Counts
    failures: Counts
    begun: Counts
    ended: Counts


def window_counts(times: npt.ArrayLike, found: ChainAnswers, edges: npt.ArrayLike) -> WindowCounts:
    """Count what happened in each window.

    A window has its beginning and not its end, but for the last one. Who came before the first or
    after the last counts with it.

    Args:
        times: float64 of shape (n,), when requests came.
        found: What became of them.
        edges: float64 of shape (windows + 1,), where windows begin, evenly, and the last one ends.

    Raises:
        ValueError: If shapes do not fit, or edges do not rise.
    """
    came, bounds = frozen(times, np.float64), frozen(edges, np.float64)
    ends, starts = frozen(found.ends, np.float64), frozen(found.starts, np.float64)
    answers = frozen(found.answers, np.uint8)
    # Behind a client that tries again, each of its tries has a start.
    if not len(came) == len(ends) == len(answers) <= len(starts):
        raise ValueError(f"{len(ends)} ends of {len(came)} requests")
    if len(bounds) < 2 or not np.all(bounds[1:] > bounds[:-1]):
        raise ValueError("edges do not rise")
    return WindowCounts(*_window_counts(came, ends, answers, starts, bounds))


@njit(nogil=True, cache=True)
def _window_counts(
    times: Floats, ends: Floats, answers: npt.NDArray[np.uint8], starts: Floats, edges: Floats
) -> tuple[Counts, Counts, Counts, Counts, Counts]:
    count = len(edges) - 1
    requests, hits = np.zeros(count, np.int64), np.zeros(count, np.int64)
    failures, begun = np.zeros(count, np.int64), np.zeros(count, np.int64)
    ended = np.zeros(count, np.int64)
    first, last = edges[0], edges[count]
    per_second = count / (last - first)
    for t in range(len(times)):
        place = _place(edges, times[t], per_second)
        requests[place] += 1
        hits[place] += answers[t] <= _REMOTE
        failures[place] += answers[t] >= _FAILED
        end = ends[t]
        if end <= last:
            place = _place(edges, end, per_second)
            # What ends at the beginning of a window had its answer by the end of the one before.
            ended[max(place - (end == edges[place]), 0)] += 1
    for start in starts:
        if first <= start <= last:
            begun[_place(edges, start, per_second)] += 1
    return requests, hits, failures, begun, np.cumsum(ended)


@njit(nogil=True, cache=True)
def _place(edges: Floats, moment: float, per_second: float) -> int:
    """Return the window of a moment, which is guessed first, since they are even."""
    last = len(edges) - 2
    place = int(min(max((moment - edges[0]) * per_second, 0.0), float(last)))
    while place > 0 and moment < edges[place]:
        place -= 1
    while place < last and moment >= edges[place + 1]:
        place += 1
    return place
