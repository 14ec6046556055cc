"""Machine instructions on 64-bit words that numba does not offer by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _popcount(_typing_context: Any, _word: Any) -> tuple[Any, Any]:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


def _highest_bit(_typing_context: Any, _word: Any) -> tuple[Any, Any]:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        undefined_for_zero = ir.Constant(ir.IntType(1), 1)
        leading_zeros = builder.ctlz(arguments[0], undefined_for_zero)
        return builder.sub(ir.Constant(ir.IntType(64), 63), leading_zeros)

    return types.int64(types.uint64), generate


WordFunction = Callable[[np.uint64], int]

# In compiled code only: the number of set bits of a uint64 (0..64).
popcount = cast(WordFunction, intrinsic(_popcount))
# In compiled code only: the index (0..63) of the highest set bit of a uint64 that is not 0.
highest_bit = cast(WordFunction, intrinsic(_highest_bit))
