"""A text line by line, or a CSV record by record, each with its line in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager

from perflab.errors import BadInputError
from perflab.workloads.importers.source import Source

LONGEST_FIELD = 1 << 26


@contextmanager
def _text(source: Source, escape: str = "\\x") -> Iterator[io.TextIOWrapper]:
    with source.reader(escape=escape) as reader:
        yield io.TextIOWrapper(io.BufferedReader(reader, 1 << 20), encoding="utf-8", newline="")


def lines(source: Source, escape: str = "\\x") -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the text of each line.

    Args:
        source: The file.
        escape: What bytes that are not UTF-8 begin with.

    Raises:
        BadInputError: If it is binary data, or a broken archive.
    """
    with _text(source, escape) as text:
        yield from enumerate((line.rstrip("\r\n") for line in text), start=1)


def records(source: Source, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield the last line's number and the fields of each CSV record that is not blank.

    Raises:
        BadInputError: If it is binary data, a broken archive, or no CSV.
    """
    with _text(source) as text:
        rows = csv.reader(text, delimiter=delimiter)
        while True:
            limit = csv.field_size_limit(LONGEST_FIELD)
            try:
                row = next(rows, None)
            except csv.Error as error:
                place = f"{source.place}:{rows.line_num}"
                raise BadInputError(f"cannot be read as CSV ({error})", place) from None
            finally:
                # It is the process's, and who asks for the rows may never ask for the last.
                csv.field_size_limit(limit)
            if row is None:
                return
            if row:
                yield rows.line_num, row
