"""The Universal Scalability Law: what contention and coherency leave of n servers' work."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

PARAMETERS = 3
"""Of the law: through so many sizes or fewer it goes exactly, right or wrong."""

_ROUNDING = 1e-9


@dataclasses.dataclass(frozen=True, slots=True)
class Usl:
    """A fitted law, Gunther, "Guerrilla Capacity Planning", 2007, chapter 4.

    Attributes:
        rate: Throughput of one alone, a second.
        contention: The share of the work that only one can do at a time.
        coherency: What each pair costs to keep in agreement.
        worst_residual: Largest distance of a measured throughput from the law, as a share of it.
    """

    rate: float
    contention: float
    coherency: float
    worst_residual: float = 0.0

    def throughput(self, n: float) -> float:
        """Return what n do together in a second."""
        return self.rate * n / self._slower(n)

    def seconds(self, n: float) -> float:
        """Return how long each of n takes for one piece of work."""
        return self._slower(n) / self.rate

    @property
    def peak(self) -> float:
        """The number beyond which more do less; infinite where there is none."""
        if self.coherency <= 0:
            return math.inf
        return max(1.0, math.sqrt(max(0.0, 1.0 - self.contention) / self.coherency))

    def _slower(self, n: float) -> float:
        return 1.0 + self.contention * (n - 1.0) + self.coherency * n * (n - 1.0)


def fit_usl(sizes: Sequence[float], throughputs: Sequence[float]) -> Usl:
    """Fit the law by least squares of the relative error, with no parameter below 0.

    With one size the rate alone is known; with two, coherency is left at 0.

    Args:
        sizes: How many worked at a time, at least 1.
        throughputs: What they did together, a second; as many, above 0.

    Raises:
        ValueError: If there are no measurements, or lengths or values are wrong.
    """
    n = np.asarray(sizes, dtype=np.float64)
    x = np.asarray(throughputs, dtype=np.float64)
    if len(n) != len(x) or len(n) == 0:
        raise ValueError(f"{len(x)} throughputs for {len(n)} sizes")
    if n.min() < 1 or x.min() <= 0:
        raise ValueError("a size is at least 1 and a throughput above 0")
    # n / X(n) is linear in 1 / rate, contention / rate and coherency / rate.
    terms = np.stack([np.ones_like(n), n - 1, n * (n - 1)], axis=1)
    weights = x / n
    rows = terms * weights[:, None]
    known = min(PARAMETERS, len(np.unique(n)))
    solution = _least_squares(rows[:, :known])
    found = np.zeros(PARAMETERS)
    found[:known] = solution
    residual = float(np.abs(x * (terms @ found) / n - 1.0).max())
    residual = residual if residual > _ROUNDING else 0.0
    rate = 1.0 / found[0]
    return Usl(float(rate), float(found[1] * rate), float(found[2] * rate), residual)


def _least_squares(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Solve ``rows @ p = 1`` with p not negative, by trying which parameters are 0."""
    wanted = np.ones(len(rows))
    best, least = None, math.inf
    others = range(1, rows.shape[1])
    for free in [(0, *rest) for k in range(rows.shape[1]) for rest in combinations(others, k)]:
        solved = np.linalg.lstsq(rows[:, free], wanted, rcond=None)[0]
        if solved[0] <= 0 or solved.min() < 0:
            continue
        candidate = np.zeros(rows.shape[1])
        candidate[list(free)] = solved
        error = float(((rows @ candidate - wanted) ** 2).sum())
        if error < least:
            best, least = candidate, error
    if best is None:
        raise ValueError("no law fits these throughputs")
    return best
