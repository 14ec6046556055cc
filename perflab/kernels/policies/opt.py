"""OPT: the entry that is needed last makes room; no policy has more hits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import highest_bit
from perflab.kernels.policies.policy import Policy


@njit(nogil=True, cache=True)
def _plain(next_use: npt.NDArray[np.int32], capacity: int, block: int) -> npt.NDArray[np.int64]:
    """Count the hits of Belady's optimum of `capacity` entries, for every block of requests.

    Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
    Journal 1966. Every missed key is admitted, as in the policies that it is the ceiling of.
    Entries are kept as bits at their next use, under two levels of summaries (64 bits to one):
    a hit is a set bit at the present position, the victim is the highest set bit.
    """
    n = len(next_use)
    counts = np.zeros((n + block - 1) // block, np.int64)
    if capacity < 1:
        return counts
    one = np.uint64(1)
    uses = np.zeros((n >> 6) + 1, np.uint64)
    words = np.zeros((n >> 12) + 1, np.uint64)
    groups = np.zeros((n >> 18) + 1, np.uint64)
    top = 0
    unused = 0  # entries that are never needed again have no bit: they leave first
    free = capacity
    for b in range(len(counts)):
        hits = 0
        for t in range(b * block, min(n, (b + 1) * block)):
            if uses[t >> 6] >> np.uint64(t & 63) & one:
                hits += 1
            elif free > 0:
                free -= 1
            elif unused > 0:
                unused -= 1
            else:
                while groups[top] == 0:
                    top -= 1
                group = (top << 6) + highest_bit(groups[top])
                word = (group << 6) + highest_bit(words[group])
                uses[word] ^= one << np.uint64(highest_bit(uses[word]))
                if uses[word] == 0:
                    words[group] ^= one << np.uint64(word & 63)
                    if words[group] == 0:
                        groups[top] ^= one << np.uint64(group & 63)
            use = int(next_use[t])
            if use == n:
                unused += 1
            else:
                if uses[use >> 6] == 0:
                    words[use >> 12] |= one << np.uint64(use >> 6 & 63)
                    groups[use >> 18] |= one << np.uint64(use >> 12 & 63)
                    top = max(top, use >> 18)
                uses[use >> 6] |= one << np.uint64(use & 63)
        counts[b] = hits
    return counts


POLICY = Policy(_plain, reads=("next_use",))
