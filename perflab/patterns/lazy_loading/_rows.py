"""Where the rows of a CSV file begin, as Python's csv module parts them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from perflab.errors import BadInputError
from perflab.errors.extras import naming_extra
from perflab.primitives import csv_header
from perflab.units import grouped

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from perflab.patterns.lazy_loading._store import FileGuard

STEP = 64
"""Every so many rows there is a mark: a read begins at one and parses at most as many in vain."""

BLOCK_BYTES = 1 << 24
_QUOTE, _LINE_END, _RETURN = ord('"'), ord("\n"), ord("\r")


class _StrayQuoteError(Exception):
    """A quote or a return stands where none is expected, so that counting tells nothing."""


def find_rows(guard: FileGuard, separator: str, start: int) -> npt.NDArray[np.int64]:
    """Return the number of rows and the marks, from one reading of the file in blocks.

    The header, which begins at `start`, is no row, and empty lines are none. The last mark is the
    end of the file.

    Raises:
        BadInputError: If a quoted field has no end, or none within csv's limit.
    """
    try:
        return _count_quotes(guard, ord(separator), start)
    except _StrayQuoteError:
        return _parse_rows(guard, separator, start)


def _count_quotes(guard: FileGuard, separator: int, start: int) -> npt.NDArray[np.int64]:
    """Take each line end before which the number of quotes is even.

    Raises:
        _StrayQuoteError: If a quote neither opens nor closes a field, or one is left open.
    """
    with naming_extra("files"):
        import numpy as np

    starts: list[npt.NDArray[np.int64]] = []
    ended, quotes, place, seen, last = start - 1, 0, start, 0, _LINE_END
    with guard.path.open("rb") as file:
        file.seek(start)
        while block := file.read(BLOCK_BYTES):
            letters = np.frombuffer(block, np.uint8)
            ends = np.flatnonzero(letters == _LINE_END)
            quoted = np.flatnonzero(letters == _QUOTE)
            returned = np.flatnonzero(letters == _RETURN)
            if len(quoted) or quotes or last == _QUOTE or len(returned):
                following = file.read(1)
                _check_returns(letters, returned, following)
                _check_quotes(letters, quoted, quotes, last, following, separator)
                file.seek(-len(following), 1)
                before = np.searchsorted(quoted, ends) + quotes
                ends = ends[before % 2 == 0]
                quotes = (quotes + len(quoted)) % 2
            if len(ends):
                begins = np.concatenate([[ended - place], ends[:-1]]) + 1
                closing = np.where(ends > 0, letters[ends - 1], last)
                rows = begins[ends - begins > (closing == _RETURN)] + place
                # The first line is the header's, so that row 0 begins the second.
                starts.append(rows[(1 - seen) % STEP :: STEP])
                seen += len(rows)
                ended = int(ends[-1]) + place
            place += len(block)
            last = int(letters[-1])
    if quotes:
        raise _StrayQuoteError
    if ended + 1 < place:
        if seen % STEP == 1 % STEP:
            starts.append(np.array([ended + 1]))
        seen += 1
    return np.concatenate([[max(seen - 1, 0)], *starts, [place]]).astype(np.int64)


def _check_quotes(
    letters: npt.NDArray[np.uint8],
    quoted: npt.NDArray[np.int64],
    quotes: int,
    last: int,
    following: bytes,
    separator: int,
) -> None:
    """Check that each quote opens a field, closes one, or is one of a pair within one."""
    with naming_extra("files"):
        import numpy as np

    edges = np.array([separator, _LINE_END, _RETURN, _QUOTE], np.uint8)
    opens = (np.arange(len(quoted)) + quotes) % 2 == 0
    opening, closing = quoted[opens], quoted[~opens]
    before = np.where(opening > 0, letters[opening - 1], np.uint8(last))
    after = letters[np.minimum(closing + 1, len(letters) - 1)]
    if len(closing) and closing[-1] == len(letters) - 1:
        after[-1] = following[0] if following else _LINE_END
    if not (np.isin(before, edges).all() and np.isin(after, edges).all()):
        raise _StrayQuoteError


def _check_returns(
    letters: npt.NDArray[np.uint8], returned: npt.NDArray[np.int64], following: bytes
) -> None:
    """Check that a line feed comes after each return: csv ends a row at one that stands alone."""
    with naming_extra("files"):
        import numpy as np

    after = letters[np.minimum(returned + 1, len(letters) - 1)]
    if len(returned) and returned[-1] == len(letters) - 1:
        after[-1] = following[0] if following else _LINE_END
    if not (after == _LINE_END).all():
        raise _StrayQuoteError


def _parse_rows(guard: FileGuard, separator: str, start: int) -> npt.NDArray[np.int64]:
    """Let Python's csv module part the rows, some ten times slower, and note where each begins."""
    with naming_extra("files"):
        import numpy as np

    place = start

    def lines() -> Iterator[str]:
        nonlocal place
        with guard.path.open("rb") as file:
            file.seek(start)
            for line in file:
                place += len(line)
                # A letter a byte: what is between separators does not matter here.
                yield line.decode("latin-1")

    marks: list[int] = []
    seen, began, last = 0, start, start
    try:
        for row in csv.reader(lines(), delimiter=separator):
            if row:
                if seen % STEP == 1 % STEP:
                    marks.append(began)
                seen += 1
                last = began
            began = place
    except csv.Error as error:
        text = f"row {grouped(max(seen - 1, 0))} cannot be read ({reason_of(error)})"
        raise BadInputError(text, guard.place) from None
    if _is_open(guard, last, separator):
        number = grouped(max(seen - 2, 0))
        text = f"row {number} opens a quote that is not closed before the file's end"
        raise BadInputError(text, guard.place)
    return np.array([max(seen - 1, 0), *marks, place], np.int64)


def reason_of(error: csv.Error) -> str:
    """Return csv's reason in words: its own speak of how a file was opened."""
    if "field limit" in str(error):
        most = grouped(csv.field_size_limit())
        return f"a field has more than {most} characters; is a quote in it not closed?"
    return csv_header.reason_of(error)


def _is_open(guard: FileGuard, last: int, separator: str) -> bool:
    """Return whether the last row, which begins there, ends within a quoted field."""
    with guard.path.open("rb") as file:
        file.seek(last)
        text = file.read().decode("latin-1")
    # Another row after it is a row of its own, unless a quote takes it in.
    text += "x\n" if text.endswith("\n") else "\nx\n"
    try:
        *_, row = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error:  # With this row, the field is longer than csv allows.
        return True
    return row != ["x"]
