"""What may stand in a column of numbers: one rule, for single texts and for arrays of bytes.

A number that comes out otherwise than it stood there names something: ``007`` loses its zeros,
``+14155550123`` its sign, a whole number of more than 15 digits its last ones in a column of
fractions. Such texts make a column text where they stand in the first rows, and a row bad where
they come later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from perflab.patterns.streaming._scratch import Scratch

    Bytes = npt.NDArray[np.uint8]
    Flags = npt.NDArray[np.bool_]
    Places = npt.NDArray[np.int64]

MOST_DIGITS = 18
"""A longer whole number is taken for a name where a column's kind is decided."""
EXACT_DIGITS = 15
"""As many digits of a whole number does every float keep."""
TOO_LARGE = 10.0**EXACT_DIGITS
"""A whole number with more digits is at least this."""

_BLANKS = " \t"
_INT = re.compile(r"[ \t]*(?:0|-?[1-9][0-9]*)[ \t]*")
_FLOAT = re.compile(r"[ \t]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t]*")
_INTS = re.compile(r"(?:-?[1-9][0-9]*+(?:\0|\Z)|0(?:\0|\Z))*+")
_FLOATS = re.compile(r"(?:-?(?:0|[1-9][0-9]{0,13}+)(?:\.[0-9]*+)?+(?:\0|\Z))*+")
"""The usual ones of `_INT` and `_FLOAT`, with a NUL between each two."""
_ANY_INT = re.compile(r"[ \t]*[+-]?[0-9]+[ \t]*")
_PADDED = re.compile(r"[ \t]*[+-]?0[0-9]")
_HUGE = re.compile(rb"[eE]\+?[0-9]{3}")

_QUOTE, _PLUS, _MINUS, _POINT, _ZERO, _ONE, _NINE, _CR = map(np.uint8, b'"+-.019\r')
_BLANK, _TAB = b" \t"
_LOWER, _E, _I, _N, _X = map(np.uint8, b" einx")
_NEAR = 5
_MOST_BLANKS = 16


class Watched(NamedTuple):
    """A column of numbers.

    Attributes:
        place: Which one it is, from 0.
        whole: Whether its numbers are whole.
        given: Whether the user says that it is one, so that zeros and signs may go.
    """

    place: int
    whole: bool
    given: bool


def is_whole(text: str, *, given: bool = False) -> bool:
    """Say whether a text is a whole number that comes out as it stands there."""
    return bool((_ANY_INT if given else _INT).fullmatch(text))


def is_number(text: str, *, given: bool = False) -> bool:
    """Say whether a text is a number that a column of fractions may have."""
    if not _FLOAT.fullmatch(text):
        return False
    if given:
        return True
    bare = text.strip(_BLANKS)
    named = _PADDED.match(text) or bare.startswith("+") or len(bare.lstrip("-")) > EXACT_DIGITS
    return not (named and (bare.lstrip("+-").isdigit() or _PADDED.match(text)))


def are_whole(texts: Sequence[str]) -> bool:
    """Say whether `is_whole` holds for each of some texts, none of which has a NUL."""
    return bool(_INTS.fullmatch("\0".join(texts))) or all(map(is_whole, texts))


def are_numbers(texts: Sequence[str]) -> bool:
    """Say whether `is_number` holds for each of some texts, none of which has a NUL."""
    return bool(_FLOATS.fullmatch("\0".join(texts))) or all(map(is_number, texts))


def loses(text: str, *, whole: bool) -> bool:
    """Say whether a text that is refused is a number, but one that comes out otherwise."""
    return bool((_ANY_INT if whole else _FLOAT).fullmatch(text))


class Fields(NamedTuple):
    """All fields of some records.

    Attributes:
        starts: Where they begin, shape ``(records, columns of the file)``, rising.
        stops: Where they end, at a delimiter or a line feed, shaped alike.
        sizes: How many bytes they have, shaped alike.
    """

    starts: Places
    stops: Places
    sizes: Places


def are_plain(
    values: Bytes, fields: Fields, columns: Sequence[Watched], *, finite: bool = False
) -> bool:
    """Say whether no field of some columns may be one that `is_whole` or `is_number` refuses.

    It looks at the form alone: a text that is no number at all is left to who reads it.

    Args:
        values: Bytes of the file.
        fields: Its fields.
        columns: The columns of numbers.
        finite: Whether ``inf`` and ``nan`` are refused too.
    """
    if not columns:
        return True
    doubtful = _doubtful(values, fields, columns)
    if not len(doubtful):
        return True
    width = fields.starts.shape[1]
    owners = doubtful % width
    for column in columns:
        chosen = doubtful[owners == column.place]
        if not len(chosen):
            continue
        begins, ends = fields.starts.ravel()[chosen], fields.stops.ravel()[chosen]
        if column.place == width - 1:
            ends = ends - (values[np.maximum(ends - 1, begins)] == _CR)
        if not _all_plain(values, begins, ends, column, finite=finite):
            return False
    return True


