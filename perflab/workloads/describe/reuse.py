"""How soon the keys of a trace come again: in other keys between, and in seconds."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from perflab.workloads.kinds.numbering import first_appearance
from perflab.workloads.kinds.trace import Trace

_E = TypeVar("_E", bound=np.generic)

QUANTILES = (0.5, 0.9, 0.99)
NAMES = ("p50", "p90", "p99")
# Longer traces are judged by a spatial sample of so many requests.
MOST_EXACT = 4_000_000
# Of fewer keys a sample says little: then some windows of the requests are looked at instead.
FEWEST_KEYS = 100
WINDOWS = 4
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
    ``reuse_sampled`` is its rate. Where that would be too few keys, all keys are looked at in
    `WINDOWS` stretches of the requests, and the rate is 1: what comes again after another
    stretch is then taken for new, which few keys hardly do.
    """
    from perflab.kernels.curves.lru_curve import lru_curve  # loads numba
    from perflab.kernels.reuse import previous_and_next
    from perflab.kernels.sampling.quantiles import quantiles_of

    ids, times, rate, expected = _sample(trace)
    previous = previous_and_next(ids, int(ids.max()) + 1)[0]
    curve = lru_curve(previous)
    # What a sample has too few or too many of is requests of its hottest keys, which come at once.
    missing = expected - len(ids)
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
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64] | None, float, float]:
    """Return ids and times of some requests, the rate of their keys, and how many it expects."""
    requests = len(trace)
    if requests <= MOST_EXACT:
        return trace.ids, trace.times, 1.0, requests
    rate = MOST_EXACT / requests
    places = np.arange(trace.n_keys, dtype=np.uint32) * SPREAD + OFFSET
    kept = places < np.uint32(rate * 2**32)
    if np.count_nonzero(kept) < FEWEST_KEYS:
        return _windows(trace)
    mask = kept[trace.ids]
    if not mask.any():
        return _windows(trace)
    times = None if trace.times is None else trace.times[mask]
    rate = float(np.count_nonzero(kept)) / trace.n_keys
    return trace.ids[mask], times, rate, requests * rate


def _windows(
    trace: Trace,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64] | None, float, float]:
    length = MOST_EXACT // WINDOWS
    starts = np.linspace(0, len(trace) - length, WINDOWS).astype(np.int64)

    def cut(values: npt.NDArray[_E]) -> npt.NDArray[_E]:
        return np.concatenate([values[start : start + length] for start in starts])

    # A key of one window is another one in the next, so that nothing seems to come again there.
    ids, _ = first_appearance(cut(trace.ids), trace.n_keys)
    keys = int(ids.max()) + 1
    ids += (np.arange(len(ids)) // length * keys).astype(np.int32)
    times = None if trace.times is None else cut(trace.times)
    return ids, times, 1.0, len(ids)
