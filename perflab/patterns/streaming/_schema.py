"""The types of a CSV's columns: one rule, so that every engine gives the same values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from perflab.errors import BadInputError, nearest

KINDS = ("int", "float", "text")
SAMPLE_ROWS = 1000

_INT = re.compile(r"[ \t]*[+-]?(?:0|[1-9][0-9]{0,17})[ \t]*")
_FLOAT = re.compile(r"[ \t]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?[ \t]*")
_PADDED = re.compile(r"[ \t]*[+-]?0[0-9]")
_MOST_DIGITS = 18


def kinds_of(
    names: Sequence[str], rows: Sequence[Sequence[str]], given: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return what each column is: ``int`` (64 bits), ``float`` (64 bits) or ``text``.

    A column of numbers is one whose values in the first 1,000 rows are all numbers or empty, one
    number at least. Digits with zeros in front (``007``) and numbers of more than 18 digits are
    text, since they name something. An empty value is null in a column of numbers, and stays an
    empty text in one of text. What is given goes before what is found.

    Args:
        names: The columns.
        rows: The first rows, those of another number of fields left out.
        given: Kinds by column.

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
        chosen.get(name) or _kind(values) for name, values in zip(names, columns, strict=True)
    )


def _kind(values: Sequence[str]) -> str:
    known = [value for value in values if value]
    if not known or any(_PADDED.match(value) for value in known):
        return "text"
    if all(_INT.fullmatch(value) for value in known):
        return "int"
    numbers = all(_FLOAT.fullmatch(value) for value in known)
    whole = any(value.strip(" \t+-").isdigit() and len(value) > _MOST_DIGITS for value in known)
    return "float" if numbers and not whole else "text"
