"""Rows in plain Python: the fields of records, their values, and why a row is bad."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import math
from array import array
from collections.abc import Sequence
from typing import Any

from perflab.patterns.streaming._blocks import Block
from perflab.patterns.streaming._records import MOST_FIELD
from perflab.units import grouped

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_MOST_SHOWN = 200


class RefusedError(Exception):
    """An engine cannot take a block; its bad rows are to be found one by one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """What a row of a file is like.

    Attributes:
        names: The columns.
        kinds: ``int``, ``float`` or ``text`` for each.
        delimiter: What stands between fields, one character.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    delimiter: str

    def of_kind(self, kind: str) -> list[str]:
        """Return the columns of a kind."""
        return [name for name, own in zip(self.names, self.kinds, strict=True) if own == kind]


@dataclasses.dataclass(frozen=True, slots=True)
class Rejected:
    """A bad row: where its record begins, why it is bad, and how the record begins."""

    line: int
    reason: str
    record: str


Columns = list[Sequence[Any]]


def columns_of(block: Block, layout: Layout) -> Columns:
    """Return the values of a regular block, a sequence a column.

    Raises:
        RefusedError: If a value is bad.
    """
    try:
        text = block.data.decode("utf-8")
        lines = io.StringIO(text, newline="\n")
        rows = list(csv.reader(lines, delimiter=layout.delimiter, strict=True))
        columns: Columns = list(zip(*rows, strict=True))
        if len(columns) != len(layout.names) or len(rows) != block.records:
            raise RefusedError
        for place, kind in enumerate(layout.kinds):
            if kind != "text":
                columns[place] = _numbers(columns[place], kind, strict="_" in text)
    except (ValueError, csv.Error):
        raise RefusedError from None
    return columns


def _numbers(texts: Sequence[str], kind: str, *, strict: bool) -> Sequence[Any]:
    if strict and any("_" in text for text in texts):
        raise RefusedError
    make: Any = int if kind == "int" else float
    known = texts
    try:
        values = list(map(make, texts))
    except ValueError:
        known = [text for text in texts if text]
        values = list(map(make, known))
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
    return [next(each) if text else None for text in texts]


def sort_out(block: Block, layout: Layout) -> tuple[Columns, list[int], list[Rejected]]:
    """Return the good rows of any block by column, their lines, and the bad rows."""
    rows: list[list[Any]] = []
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
    lines = io.StringIO(text, newline="\n")
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "field limit" in str(error):
            raise _BadRowError(_OVER_LONG) from None
        raise _BadRowError(_QUOTING.get(str(error), str(error))) from None
    fields = rows[0] if len(rows) == 1 else []
    if any(len(field) > MOST_FIELD for field in fields):
        raise _BadRowError(_OVER_LONG)
    return fields


_OVER_LONG = f"has a field of more than {grouped(MOST_FIELD)} characters"
_QUOTING = {
    "unexpected end of data": "opens a quote that is not closed",
    "',' expected after '\"'": "has text behind a closing quote",
}


def _row(record: bytes, layout: Layout) -> list[Any]:
    fields = _fields(record, layout.delimiter)
    wanted = len(layout.names)
    if len(fields) != wanted:
        are = "field" if len(fields) == 1 else "fields"
        raise _BadRowError(f"has {len(fields)} {are} where the header has {wanted}")
    row: list[Any] = fields
    for place, kind in enumerate(layout.kinds):
        if kind != "text":
            row[place] = _number(fields[place], kind, layout.names[place])
    return row


def _number(text: str, kind: str, name: str) -> int | float | None:
    if not text:
        return None
    shown = f"{name} {text[:40]!r}"
    word = "whole number" if kind == "int" else "number"
    if "_" in text:  # which Python alone would read over
        raise _BadRowError(f"{shown} is not a {word}")
    try:
        value: int | float = int(text) if kind == "int" else float(text)
    except ValueError:
        raise _BadRowError(f"{shown} is not a {word}") from None
    if kind == "int" and not _LOWEST <= value <= _HIGHEST:
        raise _BadRowError(f"{shown} is outside of 64 bits")
    if kind == "float" and not math.isfinite(value):
        raise _BadRowError(f"{shown} is not a finite number")
    return value
