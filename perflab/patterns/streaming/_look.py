"""A first look at a CSV: its columns and their types, from the header and the first rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from perflab.patterns.streaming._block_reader import BlockReader
from perflab.patterns.streaming._blocks import Block
from perflab.patterns.streaming._rows import fields_of, sort_out
from perflab.patterns.streaming._schema import SAMPLE_ROWS, Layout, kinds_of
from perflab.patterns.streaming._source import Source
from perflab.patterns.streaming.settings import StreamingSettings
from perflab.primitives.csv_header import DELIMITERS
from perflab.units import counted, grouped

_PIECE_ROWS = 1000


class Look:
    """A file that is open behind its header; a context manager that closes it.

    Attributes:
        source: The file.
        reader: Its blocks; none has been taken.
        layout: Its columns, with their types.
        header_lines: How many lines stand before the first row.
        notes: What was found that nobody said, in words.

    Args:
        settings: Which file, and what is known of it.
        schema: ``int``, ``float`` or ``text`` by column, over those of the settings.
        ahead: See `BlockReader`.

    Raises:
        BadInputError: If the file or its header cannot be read, or a type does not go with it.
    """

    def __init__(
        self,
        settings: StreamingSettings,
        schema: Mapping[str, str] | None = None,
        *,
        ahead: bool = False,
    ) -> None:
        assert settings.input_file is not None  # noqa: S101  (the caller has looked)
        self.source = Source(settings.input_file)
        try:
            self.reader = BlockReader(self.source, settings.delimiter, ahead=ahead)
            self.header_lines = self.reader.line - 1
            self.notes = list(self.reader.notes)
            self.layout = self._layout(settings, {**settings.kinds, **(schema or {})})
            self.reader.watch(self.layout.form)
        except BaseException:
            self.source.close()
            raise
        self._say(settings.delimiter)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()
        self.source.close()

    def _layout(self, settings: StreamingSettings, given: Mapping[str, str]) -> Layout:
        reader, words = self.reader, settings.na_words
        found = fields_of(reader.peek(SAMPLE_ROWS), reader.delimiter)
        rows = [fields for fields in found if len(fields) == len(reader.names)]
        width = self._width(rows, given)
        names = reader.names[:width]
        kinds = kinds_of(names, [row[:width] for row in rows], given, words)
        rest = len(reader.names) - width
        return Layout(names, kinds, reader.delimiter, frozenset(given), rest, words)

    def _width(self, rows: Sequence[Sequence[str]], given: Mapping[str, str]) -> int:
        """Return how many columns are left without the last ones of neither name nor value."""
        width = len(self.reader.names)
        while (
            rows
            and width > 1
            and width - 1 in self.reader.nameless
            and self.reader.names[width - 1] not in given
            and not any(row[width - 1] for row in rows)
        ):
            width -= 1
        return width

    def _say(self, delimiter: str) -> None:
        layout = self.layout
        if layout.empty:
            text = f"{counted(layout.empty, 'column')} at the end without name or value left out"
            self.notes.append(text)
        made = [self.reader.names[at] for at in self.reader.nameless if at < len(layout.names)]
        if made:
            have = "column has" if len(made) == 1 else "columns have"
            shown = ", ".join(made[:3]) + (" ..." if len(made) > 3 else "")
            self.notes.append(f"{len(made)} {have} no name in the header; called {shown}")
        words = {sign: word for word, sign in DELIMITERS.items()}
        if delimiter == "auto" and layout.delimiter in words and layout.delimiter != ",":
            self.notes.append(f"delimiter: {words[layout.delimiter]}, the most frequent one")
        if len(self.reader.names) == 1 and (sign := self._delimiter_of_rows()):
            text = f"the header has one column, but most of the first rows hold a {words[sign]}"
            self.notes.append(f"{text}; remove lines above the header, or set the delimiter")

    def _delimiter_of_rows(self) -> str | None:
        """Return what most of the first rows hold, as if they had several fields; none if not."""
        records = self.reader.peek(SAMPLE_ROWS).data.splitlines()
        for sign in DELIMITERS.values():
            if 2 * sum(sign.encode() in record for record in records) > len(records):
                return sign
        return None


class Clean(NamedTuple):
    """What a look through a whole file found.

    Attributes:
        rows: How many rows it has, if nothing stopped the look.
        problem: What Polars' own sink would read otherwise; none where nothing is.
    """

    rows: int
    problem: str | None = None


def look_through(settings: StreamingSettings, schema: Mapping[str, str] | None) -> Clean:
    """Look for what in a plain file Polars' own sink would read otherwise, up to the first such.

    One pass through the file, without reading a value: widths, quotes, blank lines, and the form
    of numbers.

    Raises:
        BadInputError: If the file or its header cannot be read.
    """
    rows = 0
    with Look(settings, schema, ahead=True) as look:
        form = dataclasses.replace(look.layout.form, finite=True)
        look.reader.watch(form)
        while (block := look.reader.read_some()) is not None:
            rows += block.records
            if block.regular:
                continue
            for piece in block.pieces(_PIECE_ROWS):
                if not piece.looked_at(form).regular:
                    return Clean(rows, _problem(piece, look.layout))
    return Clean(rows)


def _problem(piece: Block, layout: Layout) -> str:
    _, _, rejected = sort_out(piece, layout)
    if rejected:
        return f"line {grouped(rejected[0].line)} {rejected[0].reason}"
    last = piece.line + piece.data.count(b"\n")
    return f"a line of {grouped(piece.line)} to {grouped(last)} is blank or odd"
