"""How soon the keys of a trace come again: in other keys between, and in seconds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perflab.workloads.trace import Trace

QUANTILES = (0.5, 0.9, 0.99)
NAMES = ("p50", "p90", "p99")
# Longer traces are judged by a spatial sample of so many requests.
MOST_EXACT = 4_000_000
SPREAD = np.uint32(0x9E3779B1)
OFFSET = np.uint32(0x7F4A7C15)


def reuse_quantiles(trace: Trace) -> dict[str, float | int | None]:
    """Return quantiles of the reuse distance and, with times, of the time between reuses.

    The distance is the LRU stack distance: how many distinct keys came since, the key itself
    included, so that an LRU cache of p50 entries hits half of the requests that can hit at all
    (Mattson et al., "Evaluation techniques for storage hierarchies", 1970). The time says what a
    TTL must at least be. None where no key comes twice. Traces of more than `MOST_EXACT` requests
    are judged by a sample of their keys, adjusted for how many requests it should have had
    (Waldspurger et al., "Efficient MRC Construction with SHARDS", FAST 2015, section 4.2);
    ``reuse_sampled`` is its rate.
    """
    from perflab.kernels.lru_curve import lru_curve  # loads numba
    from perflab.kernels.quantiles import quantiles_of
    from perflab.kernels.reuse import previous_and_next

    ids, times, rate = _sample(trace)
    previous = previous_and_next(ids, trace.n_keys)[0]
    curve = lru_curve(previous)
    # What a sample has too few or too many of is requests of its hottest keys, which come at once.
    missing = len(trace) * rate - len(ids)
    hits = int(curve[-1])
    ranks = np.array(QUANTILES) * max(hits + missing, 0.0) - missing
    ranks = np.clip(np.ceil(ranks), min(1, hits), hits)
    distances = [round(int(at) / rate) for at in np.searchsorted(curve, ranks)]
    seconds = [np.nan] * len(QUANTILES)
    if times is not None and hits:
        again = np.flatnonzero(previous >= 0)
        gaps = times[again] - times[previous[again]]
        seconds = quantiles_of(gaps, (ranks / hits).tolist()).tolist()
    found: dict[str, float | int | None] = {"reuse_sampled": round(rate, 4)}
    for name, distance in zip(NAMES, distances, strict=True):
        found[f"reuse_distance_{name}"] = distance if hits else None
    for name, value in zip(NAMES, seconds, strict=True):
        found[f"reuse_interval_seconds_{name}"] = None if np.isnan(value) else value
    return found


def _sample(
    trace: Trace,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64] | None, float]:
    """Return ids and times of a sample of keys by hash, and its rate; all of a short trace."""
    requests = len(trace)
    if requests <= MOST_EXACT:
        return trace.ids, trace.times, 1.0
    rate = MOST_EXACT / requests
    places = np.arange(trace.n_keys, dtype=np.uint32) * SPREAD + OFFSET
    kept = places < np.uint32(rate * 2**32)
    mask = kept[trace.ids]
    times = None if trace.times is None else trace.times[mask]
    return trace.ids[mask], times, float(np.count_nonzero(kept)) / trace.n_keys
