"""`QuickLines`: lines of JSON or logfmt as requests, by whole columns instead of one by one.

What a line says is what `parse_objects` makes of it: lines that are odd in any way are given to
that one, and the requests of both are put together in the order of the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from perflab.workloads.importers.field_spans import (
    JSON,
    PAYS_FROM,
    FieldNames,
    Flags,
    byte_count,
)
from perflab.workloads.importers.json_objects import Found, parse_objects, read_objects
from perflab.workloads.importers.json_values import CHOSEN_FROM, ChosenFields, JsonValues
from perflab.workloads.importers.line_columns import METRIC, LineColumns
from perflab.workloads.importers.requests import Parsed
from perflab.workloads.importers.template import parts_of

# Returns the objects of lines, and one of them once more with its numbers as they are written.
Objects = Callable[[pa.Array], Iterable[Any]]
Exact = Callable[[pa.Array, int], Any]


class QuickLines:
    """Parses arrays of lines.

    Args:
        values: What reads objects, and knows which fields they are read from.
        objects: Returns the objects of lines.
        exact: Returns the object of one of some lines with its numbers as they are written; None
            where those are not rounded.
        form: `JSON` or `LOGFMT`.
        moment: The name of a date and time before the first pair of logfmt.
        file_bytes: How long the file is at the least; from `PAYS_FROM` on, columns are read.
    """

    def __init__(
        self,
        values: JsonValues,
        objects: Objects,
        exact: Exact | None = None,
        *,
        form: str = JSON,
        moment: str = "",
        file_bytes: int = 0,
    ) -> None:
        self._values = values
        self._objects = objects
        self._exact = exact
        self._form = form
        self._moment = moment
        self._bytes = file_bytes
        self._names: FieldNames | None = None

    def parse(self, lines: pa.Array) -> Parsed:
        """Return which lines are requests, and those."""
        values = self._values
        self._bytes += byte_count(lines)
        if self._bytes < PAYS_FROM or not len(lines):
            return self._one_by_one(lines)
        if values.chosen is None:
            values.choose(list(self._objects(lines.slice(0, CHOSEN_FROM))))
        if values.chosen is None:
            return self._one_by_one(lines)
        if self._names is None:
            names = _names(values.chosen, [METRIC] if values.is_of_k6 else [])
            self._names = FieldNames(names, self._form, self._moment)
        columns = LineColumns(self._names.scan(lines), values, values.chosen)
        good, found = columns.read()
        if columns.slow.any():
            good, found = self._with_slow(lines, columns.slow, good, found)
        return good, found.columns(values)

    def _one_by_one(self, lines: pa.Array) -> Parsed:
        return parse_objects(self._objects(lines), self._values, self._exact_of(lines))

    def _exact_of(self, lines: pa.Array) -> Callable[[int], Any] | None:
        exact = self._exact
        return None if exact is None else lambda row: exact(lines, row)

    def _with_slow(
        self, lines: pa.Array, slow: Flags, good: Flags, found: Found
    ) -> tuple[Flags, Found]:
        rows = np.flatnonzero(slow)
        rest = lines.take(pa.array(rows))
        good[rows], others = read_objects(self._objects(rest), self._values, self._exact_of(rest))
        return good, found.merged(others, rows)


def _names(chosen: ChosenFields, more: list[str]) -> list[str]:
    key = [chosen.key] if chosen.is_line else [n for n, named in parts_of(chosen.key) if named]
    operation = [chosen.operation] if chosen.operation else []
    fields = [field for field, _ in chosen.readers.values()]
    late = [name for _, name in chosen.not_first]
    return list(dict.fromkeys([*key, *fields, *operation, *chosen.statuses, *late, *more]))
