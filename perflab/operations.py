"""What a row of a trace does to a cache: codes of one byte, the same in files and in kernels."""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Operation(enum.IntEnum):
    """One row's operation, in file order; an entry past its lifetime is gone before it.

    Attributes:
        GET: A lookup: a hit, or a miss, which loads and inserts the key.
        SET: Inserts or replaces the entry, with a new size and lifetime; neither hit nor miss.
        TOUCH: Gives a resident entry a new lifetime from now.
        DELETE: Removes the entry.
        WRITE: A write of the data behind the cache, such as an HTTP PUT; what a cache does then
            is the setting `writes`.
    """

    GET = 0
    SET = 1
    TOUCH = 2
    DELETE = 3
    WRITE = 4


UNLESS_FILL = 4
"""In place of a write: a removal, but where it is the fill of the load before it on its key."""

ACTS: Mapping[str, tuple[int, ...]] = {
    "recorded": (Operation.GET, Operation.SET, Operation.TOUCH, Operation.DELETE, Operation.DELETE),
    "through": (Operation.GET, Operation.SET, Operation.TOUCH, Operation.DELETE, Operation.SET),
    "invalidate": (Operation.GET, UNLESS_FILL, Operation.TOUCH, Operation.DELETE, Operation.DELETE),
}
"""What a cache does at each `Operation`, by the setting `writes`; with `ignore` it is asked gets.

A write of the data behind removes what is cached, as RFC 9111, section 4.4, asks of HTTP caches.
"""
