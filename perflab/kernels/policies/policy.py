"""What a policy's file declares of its compiled loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Loop = Callable[..., npt.NDArray[np.int64]]


class Policy(NamedTuple):
    """The compiled loops of an eviction policy.

    Attributes:
        plain: Counts the hits at one size. Takes the columns that `reads` names, the capacity, and
            the number of requests in a block.
        bounded: Counts all events under every bound. Takes what `policy_counts` prepares, and then
            `constants`; None where the policy is not simulated with bounds.
        reads: Names of the columns of `Requests`.
        constants: What tells policies apart that share a bounded loop.
        operated: Counts the hits at one size of a trace with operations, as quickly as `plain` may.
            Takes ids, their number, operations, a tally, the capacity and the number of requests in
            a block. The tally is int64 of shape (rows, 2), of zeros: a row a block, of which the
            last is that of all further ones, with the evictions up to its end and the entries then.
            None where the bounded loop is as quick.
        flags: Says which requests hit at one size, in less memory than `plain` takes for it. Takes
            the columns that `reads` names, and the capacity; None where `plain` does it.
    """

    plain: Loop
    bounded: Loop | None = None
    reads: tuple[str, ...] = ("ids", "n_keys")
    constants: tuple[Any, ...] = ()
    operated: Loop | None = None
    flags: Callable[..., npt.NDArray[np.bool_]] | None = None
