"""Where lines of JSON objects have the values of some names, in one pass over their bytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen
from perflab.kernels.texts.scanning import (
    BLANK,
    CR,
    LF,
    MINUS,
    NINE,
    NOWHERE,
    ONE,
    QUOTE,
    STOPS,
    TAB,
    ZERO,
    escaped_end,
    number_end,
)
from perflab.kernels.texts.spans import (
    DECIMAL,
    ESCAPED,
    FALSE,
    MISSING,
    NESTED,
    NULL,
    ROOT,
    SLOTS,
    TEXT,
    TRUE,
    WHOLE,
    Bytes,
    Ints,
    Names,
    Spans,
    new_spans,
)

_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = 0x7B, 0x7D, 0x5B, 0x5D
_COLON, _COMMA = 0x3A, 0x2C
_TRUE, _FALSE, _NULL = (np.frombuffer(word, np.uint8) for word in (b"true", b"false", b"null"))
_DEEPEST = 32


def json_spans(data: npt.ArrayLike, offsets: npt.ArrayLike, names: Names) -> Spans:
    """Return where each line, which is to be one JSON object (RFC 8259), has values of names.

    Odd are lines that are not such an object by the letter, or in which a name that is looked for
    stands twice, or any name is written with an escape, or in which a number is very long or
    begins with -0, or which are more than 32 levels deep.

    Args:
        data: uint8, the lines, each with its line feed; valid UTF-8.
        offsets: int32 of shape (lines + 1,), where each line begins.
        names: The names; those within lists are not looked for.
    """
    places = frozen(offsets, np.int32)
    spans = new_spans(len(names.parents), len(places) - 1)
    _scan_lines(frozen(data, np.uint8), places, *names, *spans)
    return spans


@njit(nogil=True, cache=True, inline="always")
def _after_blanks(data: Bytes, place: np.uint64) -> np.uint64:
    while data[place] == BLANK or data[place] == TAB or data[place] == CR:
        place += ONE
    return place


@njit(nogil=True, cache=True)
def _after_word(data: Bytes, place: np.uint64) -> tuple[np.uint64, int]:
    """Return the place after true, false or null, and its kind; `NOWHERE` if it is none."""
    for word, kind in ((_TRUE, TRUE), (_FALSE, FALSE), (_NULL, NULL)):
        at, same = place, 0
        while same < len(word) and data[at] == word[same]:
            at += ONE
            same += 1
        if same == len(word):
            return at, kind
    return NOWHERE, MISSING


@njit(nogil=True, cache=True)
def _scan_lines(
    data: Bytes,
    offsets: Ints,
    text: Bytes,
    begins: Ints,
    parents: Ints,
    levels: Ints,
    heads: Ints,
    following: Ints,
    kinds: Bytes,
    starts: Ints,
    ends: Ints,
    odd: npt.NDArray[np.bool_],
) -> None:
    # Which level of names each depth is, and whether it is an object.
    within, are_objects = np.empty(_DEEPEST, np.int64), np.empty(_DEEPEST, np.bool_)
    for line in range(len(offsets) - 1):
        odd[line] = True
        place, end = np.uint64(offsets[line]), np.uint64(offsets[line + 1])
        if place >= end or data[end - ONE] != LF:
            continue
        place = _after_blanks(data, place)
        if data[place] != _OPEN:
            continue
        place = _after_blanks(data, place + ONE)
        depth, row = 0, np.int64(-1)
        within[0], are_objects[0] = ROOT, True
        is_name, is_first = True, True
        while True:
            # Here stands a name or a value, or the end of what is empty.
            byte = data[place]
            start, kind = place, NESTED
            if byte == QUOTE:
                place += ONE
                start = place
                while not STOPS[data[place]]:
                    place += ONE
                kind = TEXT
                if data[place] != QUOTE:
                    kind = ESCAPED
                    place = escaped_end(data, place)
                    if place == NOWHERE or is_name:
                        break
                if is_name:
                    level = within[depth]
                    if level >= 0:
                        length = np.int64(place - start)
                        first, last = np.int64(data[start]), np.int64(data[place - ONE])
                        slot = length * 5 + first * 11 + last * 23 + level * 37  # as `slot_of`
                        row = np.int64(heads[slot & (SLOTS - 1)])
                        while row >= 0:
                            begin = np.int64(begins[row])
                            if parents[row] == level and begins[row + 1] - begin == length:
                                at, other = start, np.uint64(begin)
                                while at < place and data[at] == text[other]:
                                    at += ONE
                                    other += ONE
                                if at == place:
                                    break
                            row = np.int64(following[row])
                        if row >= 0 and kinds[row, line] != MISSING:
                            break
                    place = _after_blanks(data, place + ONE)
                    if data[place] != _COLON:
                        break
                    place = _after_blanks(data, place + ONE)
                    is_name = False
                    continue
                stop = place
                place += ONE
            elif is_name:
                if byte != _CLOSE or not is_first:
                    break
                stop = place
            elif byte == MINUS or ZERO <= byte <= NINE:
                place, is_decimal = number_end(data, place)
                if place == NOWHERE:
                    break
                kind = DECIMAL if is_decimal else WHOLE
                stop = place
            elif byte in (_OPEN, _OPEN_LIST):
                level = np.int64(-1)
                if row >= 0:
                    kinds[row, line] = NESTED
                    if byte == _OPEN:
                        level = np.int64(levels[row])
                    row = np.int64(-1)
                depth += 1
                if depth >= _DEEPEST:
                    break
                is_name = byte == _OPEN
                is_first = True
                within[depth], are_objects[depth] = level, is_name
                place = _after_blanks(data, place + ONE)
                continue
            elif byte == _CLOSE_LIST and is_first and not are_objects[depth]:
                stop = place
            else:
                place, kind = _after_word(data, place)
                if place == NOWHERE:
                    break
                stop = place
            if row >= 0:
                kinds[row, line] = kind
                starts[row, line] = np.int32(start)
                ends[row, line] = np.int32(stop)
                row = np.int64(-1)
            place = _after_blanks(data, place)
            while depth >= 0 and data[place] == (_CLOSE if are_objects[depth] else _CLOSE_LIST):
                depth -= 1
                place = _after_blanks(data, place + ONE)
            if depth < 0:
                # Nothing may stand behind the object.
                odd[line] = place + ONE != end
                break
            if data[place] != _COMMA:
                break
            place = _after_blanks(data, place + ONE)
            is_name, is_first = are_objects[depth], False
        if odd[line]:
            for each in range(len(kinds)):
                kinds[each, line] = MISSING
