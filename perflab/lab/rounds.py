"""How far the rounds of a short measurement lie apart: how much its costs may be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import mean

from perflab.lab.snapshot import Snapshot

ROUNDS = 5
_FEWEST = 10
_MOST_KEPT = 64


class Moments:
    """Snapshots at moments that are evenly apart, of a run of any length: at most `_MOST_KEPT`."""

    def __init__(self) -> None:
        self._kept: list[Snapshot] = []
        self._every = 1
        self._seen = 0

    def add(self, snapshot: Snapshot) -> None:
        """Take the next snapshot; of a long run only every second, fourth ... is kept."""
        if self._seen % self._every == 0:
            self._kept.append(snapshot)
        self._seen += 1
        if len(self._kept) > _MOST_KEPT:
            self._kept = self._kept[::2]
            self._every *= 2

    def spread(self) -> float | None:
        """Return what `spread_of_rounds` does, of these."""
        return spread_of_rounds(self._kept)


def spread_of_rounds(snapshots: Sequence[Snapshot]) -> float | None:
    """Return how far the mean latencies of rounds lie apart, as a share of their mean.

    The rounds are `ROUNDS` stretches of equal length. Each outcome (hit, miss) is looked at by
    itself, since their shares change while a cache fills; what counts is the one that took the
    most time. A run that tells no latencies is judged by the time per request.

    Args:
        snapshots: Of one run, in order; its settings stay the same.

    Returns:
        The greatest less the smallest mean, over the mean of all; none of too short a run.
    """
    if len(snapshots) <= ROUNDS:
        return None
    step = (len(snapshots) - 1) / ROUNDS
    ends = [snapshots[round(step * number)] for number in range(ROUNDS + 1)]
    rounds = [later.since(earlier, ()) for earlier, later in pairwise(ends)]
    whole = ends[-1].since(ends[0], ())
    busiest = max(
        whole.histograms,
        key=lambda name: whole.histograms[name].count * (whole.histograms[name].mean or 0.0),
        default=None,
    )
    if busiest is None:
        counts = [part.requests for part in rounds]
        means = [part.seconds / max(part.requests, 1) for part in rounds]
    else:
        histograms = [part.histograms[busiest] for part in rounds if busiest in part.histograms]
        counts = [histogram.count for histogram in histograms]
        means = [histogram.mean for histogram in histograms]
    if len(counts) < ROUNDS or min(counts) < _FEWEST or not mean(means) > 0:
        return None
    return (max(means) - min(means)) / mean(means)
