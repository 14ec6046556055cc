"""The columns of a layout in Polars: as what they are read, and what is made of them then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from perflab.patterns.streaming._schema import Layout

    Types = dict[str, type[pl.DataType]]

_KINDS: dict[str, type[pl.DataType]] = {"int": pl.Int64, "float": pl.Float64, "text": pl.String}


def polars_types(layout: Layout) -> Types:
    """Return the types that columns have in the end."""
    return {name: _KINDS[kind] for name, kind in zip(layout.names, layout.kinds, strict=True)}


def read_types(layout: Layout) -> Types:
    """Return the types that fields are read as, those without a name included.

    Where words stand for no value, numbers are read as text first: Polars would take the same
    words for none in columns of text too.
    """
    found = polars_types(layout)
    if layout.na_words:
        found = dict.fromkeys(found, pl.String)
    return {**found, **dict.fromkeys(layout.empty_names, pl.String)}


def numbers_of_text(layout: Layout) -> list[pl.Expr]:
    """Return what makes numbers of what was read as text; nothing where none was."""
    if not layout.na_words:
        return []
    types = polars_types(layout)
    none = ["", *layout.na_words]
    return [
        pl.when(pl.col(name).is_in(none))
        .then(None)
        .otherwise(pl.col(name))
        .cast(types[name])
        .alias(name)
        for name in layout.numbers
    ]
