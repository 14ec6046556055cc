"""`SplitSearch`: the best split of a budget, in few evaluations."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from perflab.callbacks import Progress
from perflab.service.split import Split, Splitter

if TYPE_CHECKING:
    from perflab.modelling.prediction import Metrics

Evaluate = Callable[[Split], "Metrics"]

FIRST_SHARES = (0.0, 0.05, 0.2, 0.5, 1.0)
"""Shares of the memory for a cache that are looked at first; a small one in each process, which
has the most popular keys, is often best."""
_ROUNDS = 2
_FIRST_SIZES = 4
_SIZE_ROUNDS = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Tried:
    """A split and what it does.

    Attributes:
        split: What each stage gets.
        metrics: Of the service.
    """

    split: Split
    metrics: Metrics


class SplitSearch:
    """Looks for the best split.

    What one more byte gains falls with the bytes that a cache has, so that along the share of one
    cache there is one best place: it is looked for at a few shares, and then by halving on both
    sides of the best one. So it is with the size of pools: small ones wait, large ones slow the
    database down.

    Args:
        splitter: Makes services of splits.
        evaluate: Returns what a split does, by metric.
        value: Returns what is to be small, given the metrics.
        progress: Called with the splits tried and how many there are at most.
    """

    def __init__(
        self,
        splitter: Splitter,
        evaluate: Evaluate,
        value: Callable[[Metrics], tuple[float, ...]],
        progress: Progress | None = None,
    ) -> None:
        self._splitter = splitter
        self._evaluate = evaluate
        self._value = value
        self._progress = progress
        self.tried: dict[Split, Metrics] = {}

    def best(self, budget: float, most: int | None) -> Tried:
        """Return the best split that was found.

        Args:
            budget: Memory of all caches, in bytes.
            most: Connections that each pool may have or, where there is a PgBouncer, that this may
                have; 0 without a pool, none = no limit.

        Raises:
            BadInputError: If the budget is less than the caches take at least.
        """
        splitter = self._splitter
        present = splitter.present()
        memory = splitter.memory_for(budget, self._even())
        start = dataclasses.replace(present, memory_bytes=memory)
        size = present.size
        here = self._try(start.sized(size if most is None else min(size, most)))
        for _ in range(_ROUNDS if len(splitter.caches) > 2 else 1):
            for cache in range(len(splitter.caches) - 1):
                here = self._along_share(here, budget, cache)
        return here if most == 0 else self._along_size(here, most)

    @property
    def most(self) -> int:
        """How many splits are tried at most."""
        shares = len(self._splitter.caches) - 1
        rounds = _ROUNDS if shares > 1 else 1
        along = len(FIRST_SHARES) + 2 * _ROUNDS
        sizes = 0 if self._splitter.service.pool is None else _FIRST_SIZES + 2 * _SIZE_ROUNDS
        return 1 + shares * rounds * along + sizes

    def _even(self) -> tuple[float, ...]:
        """Return shares to begin with: all for the last cache, which all workers share."""
        count = len(self._splitter.caches)
        return tuple(float(place == count - 1) for place in range(count))

    def _try(self, split: Split) -> Tried:
        if split not in self.tried:
            self.tried[split] = self._evaluate(split)
            if self._progress is not None:
                self._progress(len(self.tried), self.most)
        return Tried(split, self.tried[split])

    def _better(self, tried: Sequence[Tried]) -> Tried:
        return min(tried, key=lambda each: self._value(each.metrics))

    def _along_share(self, here: Tried, budget: float, cache: int) -> Tried:
        """Return the best share of one cache, those behind it sharing the rest as they do now."""
        shares = self._splitter.shares(here.split)
        free = 1.0 - sum(shares[:cache])
        behind = sum(shares[cache + 1 :])

        def at(part: float) -> Tried:
            rest = [each / behind if behind > 0 else 0.0 for each in shares[cache + 1 :]]
            if behind == 0:
                rest[-1] = 1.0
            moved = (*shares[:cache], part * free, *(each * (1 - part) * free for each in rest))
            memory = self._splitter.memory_for(budget, moved)
            return self._try(dataclasses.replace(here.split, memory_bytes=memory))

        found = {part: at(part) for part in FIRST_SHARES}
        for _ in range(_ROUNDS):
            places = sorted(found)
            best = min(places, key=lambda part: self._value(found[part].metrics))
            index = places.index(best)
            around = [places[index - 1]] if index else []
            around += places[index + 1 : index + 2]
            for other in around:
                middle = _between(best, other)
                found[middle] = at(middle)
        return self._better([*found.values(), here])

    def _along_size(self, here: Tried, most: int | None) -> Tried:
        """Return the best size of the pools, or of the PgBouncer behind them."""
        top = most if most is not None else max(4 * here.split.size, 8)

        def at(size: int) -> Tried:
            return self._try(here.split.sized(size))

        steps = range(_FIRST_SIZES)
        sizes = {max(1, round(top ** (step / (_FIRST_SIZES - 1)))) for step in steps}
        found = {size: at(size) for size in sizes}
        for _ in range(_SIZE_ROUNDS):
            places = sorted(found)
            best = min(places, key=lambda size: self._value(found[size].metrics))
            index = places.index(best)
            for other in (*places[max(index - 1, 0) : index], *places[index + 1 : index + 2]):
                middle = round(math.sqrt(best * other))
                found.setdefault(middle, at(middle))
        return self._better([*found.values(), here])


def _between(low: float, high: float) -> float:
    """Return the middle of two shares: on a log scale, but of none."""
    low, high = min(low, high), max(low, high)
    return math.sqrt(low * high) if low > 0 else high / 3
