"""OPT: the entry that is needed last makes room; no policy has more hits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.bits import highest_bit
from perflab.kernels.policies.operations import GET, SET
from perflab.kernels.policies.policy import Policy


@njit(nogil=True, cache=True)
def _plain(
    next_use: npt.NDArray[np.int32],
    operations: npt.NDArray[np.uint8] | None,
    capacity: int,
    block: int,
) -> npt.NDArray[np.int64]:
    """Count the hits of Belady's optimum of `capacity` entries, for every block of requests.

    Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
    Journal 1966. Every missed key is admitted, as in the policies that it is the ceiling of.
    Entries are kept as bits at their next use, under two levels of summaries (64 bits to one):
    a hit is a set bit at the present position, the victim is the highest set bit.

    With operations, each miss and each set is admitted, and `next_use` is of `next_gets`: an entry
    that will be written or removed before it is asked for makes room like one that is never needed
    again, so that a removal leaves as much room as there was. No policy that admits as much has
    more hits: exchange the victim for the one that is needed last, and at most one miss moves.
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
            needed = uses[t >> 6] >> np.uint64(t & 63) & one
            if operations is not None:
                if needed and operations[t] != GET:
                    raise ValueError("the next uses are not those of next_gets")
                if operations[t] > SET:
                    continue
            if needed:
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


POLICY = Policy(_plain, reads=("next_use", "operations"))
