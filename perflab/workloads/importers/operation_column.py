"""`OperationColumn`: the column of a table that says what each row does, as it comes in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.units import counted
from perflab.workloads.importers.columns import (
    columns_of,
    is_loose,
    operation_column,
    status_column,
)
from perflab.workloads.importers.doubts import count_words, operations_note, refused_note
from perflab.workloads.importers.operation_words import (
    READ_CODE,
    UNKNOWN,
    code_of,
    codes_of,
    unknown_word,
)
from perflab.workloads.importers.role_names import spelled
from perflab.workloads.importers.values import RowFault, check_values

STRICT_NAMES = ("op", "operation")
# A table of counts, as CacheLib's, becomes at most so many rows.
MOST_ROWS = 1 << 30
COUNTS = "op_count"
REFUSED = "refused"
"""The column of whether a row wrote nothing, since the server answered with an error."""
_AN_ERROR = r"^\s*[45]\d\d"
IN_KEY = "the operation is in the key, so what is written is never what is read; leave it out there"


class OperationColumn:
    """Operations of rows, by the words of `operation_words`; or none, where they are not all known.

    A column that the user named, or that is called one of `STRICT_NAMES`, must hold known words.
    Another is left aside where it does not, and a note names what else counts as reads; but of
    methods of HTTP those that are known are replayed, and the others count as reads, by name.

    Args:
        name: What the column is called; empty where there is none.
        place: Which of the table's it is.
        is_named: Whether the user named it.
        in_key: Whether it is a part of the key.
        status: The place of the column of the server's answers, where this one has methods.
    """

    def __init__(
        self,
        name: str,
        place: int | None = None,
        *,
        is_named: bool = False,
        in_key: bool = False,
        status: int | None = None,
    ) -> None:
        self.name = name
        self.place = place
        self.status = status
        self._refused: list[npt.NDArray[np.bool_]] = []
        self._errors: Counter[str] = Counter()
        self._is_named = is_named
        self._in_key = in_key
        self._parts: list[npt.NDArray[np.uint8]] = []
        self._counts: Counter[str] = Counter()
        self._first: tuple[int, object] | None = None
        self._rows = 0

    @classmethod
    def of_table(
        cls,
        names: Sequence[str],
        chosen: Mapping[str, str],
        wanted: Mapping[str, str] | None,
        every: Sequence[str] | None = None,
    ) -> Self:
        """Return that of a table.

        Args:
            names: The columns of the table.
            chosen: Those that play another role.
            wanted: Those that the user named.
            every: The columns with those that hold no texts, where `names` leaves them empty.

        Raises:
            BadInputError: If the column that the user named holds no texts.
        """
        named = (wanted or {}).get("op")
        if named is not None and named not in names:
            raise BadInputError(f"the operations in {named!r} are numbers, not words", "columns")
        places = [names.index(named)] if named else operation_column(names, chosen)
        if not places:
            return cls("")
        name = names[places[0]]
        in_key = name in columns_of("key", chosen["key"])
        answers = status_column(every or names, chosen) if "method" in name.lower() else []
        status = answers[0] if answers else None
        is_named = named is not None
        return cls(name.strip(), places[0], is_named=is_named, in_key=in_key, status=status)

    @property
    def places(self) -> tuple[int, ...]:
        """The places of the columns that `add` takes."""
        return tuple(place for place in (self.place, self.status) if place is not None)

    def answers(self, names: Sequence[str]) -> dict[str, str]:
        """Return the column of the server's answers by its role; none where there is none."""
        return {} if self.status is None else {"status": names[self.status]}

    def add(self, column: pa.Array, statuses: pa.Array | None = None) -> None:
        """Take the next Arrow array of texts, and what the server answered."""
        codes = codes_of(column)
        if statuses is not None:
            errors = pc.match_substring_regex(statuses.cast(pa.string()), _AN_ERROR)
            refused = np.isin(codes, (Operation.WRITE, Operation.DELETE))
            refused &= np.asarray(errors.fill_null(False).to_numpy(zero_copy_only=False))
            self._refused.append(refused)
            count_words(column.filter(pa.array(refused)), self._errors)
        if not self._must_be_known:
            said = column.is_valid().to_numpy(zero_copy_only=False)
            codes = np.where(said, codes, READ_CODE).astype(np.uint8)
        unknown = codes == UNKNOWN
        if self._first is None and unknown.any():
            row = int(np.argmax(unknown))
            self._first = (self._rows + row, column[row].as_py())
        self._rows += len(codes)
        self._parts.append(codes)
        count_words(column, self._counts)

    def codes(self) -> npt.NDArray[np.uint8] | None:
        """Return the codes of all rows; None where there is no such column, or it is left aside.

        Raises:
            RowFault: If a word is not known and must be.
        """
        if not self._parts:
            return None
        found = np.concatenate(self._parts)
        if self._first is None:
            return found
        if self._is_of_http:
            return np.where(found == UNKNOWN, READ_CODE, found).astype(np.uint8)
        # A column of numbers under such a name says something else.
        if self._is_named or (self._must_be_known and self._counts):
            raise RowFault(self._first[0], unknown_word(self._first[1]))
        return None

    def put(
        self, columns: dict[str, npt.NDArray[Any]], codes: npt.NDArray[np.uint8] | None
    ) -> None:
        """Put codes among columns; what HTTP answers to a write is not of the size that is kept."""
        if codes is None:
            return
        columns["op"] = codes
        if self._errors:
            columns[REFUSED] = np.concatenate(self._refused)
        if "size" in columns and self._is_of_http:
            answers = np.isin(codes, (Operation.WRITE, Operation.DELETE))
            if answers.any():
                columns["size"] = np.where(answers, np.nan, columns["size"])

    def notes(self) -> tuple[str, ...]:
        """Return what was left out, what else counts as reads, and what no read can see."""
        kept = self._first is None or self._is_of_http
        return (*(refused_note(self._errors) if kept else ()), *self._words_notes())

    def _words_notes(self) -> tuple[str, ...]:
        if self._first is None:
            return (IN_KEY,) if self._in_key else ()
        if self._is_of_http:
            unknown = {word: n for word, n in self._counts.items() if code_of(word) == UNKNOWN}
            return operations_note(unknown)
        return operations_note(self._counts, loose=is_loose([self.name], [0]))

    @property
    def _is_of_http(self) -> bool:
        return "method" in self.name.lower() and not self._is_named

    @property
    def _must_be_known(self) -> bool:
        return self._is_named or spelled(self.name) in STRICT_NAMES


