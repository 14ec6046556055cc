"""Rows in plain Python: the fields of records, their values, and why a row is bad."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import math
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence

from perflab.patterns.streaming._blocks import AnyBlock, Block
from perflab.patterns.streaming._numbers import is_number, is_whole, loses
from perflab.patterns.streaming._records import MOST_FIELD
from perflab.patterns.streaming._schema import Columns, Layout, Value
from perflab.primitives.csv_header import LONE_RETURN
from perflab.units import counted, grouped

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_MOST_SHOWN = 200


_READ_OVER = "_\v\f\x1c\x1d\x1e\x1f"
"""What Python reads over in a number, and nobody else."""


class RefusedError(Exception):
    """An engine cannot take a block; its bad rows are to be found one by one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rejected:
    """A bad row: where its record begins, why it is bad, and how the record begins."""

    line: int
    reason: str
    record: str


def columns_of(block: AnyBlock, layout: Layout) -> Columns:
    """Return the values of a regular block, a sequence a column.

    Raises:
        RefusedError: If a value is bad.
    """
    try:
        text = block.data.decode("utf-8")
        rows = list(_csv_rows(text, layout.delimiter))
        texts = list(zip(*rows, strict=True))
        width = len(layout.names)
        if len(texts) != width + layout.empty or len(rows) != block.records:
            raise RefusedError
        odd = not text.isascii() or any(one in text for one in _READ_OVER)
        return [
            one
            if kind == "text"
            else _numbers(one, kind, layout.na_words, odd, given=name in layout.given)
            for one, name, kind in zip(texts[:width], layout.names, layout.kinds, strict=True)
        ]
    except (ValueError, csv.Error):
        raise RefusedError from None


def _numbers(
    texts: Sequence[str], kind: str, na_words: Collection[str], odd: bool, *, given: bool
) -> Sequence[float | None]:
    make: Callable[[str], float] = int if kind == "int" else float
    known = texts
    try:
        # A word for none may look like a number, so that it goes first.
        values = [] if na_words else list(map(make, texts))
    except ValueError:
        values = []
    if not values:
        known = [text for text in texts if text and text not in na_words]
        values = list(map(make, known))
    fits = is_whole if kind == "int" else is_number
    if odd and not all(fits(text, given=given) for text in known):
        raise RefusedError
    if kind == "int":
        try:
            array("q", values)  # the quickest way to see whether all have 64 bits
        except OverflowError:
            raise RefusedError from None
    elif not math.isfinite(sum(values)) and not all(map(math.isfinite, values)):
        raise RefusedError
    if known is texts:
        return values
    each = iter(values)
    return [next(each) if text and text not in na_words else None for text in texts]


def sort_out(block: Block, layout: Layout) -> tuple[Columns, list[int], list[Rejected]]:
    """Return the good rows of any block by column, their lines, and the bad rows."""
    rows: list[list[Value]] = []
    lines: list[int] = []
    rejected: list[Rejected] = []
    start, line = 0, block.line
    for end in block.ends.tolist():
        record = block.data[start:end]
        if record.strip(b"\r\n"):
            try:
                rows.append(_row(record, layout))
                lines.append(line)
            except _BadRowError as bad:
                rejected.append(reject(line, str(bad), record))
        start, line = end, line + record.count(b"\n")
    columns: Columns = list(zip(*rows, strict=True)) or [()] * len(layout.names)
    return columns, lines, rejected


def reject(line: int, reason: str, record: bytes) -> Rejected:
    """Return a bad row, its record shortened and made readable."""
    shown = record[: 4 * _MOST_SHOWN].decode("utf-8", "backslashreplace").rstrip("\r\n")
    return Rejected(line, reason, shown[:_MOST_SHOWN].replace("\0", "\\x00"))


def fields_of(records: Block, delimiter: str) -> list[list[str]]:
    """Return the fields of those records that can be read at all."""
    if records.regular:
        try:
            rows = list(_csv_rows(records.data.decode("utf-8"), delimiter))
        except (UnicodeDecodeError, csv.Error):
            rows = []
        if len(rows) == records.records:
            return rows
    found = []
    start = 0
    for end in records.ends.tolist():
        with contextlib.suppress(_BadRowError):
            found.append(_fields(records.data[start:end], delimiter))
        start = end
    return found


class _BadRowError(Exception):
    """Why a row is bad."""


def _fields(record: bytes, delimiter: str) -> list[str]:
    if b"\0" in record:
        raise _BadRowError("holds a NUL byte")
    try:
        text = record.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _BadRowError(f"is not UTF-8 at byte {error.start + 1}") from None
    try:
        rows = list(_csv_rows(text, delimiter))
    except csv.Error as error:
        raise _BadRowError(_reason_of(error)) from None
    fields = rows[0] if len(rows) == 1 else []
    if any(len(field) > MOST_FIELD for field in fields):
        raise _BadRowError(_OVER_LONG)
    return fields


def _csv_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = io.StringIO(text, newline="\n")
    return csv.reader(lines, delimiter=delimiter, strict=True)


_OVER_LONG = f"has a field of more than {grouped(MOST_FIELD)} characters"
_QUOTING = {
    "unexpected end of data": "opens a quote that is not closed",
}
_BEHIND_QUOTE = "has text behind a closing quote"


def _reason_of(error: csv.Error) -> str:
    text = str(error)
    if "field limit" in text:
        return _OVER_LONG
    if "expected after" in text:
        return _BEHIND_QUOTE
    if "new-line character" in text:
        return f"has a line that {LONE_RETURN}"
    return _QUOTING.get(text, text)


def _row(record: bytes, layout: Layout) -> list[Value]:
    fields = _fields(record, layout.delimiter)
    width = len(layout.names)
    wanted = width + layout.empty
    if len(fields) != wanted:
        has = counted(len(fields), "field")
        raise _BadRowError(f"has {has} where the header has {wanted}")
    if any(fields[width:]):
        text = "has a value in a column without a name, empty in the first 1,000 rows; name it"
        raise _BadRowError(text)
    row: list[Value] = [*fields[:width]]
    for place, (name, kind) in enumerate(zip(layout.names, layout.kinds, strict=True)):
        if kind != "text":
            row[place] = _number(fields[place], kind, name, layout)
    return row


def _number(text: str, kind: str, name: str, layout: Layout) -> int | float | None:
    if not text or text in layout.na_words:
        return None
    shown = f"{name} {text[:40]!r}"
    given = name in layout.given
    fits = is_whole if kind == "int" else is_number
    if kind == "float" and text.strip(" \t+-").lower() in _NOT_FINITE:
        raise _BadRowError(f"{shown} is not a finite number")
    if not fits(text, given=given):
        word = "whole number" if kind == "int" else "number"
        if loses(text, whole=kind == "int"):
            raise _BadRowError(f"{shown} {_LOST}")
        hint = f"; na_values={text} takes it for none" if text.lower() in _OFTEN_NONE else ""
        raise _BadRowError(f"{shown} is not a {word}{hint}")
    value: int | float = int(text) if kind == "int" else float(text)
    if kind == "int" and not _LOWEST <= value <= _HIGHEST:
        raise _BadRowError(f"{shown} is outside of 64 bits")
    if kind == "float" and not math.isfinite(value):
        raise _BadRowError(f"{shown} is not a finite number")
    return value


_OFTEN_NONE = ("na", "n/a", "null", "none", "nil", "-", "--", "?", "#n/a", "missing")
_NOT_FINITE = ("inf", "infinity", "nan")
_LOST = "would come out otherwise as a number; set schema to have the column as text"
