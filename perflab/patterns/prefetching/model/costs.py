"""`PrefetchingCosts`: how long fetches and the consumer's work take, from a calibration."""

from __future__ import annotations

import dataclasses
import math
from functools import lru_cache
from typing import Self

import numpy as np
import numpy.typing as npt

from perflab.modelling.latency import QUANTILES
from perflab.modelling.prediction import Costs
from perflab.modelling.usl import Usl
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.settings import LoadSettings

Floats = npt.NDArray[np.float64]
_LEAST = 0.05


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class RunTimes:
    """What a run itself has measured, in order.

    Attributes:
        fetch_seconds: How long each fetch took.
        fetch_items: How many items each brought.
        consume_seconds: The consumer's work on each item.
    """

    fetch_seconds: Floats
    fetch_items: npt.NDArray[np.int64]
    consume_seconds: Floats


@dataclasses.dataclass(frozen=True, slots=True)
class PrefetchingCosts:
    """What the model must be told; seconds are means.

    Attributes:
        fixed_seconds: What each fetch takes, however few items it brings.
        item_seconds: What each of its items takes on top.
        fetch_quantiles: How fetches spread: multiples of their mean at `QUANTILES`.
        contention: Of the Universal Scalability Law through fetches at once.
        coherency: Of the same law.
        consume_mean: What the consumer's transformation of an item takes.
        consume_spread: Its standard deviation.
        item_bytes: What an item takes in memory; 0 where that is not known.
        overhead_seconds: What lies between two items.
        take_seconds: What it takes to get an item that is in the buffer.
        handover_seconds: What it takes to go on once a batch is there.
        sleep_seconds: What a wait takes longer than asked for.
        run: What the run itself has measured, where it has.
    """

    fixed_seconds: float
    item_seconds: float
    fetch_quantiles: tuple[float, ...]
    contention: float
    coherency: float
    consume_mean: float
    consume_spread: float
    item_bytes: float = 0.0
    overhead_seconds: float = 0.0
    take_seconds: float = 0.0
    handover_seconds: float = 0.0
    sleep_seconds: float = 0.0
    run: RunTimes | None = None

    @classmethod
    def of(cls, costs: Costs) -> Self:
        """Read what a calibration, or a run, holds."""
        fetch, consume, law = costs["fetch"], costs["consume"], costs["usl"]
        run = None
        if "fetch_items" in costs:
            run = RunTimes(
                np.asarray(costs["fetch_seconds"], np.float64),
                np.asarray(costs["fetch_items"], np.int64),
                np.asarray(costs["consume_seconds"], np.float64),
            )
        return cls(
            fetch["fixed_seconds"],
            fetch["item_seconds"],
            tuple(fetch["quantiles"]),
            law["contention"],
            law["coherency"],
            consume["mean"],
            consume["spread"],
            costs.get("item_bytes", 0.0),
            costs.get("overhead_seconds", 0.0),
            costs.get("take_seconds", 0.0),
            costs.get("handover_seconds", 0.0),
            costs.get("sleep_seconds", 0.0),
            run,
        )

    @property
    def between_seconds(self) -> float:
        """What lies between the work on two items where none is waited for."""
        return self.overhead_seconds + self.take_seconds

    def fetch_seconds(self, items: int) -> float:
        """Return the mean time of a fetch of so many items by one worker, without extra wait."""
        return self.fixed_seconds + items * self.item_seconds

    def wait_seconds(self, load: LoadSettings) -> float:
        """Return the extra wait of each fetch, with what a sleep takes longer than asked."""
        asked = load.backend_seconds
        return asked + self.sleep_seconds if asked > 0 else 0.0

    def slowdown(self, workers: int, own: float, wait: float) -> Floats:
        """Return what a fetch is multiplied with when 0 to so many workers are at work.

        Only its own work slows down, as the Universal Scalability Law says; others that only wait
        take nothing away.

        Args:
            workers: The most at work.
            own: Seconds of a fetch's own work.
            wait: Seconds that it waits on top.
        """
        law = Usl(1.0, self.contention, self.coherency)
        others = np.maximum(np.arange(workers + 1, dtype=np.float64) - 1.0, 0.0)
        share = own / (own + wait) if own + wait > 0 else 1.0
        return np.array([law.seconds(1.0 + n * share) for n in others])

    def consume_seconds(self, settings: PrefetchingSettings) -> float:
        """Return the mean time of the consumer's work on an item.

        It repeats one transformation until the time set has passed, half of one too long on
        average.
        """
        once, asked = self.consume_mean, settings.consume_seconds
        return once if asked <= once else asked + once / 2

    def draw_fetches(self, batches: int, seed: int) -> Floats:
        """Return fetch times as multiples of their mean, shape ``(batches,)``."""
        return _drawn(self.fetch_quantiles, batches, seed)

    def draw_consumes(
        self, settings: PrefetchingSettings, sizes: npt.NDArray[np.int64], seed: int
    ) -> Floats:
        """Return the consumer's time for each batch: sums of as many works, taken as normal."""
        mean, spread = self.consume_seconds(settings), self.consume_spread
        if settings.consume_seconds > self.consume_mean:
            # Of works that last until a time has passed, only the last repetition varies.
            spread = self.consume_mean / math.sqrt(12.0)
        drawn = np.random.default_rng(seed + 1).standard_normal(len(sizes))
        total = mean * sizes + spread * np.sqrt(sizes) * drawn
        found: Floats = np.maximum(total, _LEAST * mean * sizes)
        return found

    def room(self, settings: PrefetchingSettings) -> int:
        """Return how many items may be ahead, by number and by bytes."""
        if settings.max_bytes is None or self.item_bytes <= 0:
            return settings.buffer_size
        return max(1, min(settings.buffer_size, int(settings.max_bytes / self.item_bytes)))


@lru_cache(maxsize=16)
def _drawn(quantiles: tuple[float, ...], batches: int, seed: int) -> Floats:
    edges = np.asarray(quantiles)
    shares = np.random.default_rng(seed).random(batches)
    drawn: Floats = np.interp(shares, QUANTILES, edges)
    mean = float(((edges[1:] + edges[:-1]) / 2 * np.diff(QUANTILES)).sum())
    drawn /= mean
    drawn.flags.writeable = False
    return drawn
