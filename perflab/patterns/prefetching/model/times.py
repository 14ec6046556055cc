"""How long fetches and the consumer's work take, from a calibration: drawn, batch by batch."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from perflab.modelling.latency import QUANTILES
from perflab.modelling.prediction import Costs
from perflab.modelling.usl import Usl
from perflab.patterns.prefetching.settings import PrefetchingSettings
from perflab.settings import LoadSettings

Floats = npt.NDArray[np.float64]
_LEAST = 0.05


def fetch_seconds(costs: Costs, items: int) -> float:
    """Return the mean time of a fetch of so many items by one worker, without any extra wait."""
    fetch = costs["fetch"]
    return float(fetch["fixed_seconds"] + items * fetch["item_seconds"])


def wait_seconds(costs: Costs, load: LoadSettings) -> float:
    """Return the extra wait of each fetch, with what a sleep takes longer than asked."""
    asked = load.backend_seconds
    return asked + float(costs.get("sleep_seconds", 0.0)) if asked > 0 else 0.0


def slowdown(costs: Costs, workers: int, own: float, wait: float) -> Floats:
    """Return what a fetch is multiplied with when 0 to so many workers are at work.

    Only its own work slows down, as the Universal Scalability Law says; others that only wait
    take nothing away.

    Args:
        costs: With ``usl``.
        workers: The most at work.
        own: Seconds of a fetch's own work.
        wait: Seconds that it waits on top.
    """
    law = Usl(1.0, costs["usl"]["contention"], costs["usl"]["coherency"])
    others = np.maximum(np.arange(workers + 1, dtype=np.float64) - 1.0, 0.0)
    share = own / (own + wait) if own + wait > 0 else 1.0
    return np.array([law.seconds(1.0 + n * share) for n in others])


def consume_seconds(costs: Costs, settings: PrefetchingSettings) -> float:
    """Return the mean time of the consumer's work on an item.

    It repeats one transformation until the time set has passed, half of one too long on average.
    """
    once = float(costs["consume"]["mean"])
    asked = settings.consume_seconds
    return once if asked <= once else asked + once / 2


def draw_fetches(costs: Costs, batches: int, seed: int) -> Floats:
    """Return fetch times as multiples of their mean, shape ``(batches,)``."""
    return _drawn(tuple(costs["fetch"]["quantiles"]), batches, seed)


def draw_consumes(
    costs: Costs, settings: PrefetchingSettings, sizes: npt.NDArray[np.int64], seed: int
) -> Floats:
    """Return the consumer's time for each batch: sums of as many works, taken as normal."""
    mean = consume_seconds(costs, settings)
    spread = float(costs["consume"]["spread"])
    if settings.consume_seconds > costs["consume"]["mean"]:
        # Of works that last until a time has passed, only the last repetition varies.
        spread = float(costs["consume"]["mean"]) / math.sqrt(12.0)
    drawn = np.random.default_rng(seed + 1).standard_normal(len(sizes))
    total = mean * sizes + spread * np.sqrt(sizes) * drawn
    found: Floats = np.maximum(total, _LEAST * mean * sizes)
    return found


@lru_cache(maxsize=16)
def _drawn(quantiles: tuple[float, ...], batches: int, seed: int) -> Floats:
    edges = np.asarray(quantiles)
    shares = np.random.default_rng(seed).random(batches)
    drawn: Floats = np.interp(shares, QUANTILES, edges)
    mean = float(((edges[1:] + edges[:-1]) / 2 * np.diff(QUANTILES)).sum())
    drawn /= mean
    drawn.flags.writeable = False
    return drawn
