"""Where lines of logfmt, pairs of ``name=value``, have the values of some names, in one pass."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen
from perflab.kernels.texts.scanning import (
    BLANK,
    LF,
    MINUS,
    NINE,
    NOWHERE,
    ONE,
    PLUS,
    POINT,
    QUOTE,
    STOPS,
    TAB,
    ZERO,
    escaped_end,
)
from perflab.kernels.texts.spans import (
    ESCAPED,
    MISSING,
    ROOT,
    SLOTS,
    TEXT,
    Bytes,
    Ints,
    Names,
    Spans,
    new_spans,
)

_EQUALS, _COLON, _COMMA, _UPPER_T, _UPPER_Z = 0x3D, 0x3A, 0x2C, 0x54, 0x5A
# Bytes that are not a plain part of a word, and those and = of a name.
_WORD_STOPS = np.zeros(256, np.bool_)
_WORD_STOPS[: BLANK + 1] = _WORD_STOPS[QUOTE] = _WORD_STOPS[0x7F:] = True
_NAME_STOPS = _WORD_STOPS.copy()
_NAME_STOPS[_EQUALS] = True
for _stops in (_WORD_STOPS, _NAME_STOPS):
    _stops.flags.writeable = False
# Of 2024-06-10T06:13:20, where D stands for a digit.
_FORM = np.frombuffer(b"DDDD-DD-DDTDD:DD:DD", np.uint8)
_D = 0x44


def logfmt_spans(data: npt.ArrayLike, offsets: npt.ArrayLike, names: Names, moment: int) -> Spans:
    """Return where each line has values of names, all of them texts; the first of a name counts.

    Odd are lines with no pair, with quotes or escapes that are not JSON's, a quote within a word,
    a word that begins with ``=``, control characters, or what is not ASCII outside quotes.

    Args:
        data: uint8, the lines, each with its line feed; valid UTF-8.
        offsets: int32 of shape (lines + 1,), where each line begins.
        names: The names, all of them of the line itself.
        moment: The row of the name that a date and time before the first pair has; -1 for none.
    """
    places = frozen(offsets, np.int32)
    spans = new_spans(len(names.parents), len(places) - 1)
    of_names = (names.text, names.starts, names.heads, names.following)
    _scan_pairs(frozen(data, np.uint8), places, *of_names, int(moment), *spans)
    return spans


@njit(nogil=True, cache=True)
def _scan_pairs(
    data: Bytes,
    offsets: Ints,
    text: Bytes,
    begins: Ints,
    heads: Ints,
    following: Ints,
    moment: int,
    kinds: Bytes,
    starts: Ints,
    ends: Ints,
    odd: npt.NDArray[np.bool_],
) -> None:
    for line in range(len(offsets) - 1):
        odd[line] = True
        place, end = np.uint64(offsets[line]), np.uint64(offsets[line + 1])
        if place >= end or data[end - ONE] != LF:
            continue
        first = NOWHERE
        while True:
            while data[place] == BLANK or data[place] == TAB:
                place += ONE
            if data[place] == LF:
                odd[line] = first == NOWHERE or place + ONE != end
                break
            start = place
            while not _NAME_STOPS[data[place]]:
                place += ONE
            if data[place] != _EQUALS:
                if data[place] not in (BLANK, TAB, LF):
                    break
                continue
            if place == start:
                break
            if first == NOWHERE:
                first = start
            length = np.int64(place - start)
            slot = length * 5 + np.int64(data[start]) * 11 + np.int64(data[place - ONE]) * 23
            row = np.int64(heads[(slot + ROOT * 37) & (SLOTS - 1)])  # as `slot_of`
            while row >= 0:
                begin = np.int64(begins[row])
                if begins[row + 1] - begin == length:
                    at, other = start, np.uint64(begin)
                    while at < place and data[at] == text[other]:
                        at += ONE
                        other += ONE
                    if at == place:
                        break
                row = np.int64(following[row])
            place += ONE
            kind, start = TEXT, place
            if data[place] == QUOTE:
                place += ONE
                start = place
                while not STOPS[data[place]]:
                    place += ONE
                if data[place] != QUOTE:
                    kind = ESCAPED
                    place = escaped_end(data, place)
                    if place == NOWHERE:
                        break
                stop = place
                place += ONE
            else:
                while not _WORD_STOPS[data[place]]:
                    place += ONE
                stop = place
            if data[place] not in (BLANK, TAB, LF):
                break
            if row >= 0 and kinds[row, line] == MISSING:
                kinds[row, line] = kind
                starts[row, line] = np.int32(start)
                ends[row, line] = np.int32(stop)
        if odd[line]:
            for each in range(len(kinds)):
                kinds[each, line] = MISSING
        elif moment >= 0 and kinds[moment, line] == MISSING:
            start, stop = _find_moment(data, np.uint64(offsets[line]), first)
            if start != NOWHERE:
                kinds[moment, line] = TEXT
                starts[moment, line] = np.int32(start)
                ends[moment, line] = np.int32(stop)


@njit(nogil=True, cache=True)
def _find_moment(data: Bytes, place: np.uint64, end: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return where the first date and time between two places begins and ends."""
    while place + np.uint64(len(_FORM)) <= end:
        stop = _moment_end(data, place)
        # What stands before a pair ends with a blank.
        if stop != NOWHERE and data[stop] in (BLANK, TAB):
            return place, stop
        place += ONE
    return NOWHERE, NOWHERE


@njit(nogil=True, cache=True, inline="always")
def _is_digit(data: Bytes, place: np.uint64) -> bool:
    return bool(ZERO <= data[place] <= NINE)


@njit(nogil=True, cache=True)
def _moment_end(data: Bytes, place: np.uint64) -> np.uint64:
    """Return where a date and time that begins at a place may end."""
    for form in _FORM:
        byte = data[place]
        if form == _D:
            if not ZERO <= byte <= NINE:
                return NOWHERE
        elif byte != form and not (form == _UPPER_T and byte == BLANK):
            return NOWHERE
        place += ONE
    if data[place] in (POINT, _COMMA) and _is_digit(data, place + ONE):
        place += ONE
        while _is_digit(data, place):
            place += ONE
    if data[place] == _UPPER_Z:
        return place + ONE
    if data[place] not in (PLUS, MINUS):
        return place
    digits = 0
    place += ONE
    while digits < 4:
        if _is_digit(data, place):
            digits += 1
        elif digits != 2 or data[place] != _COLON or data[place - ONE] == _COLON:
            return NOWHERE
        place += ONE
    return place
