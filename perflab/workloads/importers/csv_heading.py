"""Which line of a text table is its heading, what parts its fields, and what stands above it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from perflab.workloads.importers.blanks import BLANK, TAB, merge_blanks
from perflab.workloads.importers.columns import is_keyed
from perflab.workloads.importers.utf8 import BYTE_ORDER_MARK, as_utf8

if TYPE_CHECKING:
    from perflab.workloads.importers.source import Source

DELIMITERS = ",\t;|"
COMMENT = "#"
# A title and whatever a program says of an export are a few lines.
_LOOKED_AT = 30
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


def read_header(head: bytes, separator: str | None = None) -> tuple[list[str], str]:
    """Return the names in the heading, and what parts them.

    Args:
        head: The first bytes of the file.
        separator: What parts the names, where that is known.
    """
    lines = _lines(head)
    above, separator = _lines_above(lines, separator)
    text = "\n".join(lines[above:]).lstrip("\n")
    line = text.partition("\n")[0]
    delimiter = separator or _delimiter(line)
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []), delimiter
    except csv.Error:  # a quote that does not end, say: then it is no table
        return [line], delimiter


def table_header(source: Source) -> tuple[list[str], str]:
    """Return the columns' names and what parts them, as the user said or as the head shows.

    Without a heading they are called by their numbers, from 1.
    """
    head, separator = _said(source)
    if source.reading.has_header:
        return read_header(head, separator)
    lines = _lines(head)
    rows = lines[lines_above(source) :]
    line = next((line for line in rows if line), "")
    delimiter = separator or _delimiter(line)
    return [str(number) for number, _ in enumerate(_fields(line, delimiter), start=1)], delimiter


def lines_above(source: Source) -> int:
    """Return how many lines stand above the heading, or above the rows where there is none."""
    head, separator = _said(source)
    lines = _lines(head)
    if source.reading.has_header:
        return _lines_above(lines, separator)[0]
    rows = (i for i, line in enumerate(lines) if line and line[:1] != COMMENT)
    first = next(rows, 0)
    return first if any(lines[:first]) else 0


def above_notes(source: Source) -> tuple[str, ...]:
    """Return a note where lines above the heading are left out."""
    above = lines_above(source)
    shown = [line for line in _lines(source.head)[:above] if line]
    if not shown or all(map(_SEPARATOR_LINE.fullmatch, shown)):
        return ()
    what = "heading" if source.reading.has_header else "first row"
    return (f"the {what} is on line {above + 1}; what stands above it is left out",)


def _said(source: Source) -> tuple[bytes, str | None]:
    if source.reading.separator == BLANK:
        return merge_blanks(source.head), TAB
    return source.head, source.reading.separator


def _lines(head: bytes) -> list[str]:
    text = as_utf8(head.removeprefix(BYTE_ORDER_MARK)).decode("utf-8", "ignore")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _lines_above(lines: Sequence[str], separator: str | None) -> tuple[int, str | None]:
    """Return how many lines stand above the heading, and what they say parts the fields."""
    places = [place for place, line in enumerate(lines) if line.strip()][:_LOOKED_AT]
    above = 0
    said = _SEPARATOR_LINE.fullmatch(lines[places[0]].strip()) if places else None
    if said is not None:
        above, separator = places[0] + 1, separator or said[1]
        places = places[1:]
    comments = []
    while places and lines[places[0]][:1] == COMMENT:
        comments.append(places.pop(0))
    if not places:
        return above, separator
    if comments:
        # The last of them may be the heading, as libCacheSim writes it.
        first = lines[places[0]]
        names = _fields(first, separator or _delimiter(first))
        return (places[0] if is_keyed(names) else comments[-1]), separator
    return _below_title(lines, places, separator) or above, separator


def _below_title(lines: Sequence[str], places: Sequence[int], separator: str | None) -> int:
    """Return the line of the heading below a title; 0 where the first line is the heading."""
    widest = 0
    for place, after in pairwise(places):
        line = lines[place]
        delimiter = separator or _delimiter(line)
        names = _fields(line, delimiter)
        filled = sum(bool(name.strip()) for name in names)
        if len(names) > 1 and is_keyed(names):
            same = len(_fields(lines[after], delimiter)) == len(names)
            return place if same and widest < filled and place != places[0] else 0
        widest = max(widest, filled)
    return 0


def _delimiter(line: str) -> str:
    return max(DELIMITERS, key=line.count)


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]
