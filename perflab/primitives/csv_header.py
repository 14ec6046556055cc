"""The header of a CSV: Excel's line before it, the delimiter, and a name for each column."""

from __future__ import annotations

import csv
import dataclasses
import io
import re

from perflab.errors import BadInputError

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
WORDS = ("auto", *DELIMITERS)
BOM = b"\xef\xbb\xbf"
LONE_RETURN = "ends with CR alone"

_SEP_LINE = re.compile(rb'"?sep=([!-~\t ])"?\r?\n?', re.IGNORECASE)
_NO_SEPARATORS = b"\"'.-_+0123456789"
_CSV_ON_RETURNS = "new-line character"


@dataclasses.dataclass(frozen=True, slots=True)
class Names:
    """The columns of a file.

    Attributes:
        names: One a column, those of nameless ones made: ``column_3`` for the third.
        nameless: The places of those whose name was made, from 0.
    """

    names: tuple[str, ...]
    nameless: tuple[int, ...]


def said_separator(record: bytes) -> str | None:
    """Return the delimiter that Excel's first line says (``sep=;``); none for any other record."""
    found = _SEP_LINE.fullmatch(record)
    if found is None or found.group(1) in _NO_SEPARATORS:
        return None
    return found.group(1).decode("ascii")


def likely_delimiter(header: bytes) -> str:
    """Return the delimiter that the header has most of, outside of quotes; else the comma."""
    outside = b"".join(header.split(b'"')[0::2])
    return max(DELIMITERS.values(), key=lambda one: outside.count(one.encode()))


def end_of_record(data: bytes, start: int = 0) -> int | None:
    """Return where the record that begins at an offset ends; none if not within the data."""
    end = data.find(b"\n", start)
    while end >= 0 and data.count(b'"', start, end) % 2:
        end = data.find(b"\n", end + 1)
    return None if end < 0 else end + 1


def read_names(header: bytes, delimiter: str, place: str) -> Names:
    """Return the columns that a header names.

    Args:
        header: Its record, with the line end.
        delimiter: One character.
        place: The file and line, for an error.

    Raises:
        BadInputError: If it is no text, holds NUL or a lone CR, or cannot be read as CSV.
    """
    try:
        text = header.decode("utf-8")
        given = next(csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter), [])
    except UnicodeDecodeError:
        raise BadInputError("the header is not UTF-8; save the file as UTF-8", place) from None
    except csv.Error as error:
        raise BadInputError(f"the header cannot be read ({reason_of(error)})", place) from None
    if "\0" in text:
        raise BadInputError("the header holds NUL; this is not text", place)
    taken = {name for name in given if name.strip()}
    names, nameless = list(given), []
    for number, name in enumerate(given):
        if name.strip():
            continue
        own = f"column_{number + 1}"
        while own in taken:
            own += "_"
        taken.add(own)
        names[number] = own
        nameless.append(number)
    return Names(tuple(names), tuple(nameless))


def reason_of(error: csv.Error) -> str:
    """Return csv's reason in words: its own speak of how a file was opened."""
    if _CSV_ON_RETURNS in str(error):
        return f"a line {LONE_RETURN}; end lines with LF, as tr '\\r' '\\n' does"
    return str(error)
