"""How far the rounds of a short measurement lie apart: how much its costs may be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import mean
from typing import NamedTuple

from perflab.lab.snapshot import Snapshot
from perflab.units import grouped

ROUNDS = 5
WAITING = 0
"""The number of the round while another calibration of this process is made."""
DISTURBED = 0.4
"""A run whose rounds lie so far apart is made once more, where nobody has to agree to it."""
_FEWEST = 10
_MOST_KEPT = 64


class Moment(NamedTuple):
    """What of a snapshot tells rounds apart: few numbers, as of a long run many are kept.

    Attributes:
        seconds: Since the start of the run.
        requests: How many requests were done.
        outcomes: How many requests ended in each way, and the seconds that these took together.
    """

    seconds: float
    requests: int
    outcomes: Mapping[str, tuple[int, float]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Moment:
        """Return what is kept of a snapshot."""
        found = snapshot.histograms.items()
        outcomes = {name: (histogram.count, histogram.total) for name, histogram in found}
        return cls(snapshot.seconds, snapshot.requests, outcomes)

    def since(self, earlier: Moment) -> Moment:
        """Return what happened after an earlier moment."""
        before = earlier.outcomes
        return Moment(
            self.seconds - earlier.seconds,
            self.requests - earlier.requests,
            {
                name: (count - before.get(name, (0, 0.0))[0], total - before.get(name, (0, 0.0))[1])
                for name, (count, total) in self.outcomes.items()
            },
        )


class Moments:
    """Moments evenly apart, of a run of any length: at most `_MOST_KEPT`."""

    def __init__(self) -> None:
        self._kept: list[Moment] = []
        self._every = 1
        self._seen = 0

    def add(self, snapshot: Snapshot) -> None:
        """Take the next snapshot; of a long run only every second, fourth ... is kept."""
        if self._seen % self._every == 0:
            self._kept.append(Moment.of(snapshot))
        self._seen += 1
        if len(self._kept) > _MOST_KEPT:
            self._kept = self._kept[::2]
            self._every *= 2

    def spread(self) -> float | None:
        """Return what `spread_of_rounds` does, of these."""
        return spread_of_rounds(self._kept)


def round_of(number: int, total: int | None) -> str:
    """Return which round of a calibration is made, such as ``round 3 of 5``.

    Args:
        number: From 1; beyond the total where what was measured asks for one more; `WAITING` before
            the first.
        total: How many there are; none where that is not known.
    """
    if number == WAITING:
        return "waiting for another measurement"
    return f"round {grouped(number)}" + (
        f" of {grouped(total)}" if total and number <= total else ""
    )


def spread_of_rounds(moments: Sequence[Moment]) -> float | None:
    """Return how far the mean latencies of rounds lie apart, as a share of their mean.

    The rounds are `ROUNDS` stretches of equal length. Each outcome (hit, miss) is looked at by
    itself, since their shares change while a cache fills; what counts is the one that took the
    most time. A run that tells no latencies is judged by the time per request.

    Args:
        moments: Of one run, in order; its settings stay the same.

    Returns:
        The greatest less the smallest mean, over the mean of all; none of too short a run.
    """
    if len(moments) <= ROUNDS:
        return None
    step = (len(moments) - 1) / ROUNDS
    ends = [moments[round(step * number)] for number in range(ROUNDS + 1)]
    rounds = [later.since(earlier) for earlier, later in pairwise(ends)]
    spent = ends[-1].since(ends[0]).outcomes
    busiest = max(spent, key=lambda name: spent[name][1], default=None)
    if busiest is None:
        counts = [part.requests for part in rounds]
        means = [part.seconds / max(part.requests, 1) for part in rounds]
    else:
        found = [part.outcomes[busiest] for part in rounds if busiest in part.outcomes]
        counts = [count for count, _ in found]
        means = [total / count if count else 0.0 for count, total in found]
    if len(counts) < ROUNDS or min(counts) < _FEWEST or not mean(means) > 0:
        return None
    return (max(means) - min(means)) / mean(means)
