"""Cells of a CSV for people: no spreadsheet computes what a name happens to look like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile("[=+@\\-\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
                      "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}]")  # fmt: skip
_NEGATIVE = re.compile(r"-(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def csv_cell(value: object) -> object:
    """Return a cell's value; a text that a spreadsheet would compute gets a ``'`` in front.

    Numbers stay as they are, those in a text too.
    """
    if not isinstance(value, str) or not _FORMULA.match(value) or _NEGATIVE.fullmatch(value):
        return value
    return f"'{value}"


def csv_frame(frame: pd.DataFrame) -> str:
    """Return a frame as CSV, without its index, each text of it as `csv_cell` gives it."""
    safe = frame.rename(columns=csv_cell)
    for place, kind in enumerate(safe.dtypes):
        if kind.kind not in "iufbcmM":
            safe.isetitem(place, [csv_cell(value) for value in safe.iloc[:, place]])
    return safe.to_csv(index=False)