def _doubtful(values: Bytes, fields: Fields, columns: Sequence[Watched]) -> Places:
    """Return the fields that are to be looked at closely, most often a few.

    One that begins with a digit from 1 to 9 is plain, unless it is long in a column of fractions.

    Returns:
        Their numbers, if all fields are counted from 0 row by row.
    """
    starts = fields.starts
    watched, exact = np.zeros((2, starts.shape[1]), np.bool_)
    watched[[one.place for one in columns]] = True
    exact[[one.place for one in columns if not (one.whole or one.given)]] = True
    first = values[starts]
    if (first == _QUOTE).any():
        starts = starts + (first == _QUOTE)
        first = values[starts]
    odd = (first - _ONE) > _NINE - _ONE
    odd &= watched
    if exact.any():
        odd |= (fields.sizes > EXACT_DIGITS) & exact
    places = np.flatnonzero(odd)
    first, starts = first.ravel()[places], starts.ravel()[places]
    sizes = fields.sizes.ravel()[places]
    after = values[np.minimum(starts + 1, len(values) - 1)]
    known = (first == _ZERO) & (after == _POINT)
    known |= (first == _MINUS) & ((after - _ONE) <= _NINE - _ONE)
    known &= sizes <= EXACT_DIGITS
    known |= sizes == 0
    rest: Places = places[~known]
    return rest


def _all_plain(
    values: Bytes, starts: Places, stops: Places, column: Watched, *, finite: bool
) -> bool:
    """Say of fields of one column what `are_plain` says of all, by a close look."""
    bare = _behind_blanks(values, starts, stops)
    if bare is None:
        return False
    first = values[bare]
    plus, minus = first == _PLUS, first == _MINUS
    bare = bare + (plus | minus)
    if not _zeros_are_plain(values, bare, minus, column):
        return False
    if finite:
        letters = values[bare] | _LOWER
        if bool(((letters == _I) | (letters == _N)).any()):
            return False
    return column.given or _digits_are_plain(values, bare, stops, plus, column)


def _behind_blanks(values: Bytes, starts: Places, stops: Places) -> Places | None:
    """Return where fields begin without blanks and quotes; none where there are very many.

    None too where a field has blanks alone: some engines take it for no value.
    """
    padded = np.zeros(len(starts), np.bool_)
    for _ in range(_MOST_BLANKS):
        first = values[starts]
        blank = (first == _BLANK) | (first == _TAB)
        skipped = (blank | (first == _QUOTE)) & (starts < stops)
        if not skipped.any():
            return None if bool((padded & (starts == stops)).any()) else starts
        padded |= blank & skipped
        starts = starts + skipped
    return None


def _zeros_are_plain(values: Bytes, starts: Places, minus: Flags, column: Watched) -> bool:
    zero = values[starts] == _ZERO
    if not zero.any():
        return True
    after = values[np.minimum(starts[zero] + 1, len(values) - 1)]
    if bool(((after | _LOWER) == _X).any()):
        return False
    if column.given:
        return True
    digits = (after >= _ZERO) & (after <= _NINE)
    return not (bool(digits.any()) or (column.whole and bool(minus[zero].any())))


def _digits_are_plain(
    values: Bytes, starts: Places, stops: Places, plus: Flags, column: Watched
) -> bool:
    if column.whole:
        return not bool(plus.any())
    places = np.flatnonzero(plus | (stops - starts > EXACT_DIGITS))
    starts, stops = starts[places], stops[places]
    for step in range(_NEAR):  # where the point of most fractions stands
        near = np.minimum(starts + step, stops - 1)
        places = np.flatnonzero(values[near] != _POINT)
        starts, stops = starts[places], stops[places]
    if not len(starts):
        return True
    marks = np.flatnonzero((values == _POINT) | ((values | _LOWER) == _E))
    return bool((np.searchsorted(marks, stops) > np.searchsorted(marks, starts)).all())


def any_huge(values: Bytes, stops: Places, columns: Sequence[Watched], scratch: Scratch) -> bool:
    """Say whether a number of fractions may have an exponent of three digits, not below 0.

    Args:
        values: Bytes of the file.
        stops: Where all fields end, shape ``(rows, columns of the file)``, rising.
        columns: The columns of numbers.
        scratch: Memory to work in.
    """
    places = [column.place for column in columns if not column.whole]
    if not places:
        return False
    found, follows = scratch.flags(len(values))
    changed = scratch.bytes(len(values))
    np.equal(np.bitwise_or(values, _LOWER, out=changed), _E, out=found)
    np.less_equal(np.subtract(values, _ZERO, out=changed), _NINE - _ZERO, out=follows)
    follows |= np.equal(values, _PLUS, out=changed.view(np.bool_))
    found[:-1] &= follows[1:]
    exponents = np.flatnonzero(found[:-1])
    owners = np.searchsorted(stops.ravel(), exponents) % stops.shape[1]
    inside = exponents[np.isin(owners, places)]
    return any(_HUGE.match(values[place : place + 5].tobytes()) for place in inside.tolist())
