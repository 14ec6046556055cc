"""Machine instructions that numba does not offer by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
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


def _prefetch(_typing_context: Any, array: Any, _index: Any) -> tuple[Any, Any]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        address = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        takes = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        insert: Any = cgutils.get_or_insert_function  # which has no types
        called = insert(builder.module, takes, "llvm.prefetch.p0")
        # To be written to, kept in all caches, and data.
        builder.call(called, [address, *(ir.Constant(number, value) for value in (1, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


WordFunction = Callable[[np.uint64], int]

# In compiled code only: the number of set bits of a uint64 (0..64).
popcount = cast(WordFunction, intrinsic(_popcount))
# In compiled code only: the index (0..63) of the highest set bit of a uint64 that is not 0.
highest_bit = cast(WordFunction, intrinsic(_highest_bit))
# In compiled code only: have an element of an array of one dimension fetched into the processor's
# caches while other work goes on. The index is not checked.
prefetch = cast(Callable[[npt.NDArray[Any], int | np.integer[Any]], None], intrinsic(_prefetch))
AHEAD = 12
"""So many requests ahead the loops fetch what they hold of a key: about as long as memory takes."""
