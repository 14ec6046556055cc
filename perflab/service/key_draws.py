"""`KeyDraws`: samples of a workload's keys, with all requests of each, and what they stand for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from perflab import kernels
from perflab.bench.passing import requests_at

if TYPE_CHECKING:
    from perflab.service.incoming import Incoming

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
DRAWS = 4
"""So many samples are drawn: how far their answers lie apart tells how exact their mean is."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class KeyDraw:
    """One sample of keys.

    Attributes:
        incoming: Its requests.
        places: Where they stand among all, int64.
        weights: For how many requests of the whole each stands, float64.
    """

    incoming: Incoming
    places: Places
    weights: Floats


class KeyDraws:
    """Samples of the keys of a workload that differ from each other.

    Keys are ordered by how often they are requested and cut into blocks; each sample has one key
    of each block, whose requests stand for those of the whole block. So each sample has its share
    of the popular keys as of the others. Keys are sampled as in SHARDS (Waldspurger et al., FAST
    2015): caches of a share of the size hold them as the whole ones hold all.

    Args:
        incoming: All requests; their workload is a trace.
        ids: int32 of shape (requests,), the dense id of each request's key.
        n_keys: How many ids there are.
        share: Of the keys, in all samples together.
        seed: Of the draws.
    """

    def __init__(
        self,
        incoming: Incoming,
        ids: npt.NDArray[np.int32],
        n_keys: int,
        share: float,
        seed: int = 0,
    ) -> None:
        self.ids = ids
        counts = kernels.key_counts(ids, n_keys)
        ranked = kernels.by_count(counts)
        self.block = DRAWS * max(1, round(1.0 / share))
        self.share = 1.0 / self.block
        blocks = -(-n_keys // self.block)
        self.block_of = np.empty(n_keys, np.int32)
        self.block_of[ranked] = np.arange(n_keys, dtype=np.int32) // self.block
        totals = np.bincount(self.block_of, counts, minlength=blocks)
        self.totals: Floats = totals.astype(np.float64)
        masks = np.zeros(n_keys, np.uint8)
        draw = np.random.default_rng(seed)
        sizes = np.minimum(self.block, n_keys - np.arange(blocks) * self.block)
        # Of each block as many places in random order as there are samples; a short last block may
        # have fewer keys, which then stand in several samples.
        jumps = draw.random((blocks, DRAWS)).argsort(axis=1)
        step = np.maximum(sizes[:, None] // DRAWS, 1)
        inside = jumps * step + (draw.random((blocks, DRAWS)) * step).astype(np.int64)
        inside = np.minimum(inside, sizes[:, None] - 1)
        self._keys = ranked[inside + np.arange(blocks)[:, None] * self.block]
        for number in range(DRAWS):
            masks[self._keys[:, number]] |= np.uint8(1 << number)
        found = kernels.requests_of(ids, masks)[:DRAWS]
        self.draws = [
            self._drawn(incoming, places.astype(np.int64), counts[self._keys[:, number]])
            for number, places in enumerate(found)
        ]

    def _drawn(
        self, incoming: Incoming, places: Places, counts: npt.NDArray[np.integer]
    ) -> KeyDraw:
        weights = self.totals / np.maximum(counts, 1)
        there = dataclasses.replace(
            incoming,
            requests=requests_at(incoming.requests, places),
            workers=incoming.workers[places],
        )
        return KeyDraw(there, places, weights[self.block_of[self.ids[places]]])
