"""Parts of scanners in compiled code: the ends of JSON's texts and numbers.

Places are unsigned, which spares compiled code a look at the sign, and no loop looks for the end
of the line: each line ends with a line feed, at which all of them stop. A call counts references
to each array that it is given, which takes as long as some ten bytes do: so what is done for each
name is written into the loops.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from perflab.kernels.texts.spans import Bytes

QUOTE, BACKSLASH, SLASH, U = 0x22, 0x5C, 0x2F, 0x75
BLANK, TAB, LF, CR = 0x20, 0x09, 0x0A, 0x0D
ZERO, NINE, MINUS, PLUS, POINT = 0x30, 0x39, 0x2D, 0x2B, 0x2E
ONE, TWO, FOUR = np.uint64(1), np.uint64(2), np.uint64(4)
NOWHERE = np.uint64(2**63)
"""A place that no line has."""
_E, _BIG_E = 0x65, 0x45
# Longer ones may be beyond what a float holds; whole ones beyond what 64 bits hold.
_MOST_DIGITS, _MOST_WHOLE, _MOST_EXPONENT = 40, 18, 2
_HIGH, _LOW, _NO_SURROGATE = 0xD800, 0xDC00, 0xE000
# Bytes that are not a plain part of a text.
STOPS = np.zeros(256, np.bool_)
STOPS[:BLANK] = STOPS[QUOTE] = STOPS[BACKSLASH] = True
# What stands behind a backslash for one character; u stands for four digits more.
_SIMPLE = np.zeros(256, np.bool_)
_SIMPLE[[QUOTE, BACKSLASH, SLASH, *b"bfnrt"]] = True
for _table in (STOPS, _SIMPLE):
    _table.flags.writeable = False


@njit(nogil=True, cache=True)
def code_unit(data: Bytes, place: np.uint64) -> np.int64:
    """Return the number that four hexadecimal digits say; -1 if they do not."""
    code = np.int64(0)
    for _ in range(4):
        byte = np.int64(data[place])
        if ZERO <= byte <= NINE:
            code = code * 16 + byte - ZERO
        elif 0x41 <= byte <= 0x46 or 0x61 <= byte <= 0x66:
            code = code * 16 + (byte | 0x20) - 0x61 + 10
        else:
            return np.int64(-1)
        place += ONE
    return code


@njit(nogil=True, cache=True)
def _after_digits(data: Bytes, place: np.uint64) -> np.uint64:
    """Return the place after four digits, or after both fours where they make one character.

    Half of a surrogate pair is none: that is `NOWHERE`, as is what are no digits.
    """
    code = code_unit(data, place)
    if code < 0:
        return NOWHERE
    place += FOUR
    if code < _HIGH or code >= _NO_SURROGATE:
        return place
    if code >= _LOW or data[place] != BACKSLASH or data[place + ONE] != U:
        return NOWHERE
    second = code_unit(data, place + TWO)
    return place + TWO + FOUR if _LOW <= second < _NO_SURROGATE else NOWHERE


@njit(nogil=True, cache=True)
def escaped_end(data: Bytes, place: np.uint64) -> np.uint64:
    """Return the place of the quote that ends a text with escapes; `NOWHERE` if it is not valid.

    Args:
        data: The bytes.
        place: The first of them at which the text stops to be plain.
    """
    while data[place] == BACKSLASH:
        if _SIMPLE[data[place + ONE]]:
            place += TWO
        elif data[place + ONE] == U:
            place = _after_digits(data, place + TWO)
            if place == NOWHERE:
                return NOWHERE
        else:
            return NOWHERE
        while not STOPS[data[place]]:
            place += ONE
    return place if data[place] == QUOTE else NOWHERE


@njit(nogil=True, cache=True, inline="always")
def number_end(data: Bytes, place: np.uint64) -> tuple[np.uint64, bool]:
    """Return the place after a number of JSON, and whether it is more than 18 plain digits.

    Returns:
        The place, or `NOWHERE` if it is not valid, so long that a float may not hold it, or begins
        with -0; and whether it has a fraction, an exponent, or more digits than 64 bits hold.
    """
    start = place
    if data[place] == MINUS:
        place += ONE
    first = place
    while ZERO <= data[place] <= NINE:
        place += ONE
    whole = np.int64(place - first)
    # Of what begins with 0, -0 is valid, and rare.
    is_plain = data[first] != ZERO or (whole == 1 and first == start)
    valid = bool(whole > 0 and is_plain)
    is_decimal = bool(whole > _MOST_WHOLE)
    if data[place] == POINT:
        is_decimal = True
        place += ONE
        valid = bool(valid and ZERO <= data[place] <= NINE)
        while ZERO <= data[place] <= NINE:
            place += ONE
    if data[place] == _E or data[place] == _BIG_E:
        is_decimal = True
        place += ONE
        if data[place] == MINUS or data[place] == PLUS:
            place += ONE
        first = place
        while ZERO <= data[place] <= NINE:
            place += ONE
        digits = np.int64(place - first)
        valid = bool(valid and 1 <= digits <= _MOST_EXPONENT)
    valid = bool(valid and np.int64(place - start) <= _MOST_DIGITS)
    return place if valid else NOWHERE, is_decimal
