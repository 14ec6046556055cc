"""`RowTable`: the rows of a run, kept as columns and thinned as they age."""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt
from pydantic_core import core_schema

from perflab.lab.row import Row

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import GetCoreSchemaHandler

NEW_SECONDS = 120.0
"""All rows of the last so many seconds are kept, and one per second of what was before."""

_WHOLE = ("requests", "version")

Numbers = npt.NDArray[np.float64]


class RowTable(Sequence[Row]):
    """Rows in the order of their time. One thread adds to it while others read.

    What a row does not tell is NaN in a column, and left out of the row.

    Args:
        rows: The first rows; these are not thinned.
    """

    def __init__(self, rows: Iterable[Mapping[str, float | None]] = ()) -> None:
        self._lock = threading.Lock()
        self._columns: dict[str, array[float]] = {}
        self._length = 0
        self._newer_from = 0
        for row in rows:
            self._put(row)
        self._newer_from = self._length

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, float | None]]) -> RowTable:
        """Return rows as a table; a table is returned as it is."""
        return rows if isinstance(rows, cls) else cls(rows)

    def add(self, row: Row) -> None:
        """Add the newest row and thin those that are old by now."""
        with self._lock:
            self._put(row)
            seconds = self._columns["seconds"]
            while seconds[-1] - seconds[self._newer_from] > NEW_SECONDS:
                self._age()

    def renew(self) -> None:
        """Have a lock of its own in a forked process, where nobody frees one that was held."""
        self._lock = threading.Lock()

    def copy(self) -> RowTable:
        """Return a table of the same rows that no longer changes with this one."""
        other = RowTable()
        with self._lock:
            other._columns = {name: column[:] for name, column in self._columns.items()}
            other._length, other._newer_from = self._length, self._newer_from
        return other

    @property
    def last(self) -> Row | None:
        """The newest row; none before the first."""
        with self._lock:
            return self._row(self._length - 1) if self._length else None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, as they stand in files."""
        with self._lock:
            return tuple(self._columns)

    def columns(self, *names: str) -> tuple[Numbers, ...]:
        """Return columns of the same rows; one that no row has is all NaN."""
        with self._lock:
            return tuple(self._column(name) for name in names)

    def to_dicts(self) -> list[dict[str, float]]:
        """Return a dictionary a row, without what it does not tell."""
        with self._lock:
            kept = [
                (name, column.tolist(), name in _WHOLE) for name, column in self._columns.items()
            ]
            return [
                {
                    name: int(values[place]) if whole else values[place]
                    for name, values, whole in kept
                    if not math.isnan(values[place])
                }
                for place in range(self._length)
            ]

    def to_frame(self) -> pd.DataFrame:
        """Return a row each, and a column for every name."""
        import pandas as pd

        names = self.names
        found = dict(zip(names, self.columns(*names), strict=True))
        for name in set(_WHOLE) & set(names):
            if not np.isnan(found[name]).any():
                found[name] = found[name].astype(np.int64)
        return pd.DataFrame(found)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        with self._lock:
            places = range(self._length)[place]
            if isinstance(places, range):
                return [self._row(each) for each in places]
            return self._row(places)

    def __iter__(self) -> Iterator[Row]:
        return iter(self[:])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return self.to_dicts() == RowTable.of(other).to_dicts()

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[RowTable], tuple[list[dict[str, float]]]]:
        return RowTable, (self.to_dicts(),)

    def __repr__(self) -> str:
        return f"RowTable({len(self)} rows of {len(self.names)} columns)"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        del source
        return core_schema.no_info_after_validator_function(
            cls, handler.generate_schema(list[dict[str, float | None]])
        )

    def _put(self, row: Mapping[str, float | None]) -> None:
        for name, value in row.items():
            column = self._columns.get(name)
            if column is None:
                column = self._columns[name] = array("d", [math.nan]) * self._length
            column.append(math.nan if value is None else value)
        self._length += 1
        for column in self._columns.values():
            if len(column) < self._length:
                column.append(math.nan)

    def _age(self) -> None:
        """Take the oldest of the new rows among the old ones, which have one a second."""
        place, seconds = self._newer_from, self._columns["seconds"]
        if place and math.floor(seconds[place]) == math.floor(seconds[place - 1]):
            for column in self._columns.values():
                del column[place]
            self._length -= 1
        else:
            self._newer_from += 1

    def _column(self, name: str) -> Numbers:
        column = self._columns.get(name)
        return np.full(self._length, np.nan) if column is None else np.array(column)

    def _row(self, place: int) -> Row:
        values = {name: column[place] for name, column in self._columns.items()}
        return Row.of({name: value for name, value in values.items() if not math.isnan(value)})
