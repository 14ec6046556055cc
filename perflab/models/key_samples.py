"""Samples of a trace's keys, drawn several times: by frequency strata, or by hashes of keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.settings import BadInputError, nearest
from perflab.workloads.trace import Trace

METHODS = ("stratified", "spatial")
FEWEST_KEYS = 10_000

_HASH_BITS = 24


@dataclasses.dataclass(frozen=True, eq=False)
class KeySample:
    """The requests for some of a trace's keys.

    Attributes:
        trace: Those requests, with their times where the whole trace has them.
        share: The share of the keys that was meant to be drawn, and drawn on average.
        positions: int32, one a request: where it stands in the whole trace.
        bytes_share: Its share of the bytes of all keys together; `share` where none has a size.
    """

    trace: Trace
    share: float
    positions: npt.NDArray[np.int32]
    bytes_share: float

    def dated(self, rate: float) -> Trace:
        """Return the requests, each at the time that it has in the whole trace at a rate."""
        times = self.positions / rate
        return dataclasses.replace(self.trace, times=times, check=False)


def share_for(n_keys: int, share: float) -> float:
    """Return a share of the keys raised so far that 10,000 of them are left, or all.

    Errors depend on the number of sampled keys: with a tenth of these they are rough.

    Raises:
        BadInputError: If the share is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise BadInputError("a sample is a share of the keys, above 0 and at most 1", "sample")
    return min(1.0, max(share, FEWEST_KEYS / n_keys))


def check_method(method: str) -> None:
    """Refuse a method of sampling that there is not.

    Raises:
        BadInputError: With the nearest one.
    """
    if method not in METHODS:
        text = f"there is no method {method!r}{nearest(method, METHODS)}; take {METHODS}"
        raise BadInputError(text, "sampling")


def draw_keys(
    trace: Trace, shares: Sequence[float], method: str = "stratified", seed: int = 0
) -> list[KeySample]:
    """Draw a sample for each of some shares, each by itself, in one pass over the trace.

    ``stratified``: keys are ordered by how often they are asked for, and one is drawn from each
    run of ``1 / share`` of them, so that frequencies are those of all keys. ``spatial``: the keys
    whose hash lies below a threshold, as SHARDS at a fixed rate (Waldspurger et al., "Efficient
    MRC construction with SHARDS", FAST 2015, section 3).

    Args:
        trace: The whole workload.
        shares: At most 8 shares of the keys, above 0 and at most 1.
        method: One of `METHODS`.
        seed: What chance starts from; draws differ by their place in `shares`.

    Raises:
        BadInputError: If there is no such method.
    """
    check_method(method)
    counts = kernels.key_counts(trace.ids, trace.n_keys)
    ranks = kernels.by_count(counts) if method == "stratified" else None
    masks = np.zeros(trace.n_keys, np.uint8)
    drawn: list[float] = []
    for place, share in enumerate(shares):
        random = np.random.default_rng((seed, place))
        if ranks is not None:
            runs = max(1, round(trace.n_keys * share))
            keys = ranks[_one_of_each(trace.n_keys, runs, random)]
            drawn.append(runs / trace.n_keys)
        else:
            keys = np.flatnonzero(_hashes(trace.n_keys, random) < share * 2**_HASH_BITS)
            drawn.append(share)
        masks[keys] |= np.uint8(1 << place)
    positions = kernels.requests_of(trace.ids, masks)
    sizes = None if trace.sizes is None else _key_sizes(trace)
    return [
        _sample(trace, share, found, sizes) for share, found in zip(drawn, positions, strict=False)
    ]


def _one_of_each(n_keys: int, runs: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return a rank from each of some runs of ranks that are as long as each other."""
    edges = np.linspace(0, n_keys, runs + 1)
    places = (edges[:-1] + random.random(runs) * np.diff(edges)).astype(np.int64)
    return np.minimum(places, n_keys - 1)


def _hashes(n_keys: int, random: np.random.Generator) -> npt.NDArray[np.uint64]:
    """Return 24-bit hashes of all ids: the mixing function of Steele et al., OOPSLA 2014."""
    start = random.integers(2**63, dtype=np.uint64)
    bits = np.arange(1, n_keys + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    hashed: npt.NDArray[np.uint64] = (bits ^ (bits >> np.uint64(31))) >> np.uint64(64 - _HASH_BITS)
    return hashed


def _key_sizes(trace: Trace) -> npt.NDArray[np.int64]:
    sizes = np.zeros(trace.n_keys, np.int64)
    sizes[trace.ids] = trace.sizes
    return sizes


def _sample(
    trace: Trace,
    share: float,
    positions: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.int64] | None,
) -> KeySample:
    ids, unique = kernels.dense_ids(trace.ids[positions])
    part = 1.0 if sizes is None else float(sizes[unique].sum() / max(int(sizes.sum()), 1))

    def cut(values: npt.NDArray | None) -> npt.NDArray | None:  # type: ignore[type-arg]
        return None if values is None else values[positions]

    return KeySample(
        Trace(
            f"{trace.name} sampled",
            ids,
            len(unique),
            cut(trace.times),
            cut(trace.sizes),
            cut(trace.ttls),
            check=False,
        ),
        share,
        positions,
        share if sizes is None else part,
    )
