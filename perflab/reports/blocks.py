"""What a section of a report is made of: text, tables, figures and texts to copy."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import Literal

from perflab.charts.picture import Picture
from perflab.files import csv_cell

Tone = Literal["", "better", "worse", "changed", "added", "removed"]


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """One place of a table: what a reader sees, and the value behind it."""

    text: str
    value: object = None
    tone: Tone = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its key in CSV and JSON, its heading, and whether it holds numbers."""

    key: str
    heading: str
    numeric: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading.

    Attributes:
        name: What its file is called.
        title: What a reader sees above it.
        columns: Its columns; the first names the rows.
        rows: A cell for every column each.
        note: What a reader must know to read it.
        folded: Whether a page shows it only when asked to.
        screen_only: Whether it is not printed while folded: a drawing, or the command that
            reproduces the results, says what is in it.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = False
    screen_only: bool = False

    def to_csv(self) -> str:
        """Return its values as CSV, headed by the columns' keys."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column.key for column in self.columns)
        for row in self.rows:
            writer.writerow("" if cell.value is None else csv_cell(cell.value) for cell in row)
        return file.getvalue()

    def to_dict(self) -> dict[str, object]:
        """Return its values for JSON, a mapping a row."""
        keys = [column.key for column in self.columns]
        rows = [dict(zip(keys, (cell.value for cell in row), strict=True)) for row in self.rows]
        return {"name": self.name, "title": self.title, "note": self.note, "rows": rows}


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """A drawing as SVG.

    Attributes:
        name: What its file is called.
        title: What a reader sees above it.
        alt: What it shows, in words.
        svg: The drawing.
        wide: Whether it takes a page's whole width.
        picture: Its axes and lines as data, for a page that answers the pointer; none without.
        moves: Whether a slider may move a point along its lines.
    """

    name: str
    title: str
    alt: str
    svg: str
    wide: bool = False
    picture: Picture | None = None
    moves: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Code:
    """A text to copy: settings, a program or a command."""

    title: str
    language: str
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a group of blocks."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Points:
    """A list of remarks."""

    texts: tuple[str, ...]


Block = Table | Figure | Code | Heading | Text | Points


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """A part of a report; `name` is what links point to."""

    name: str
    title: str
    blocks: tuple[Block, ...]


def fact_table(name: str, title: str, facts: dict[str, tuple[str, object]]) -> Table:
    """Return a table of two columns: what, and its value as text and as it is."""
    columns = (Column("what", "What"), Column("value", "Value"))
    rows = tuple((Cell(what, what), Cell(text, value)) for what, (text, value) in facts.items())
    return Table(name, title, columns, rows)
