"""`Names`, the fields that are looked for in lines, and `Spans`, where lines have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]

# What a line has under a name.
MISSING, NULL, TRUE, FALSE, WHOLE, DECIMAL, TEXT, ESCAPED, NESTED = range(9)
SLOTS = 256
ROOT = 0
NOT_LOOKED_FOR = -1


class Names(NamedTuple):
    """Names of fields, the parts of a path one under the other, in a hash table with chains.

    Attributes:
        text: uint8, the bytes of all names.
        starts: int32 of shape (n + 1,), where each name begins in them.
        parents: int32 of shape (n,), the level within which it is a name; `ROOT` is the line.
        levels: int32 of shape (n,), the level of the names within it; `NOT_LOOKED_FOR` for none.
        heads: int32 of shape (SLOTS,), the first name of each slot, or -1.
        following: int32 of shape (n,), the next name of the same slot, or -1.
    """

    text: Bytes
    starts: Ints
    parents: Ints
    levels: Ints
    heads: Ints
    following: Ints


class Spans(NamedTuple):
    """Where lines have the values of names.

    Attributes:
        kinds: uint8 of shape (names, lines), one of `MISSING` to `NESTED`.
        starts: int32 of the same shape, the first byte of a number or text; not of others.
        ends: int32 of the same shape, the byte after the last.
        odd: bool of shape (lines,), whether a line is to be read in another way.
    """

    kinds: npt.NDArray[np.uint8]
    starts: Ints
    ends: Ints
    odd: npt.NDArray[np.bool_]


def new_spans(names: int, lines: int) -> Spans:
    """Return spans that are to be filled: of no line any name is known."""
    shape = (names, lines)
    return Spans(
        np.zeros(shape, np.uint8),
        np.empty(shape, np.int32),
        np.empty(shape, np.int32),
        np.zeros(lines, np.bool_),
    )


def names_of(paths: Sequence[Sequence[str]]) -> tuple[Names, list[int]]:
    """Return a table of names, and which of its rows each path ends in.

    Args:
        paths: The names from the outermost to the innermost.
    """
    rows: dict[tuple[str, ...], int] = {}
    levels: dict[tuple[str, ...], int] = {(): ROOT}
    for path in paths:
        for length in range(1, len(path) + 1):
            part = tuple(path[:length])
            rows.setdefault(part, len(rows))
            if length < len(path):
                levels.setdefault(part, len(levels))
    encoded = [part[-1].encode("utf-8", "surrogatepass") for part in rows]
    parents = [levels[part[:-1]] for part in rows]
    heads, following = np.full(SLOTS, -1, np.int32), np.full(len(rows), -1, np.int32)
    for row, (name, parent) in enumerate(zip(encoded, parents, strict=True)):
        # Of an empty name, scanners see the quotes around it.
        slot = slot_of(len(name), (name or b'"')[0], (name or b'"')[-1], parent)
        following[row], heads[slot] = heads[slot], row
    names = Names(
        np.frombuffer(b"".join(encoded), np.uint8).copy(),
        np.cumsum([0, *map(len, encoded)], dtype=np.int32),
        np.array(parents, np.int32),
        np.array([levels.get(part, NOT_LOOKED_FOR) for part in rows], np.int32),
        heads,
        following,
    )
    return names, [rows[tuple(path)] for path in paths]


def slot_of(length: int, first: int, last: int, level: int) -> int:
    """Return the slot of a name by its length, its first and last byte, and its level."""
    return (length * 5 + first * 11 + last * 23 + level * 37) & (SLOTS - 1)
