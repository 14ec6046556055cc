"""What spans of a text say: numbers, moments, and texts without their escapes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from perflab.kernels.inputs import frozen
from perflab.kernels.texts.scanning import (
    BACKSLASH,
    FOUR,
    MINUS,
    NINE,
    ONE,
    PLUS,
    POINT,
    TWO,
    ZERO,
    U,
    code_unit,
)
from perflab.kernels.texts.spans import Bytes, Ints

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_COMMA, _COLON, _SLASH, _BLANK = 0x2C, 0x3A, 0x2F, 0x20
_UPPER_T, _UPPER_Z = 0x54, 0x5A
_LF, _CR = 0x0A, 0x0D
# What a letter behind a backslash stands for.
_PLAIN = np.arange(256, dtype=np.uint8)
for _letter, _said in zip(b"bfnrt", b"\b\f\n\r\t", strict=True):
    _PLAIN[_letter] = _said
_PLAIN.flags.writeable = False
_EXACT_BELOW = 2**53
_POWERS = 10.0 ** np.arange(19)
_POWERS.flags.writeable = False
_MOST_DIGITS = 18
_NO_NUMBER = np.int64(-(2**40))
_MONTHS = np.frombuffer(b"janfebmaraprmayjunjulaugsepoctnovdec", np.uint8)
_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_DAYS.flags.writeable = False
_DAY_SECONDS = 86_400.0
# From the first of March of the year 0 to 1970, in days.
_TO_1970 = 719_468


def numbers_at(data: npt.ArrayLike, starts: npt.ArrayLike, ends: npt.ArrayLike) -> Floats:
    """Return the number of each span, to the last bit; NaN for what is not a short plain one.

    Plain are at most 18 digits, with a minus before and a point between them; where they are
    divided by a power of ten, both are exact (Clinger, "How to read floating point numbers
    accurately", PLDI 1990).

    Args:
        data: uint8, the bytes.
        starts: int32 of shape (n,), the first byte of each span.
        ends: int32 of shape (n,), the byte after its last.
    """
    begin = frozen(starts, np.int32)
    values = np.empty(len(begin))
    _numbers(frozen(data, np.uint8), begin, frozen(ends, np.int32), values)
    return values


@njit(nogil=True, cache=True)
def _numbers(data: Bytes, starts: Ints, ends: Ints, values: Floats) -> None:
    for row in range(len(starts)):
        values[row] = np.nan
        place, end = np.uint64(starts[row]), np.uint64(ends[row])
        is_negative = place < end and data[place] == MINUS
        if is_negative:
            place += ONE
        point, digits, number = end, 0, np.int64(0)
        while place < end:
            byte = np.int64(data[place])
            if ZERO <= byte <= NINE and digits < _MOST_DIGITS:
                number = number * 10 + (byte - ZERO)
                digits += 1
            elif byte == POINT and point == end and digits:
                point = place
            else:
                break
            place += ONE
        if place < end or digits == 0:
            continue
        value = float(number)
        if point < end:
            behind = np.int64(end - point) - 1
            if behind == 0 or number > _EXACT_BELOW:
                continue
            value = float(number / _POWERS[behind])
        values[row] = -value if is_negative else value


def moments_at(data: npt.ArrayLike, starts: npt.ArrayLike, ends: npt.ArrayLike) -> Floats:
    """Return the seconds since 1970 that each span says; NaN for what is not of these forms.

    They are ``2024-06-10T06:13:20.123+02:00`` and ``10/Jun/2024:06:13:20 +0200``; fraction and
    zone (``Z``, hours and minutes) may be missing.

    Args:
        data: uint8, the bytes.
        starts: int32 of shape (n,), the first byte of each span.
        ends: int32 of shape (n,), the byte after its last.
    """
    begin = frozen(starts, np.int32)
    values = np.empty(len(begin))
    _moments(frozen(data, np.uint8), begin, frozen(ends, np.int32), values)
    return values


@njit(nogil=True, cache=True)
def _moments(data: Bytes, starts: Ints, ends: Ints, values: Floats) -> None:
    for row in range(len(starts)):
        values[row] = _moment(data, np.int64(starts[row]), np.int64(ends[row]))


@njit(nogil=True, cache=True)
def _digits(data: Bytes, place: np.int64, count: int) -> np.int64:
    """Return the number of some digits; `_NO_NUMBER` if they are none."""
    number = np.int64(0)
    for at in range(place, place + count):
        byte = np.int64(data[at])
        if byte < ZERO or byte > NINE:
            return _NO_NUMBER
        number = number * 10 + byte - ZERO
    return number


@njit(nogil=True, cache=True)
def _month(data: Bytes, place: np.int64) -> np.int64:
    """Return the month, from 1, that three letters say; 0 if it is none."""
    for month in range(12):
        same = 0
        while same < 3 and data[place + same] | 0x20 == _MONTHS[3 * month + same]:
            same += 1
        if same == 3:
            return np.int64(month + 1)
    return np.int64(0)


@njit(nogil=True, cache=True)
def _days(year: np.int64, month: np.int64, day: np.int64) -> np.int64:
    """Return the days from 1970 to a Gregorian date; `_NO_NUMBER` if it is none.

    Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
    """
    if year < 1 or month < 1 or month > 12 or day < 1:
        return _NO_NUMBER
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > _DAYS[month - 1] + (is_leap and month == 2):
        return _NO_NUMBER
    shifted = year - (month <= 2)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - _TO_1970


@njit(nogil=True, cache=True)
def _moment(data: Bytes, place: np.int64, end: np.int64) -> float:  # noqa: PLR0911 - a form after the other
    if end - place < 19:
        return np.nan
    if data[place + 2] == _SLASH:
        if end - place < 20 or data[place + 6] != _SLASH or data[place + 11] != _COLON:
            return np.nan
        day, month = _digits(data, place, 2), _month(data, place + 3)
        year = _digits(data, place + 7, 4)
        place += 12
    else:
        if data[place + 4] != MINUS or data[place + 7] != MINUS:
            return np.nan
        if data[place + 10] != _UPPER_T and data[place + 10] != _BLANK:
            return np.nan
        year, month = _digits(data, place, 4), _digits(data, place + 5, 2)
        day = _digits(data, place + 8, 2)
        place += 11
    days = _days(year, month, day)
    hour, minute = _digits(data, place, 2), _digits(data, place + 3, 2)
    second = _digits(data, place + 6, 2)
    if days < -_TO_1970 or not (0 <= hour < 24 and 0 <= minute < 60 and second >= 0):
        return np.nan
    if data[place + 2] != _COLON or data[place + 5] != _COLON:
        return np.nan
    # A leap second has no place of its own.
    second = second if second < 59 else np.int64(59)
    whole = float(days * _DAY_SECONDS + (hour * 3600 + minute * 60 + second))
    place += 8
    part = 0.0
    if place < end and (data[place] == POINT or data[place] == _COMMA):
        place += 1
        number, count = np.int64(0), 0
        while place < end and ZERO <= data[place] <= NINE:
            if count < 9:
                number = number * 10 + np.int64(data[place]) - ZERO
                count += 1
            place += 1
        if count == 0:
            return np.nan
        part = float(number / _POWERS[count])
    if place < end and data[place] == _BLANK and place + 1 < end:
        place += 1
    if place == end:
        return whole + part
    if data[place] == _UPPER_Z and place + 1 == end:
        return whole + part
    sign = data[place]
    if sign not in (PLUS, MINUS) or end - place not in (5, 6):
        return np.nan
    with_colon = end - place == 6
    if with_colon and data[place + 3] != _COLON:
        return np.nan
    hours, minutes = _digits(data, place + 1, 2), _digits(data, place + 3 + with_colon, 2)
    if not (0 <= hours < 24 and 0 <= minutes < 60):
        return np.nan
    away = 3600.0 * hours + 60.0 * minutes
    return whole + float(part + (away if sign == MINUS else -away))


def texts_at(
    data: npt.ArrayLike,
    starts: npt.ArrayLike,
    ends: npt.ArrayLike,
    escaped: npt.ArrayLike,
    as_line: npt.ArrayLike,
) -> tuple[Bytes, Ints]:
    r"""Return the texts of spans one after the other, and where each begins.

    Args:
        data: uint8, the bytes.
        starts: int32 of shape (n,), the first byte of each span.
        ends: int32 of shape (n,), the byte after its last.
        escaped: bool of shape (n,), whether a span has escapes of JSON, which are valid and none
            of them half a surrogate pair; they become what they stand for.
        as_line: bool of shape (n,), whether a text is to end with one line feed, and with none of
            the ``\r`` and ``\n`` that it ends with.

    Returns:
        uint8, the texts, and int32 of shape (n + 1,).
    """
    begin, stop = frozen(starts, np.int32), frozen(ends, np.int32)
    texts = np.empty(int((stop - begin).sum(dtype=np.int64)) + len(begin), np.uint8)
    offsets = np.empty(len(begin) + 1, np.int32)
    flags = frozen(escaped, np.bool_), frozen(as_line, np.bool_)
    length = _copy(frozen(data, np.uint8), begin, stop, *flags, texts, offsets)
    return texts[:length], offsets


@njit(nogil=True, cache=True)
def _copy(
    data: Bytes,
    starts: Ints,
    ends: Ints,
    escaped: Flags,
    as_line: Flags,
    texts: Bytes,
    offsets: Ints,
) -> np.int64:
    done = np.uint64(0)
    for row in range(len(starts)):
        first = done
        offsets[row] = np.int32(first)
        place, end = np.uint64(starts[row]), np.uint64(ends[row])
        if escaped[row]:
            while place < end:
                byte = data[place]
                place += ONE
                if byte == BACKSLASH:
                    byte = data[place]
                    place += ONE
                    if byte == U:
                        place, done = _character(data, place, texts, done)
                        continue
                    byte = _PLAIN[byte]
                texts[done] = byte
                done += ONE
        else:
            while place < end:
                texts[done] = data[place]
                place += ONE
                done += ONE
        if as_line[row]:
            while done > first and (texts[done - ONE] == _LF or texts[done - ONE] == _CR):
                done -= ONE
            texts[done] = _LF
            done += ONE
    offsets[len(starts)] = np.int32(done)
    return np.int64(done)


@njit(nogil=True, cache=True)
def _character(
    data: Bytes, place: np.uint64, texts: Bytes, done: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Write the character that four digits stand for as UTF-8; return the places after both."""
    code = code_unit(data, place)
    place += FOUR
    if code < 0x80:
        texts[done] = code
        return place, done + ONE
    if code < 0x800:
        texts[done] = 0xC0 | code >> 6
        texts[done + ONE] = 0x80 | code & 0x3F
        return place, done + TWO
    if not 0xD800 <= code < 0xE000:
        texts[done] = 0xE0 | code >> 12
        texts[done + ONE] = 0x80 | code >> 6 & 0x3F
        texts[done + TWO] = 0x80 | code & 0x3F
        return place, done + TWO + ONE
    low = code_unit(data, place + TWO)
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
    texts[done] = 0xF0 | code >> 18
    texts[done + ONE] = 0x80 | code >> 12 & 0x3F
    texts[done + TWO] = 0x80 | code >> 6 & 0x3F
    texts[done + TWO + ONE] = 0x80 | code & 0x3F
    return place + TWO + FOUR, done + FOUR