def check_table(
    columns: dict[str, npt.NDArray[Any]], operations: OperationColumn, *, in_order: bool
) -> None:
    """Check the columns of a table, and put its operations among them where it has such.

    Raises:
        RowFault: With the first row that cannot be.
    """
    codes = operations.codes()
    for role, numbers in columns.items():
        if role == "size" and numbers.dtype.kind == "f":
            numbers = np.where(np.isnan(numbers), 0, numbers)  # noqa: PLW2901 - those there are
        check_values(role, numbers, in_order=in_order, endless=codes is not None)
    operations.put(columns, codes)


def without_refused(
    ids: npt.NDArray[np.int32], columns: dict[str, npt.NDArray[Any]]
) -> tuple[npt.NDArray[np.int32], dict[str, npt.NDArray[Any]]]:
    """Return ids and columns without the rows that wrote nothing, by their column `REFUSED`."""
    refused = columns.pop(REFUSED, None)
    if refused is None:
        return ids, columns
    return ids[~refused], {name: values[~refused] for name, values in columns.items()}


def repeated(
    ids: npt.NDArray[np.int32],
    columns: dict[str, npt.NDArray[Any]],
    counts: npt.NDArray[np.int64],
    place: str,
) -> tuple[npt.NDArray[np.int32], dict[str, npt.NDArray[Any]]]:
    """Return rows of CacheLib as often as each says; a read without a size has none that is known.

    Raises:
        BadInputError: If those are too many.
    """
    total = int(counts.sum(dtype=np.float64))
    if total > MOST_ROWS:
        text = f"says {counted(total, 'request')} by its column {COUNTS}, more than can be read"
        raise BadInputError(f"{text}; cut a part out of it", place)
    columns = {name: np.repeat(values, counts) for name, values in columns.items()}
    if "size" in columns:
        missed = (columns["op"] == READ_CODE) & (columns["size"] == 0)
        if missed.any():
            columns["size"] = np.where(missed, np.nan, columns["size"])
    return np.repeat(ids, counts), columns
