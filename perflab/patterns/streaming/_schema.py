"""The columns of a CSV and their types: one rule, so that all engines give the same values."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perflab.errors import BadInputError, nearest
from perflab.errors.extras import naming_extra
from perflab.patterns.streaming._numbers import MOST_DIGITS, Watched, are_numbers, are_whole
from perflab.patterns.streaming._records import Form
from perflab.patterns.streaming.settings import KINDS

if TYPE_CHECKING:
    import pyarrow as pa

Value = int | float | str | None
Columns = list[Sequence[Value]]
Row = dict[str, Any]
"""A row as a transformation has it: values by column, and whatever it makes of them."""

SAMPLE_ROWS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """What a row of a file is like.

    Attributes:
        names: The columns.
        kinds: ``int``, ``float`` or ``text`` for each.
        delimiter: What stands between fields, one character.
        given: The columns whose kind the user said.
        empty: How many more fields a row has behind them, without a name and always empty.
        na_words: What stands for no value in a column of numbers, besides nothing.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    delimiter: str
    given: frozenset[str] = frozenset()
    empty: int = 0
    na_words: tuple[str, ...] = ()

    def of_kind(self, kind: str) -> list[str]:
        """Return the columns of a kind."""
        return [name for name, own in zip(self.names, self.kinds, strict=True) if own == kind]

    @property
    def numbers(self) -> list[str]:
        """The columns of numbers."""
        return [name for name, own in zip(self.names, self.kinds, strict=True) if own != "text"]

    @property
    def empty_names(self) -> list[str]:
        """A name for each column that is left out, which no other has."""
        longest = max((len(name) for name in self.names), default=0)
        return [f"{'_' * (longest + 1)}{place}" for place in range(self.empty)]

    @property
    def all_names(self) -> list[str]:
        """The names of all fields of a row."""
        return [*self.names, *self.empty_names]

    @property
    def form(self) -> Form:
        """What a regular record is like."""
        numbers = tuple(
            Watched(place, kind == "int", name in self.given)
            for place, (name, kind) in enumerate(zip(self.names, self.kinds, strict=True))
            if kind != "text"
        )
        return Form(self.delimiter, len(self.names) + self.empty, numbers, self.empty)


def kinds_of(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    given: Mapping[str, str] | None = None,
    na_words: Collection[str] = (),
) -> tuple[str, ...]:
    """Return what each column is: ``int`` (64 bits), ``float`` (64 bits) or ``text``.

    A column of numbers is one whose values in the first 1,000 rows are all numbers or empty, one
    number at least, and would come out as they stand there. Digits with zeros in front (``007``),
    whole numbers with a plus (``+1415``) or of more than 18 digits, and of more than 15 in a column
    of fractions, are text, since they name something. An empty value is null in a column of
    numbers, and stays an empty text in one of text. What is given goes before what is found.

    Args:
        names: The columns.
        rows: The first rows, those of another number of fields left out.
        given: Kinds by column.
        na_words: What stands for no value.

    Raises:
        BadInputError: If a given column is not there, or its kind is none.
    """
    chosen = dict(given or {})
    for name, kind in chosen.items():
        if name not in names:
            raise BadInputError(f"unknown column {name!r}{nearest(name, names)}", "schema")
        if kind not in KINDS:
            raise BadInputError(
                f"{kind!r} is not a column type; write {', '.join(KINDS)}", "schema"
            )
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return tuple(
        chosen.get(name) or _kind(values, na_words)
        for name, values in zip(names, columns, strict=True)
    )


def _kind(values: Sequence[str], na_words: Collection[str]) -> str:
    known = [value for value in values if value and value not in na_words]
    if not known:
        return "text"
    if are_whole(known):
        long = (value for value in known if len(value) > MOST_DIGITS)
        name = any(sum(map(str.isdigit, value)) > MOST_DIGITS for value in long)
        return "text" if name else "int"
    return "float" if are_numbers(known) else "text"


def arrow_schema(layout: Layout) -> pa.Schema:
    """Return a layout as a schema of Arrow."""
    with naming_extra("files"):
        import pyarrow as pa

    kinds = {"int": pa.int64(), "float": pa.float64(), "text": pa.string()}
    pairs = zip(layout.names, layout.kinds, strict=True)
    return pa.schema([(name, kinds[kind]) for name, kind in pairs])


def arrow_table(columns: Columns, layout: Layout) -> pa.Table:
    """Return values by column as a table of Arrow."""
    with naming_extra("files"):
        import pyarrow as pa

    schema = arrow_schema(layout)
    arrays = [pa.array(c, t) for c, t in zip(columns, schema.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
