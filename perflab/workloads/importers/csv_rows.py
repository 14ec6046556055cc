"""The rows of a CSV file: which are left out, and on which line of the file each stands."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.errors import BadInputError
from perflab.workloads.importers.skipped import SHOWN, Skipped, row_in_file
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.template import is_template

FIELD_BYTES = 1 << 26


class CsvRows:
    """Counts rows by their number in the file: 1 is the header, blank lines do not count.

    Without a header 1 is the first row.

    Args:
        source: The file.
        delimiter: What parts the fields.
        has_header: Whether the first row names the columns.
        above: How many lines stand above that.
    """

    def __init__(
        self, source: Source, delimiter: str, *, has_header: bool = True, above: int = 0
    ) -> None:
        self._first = 2 if has_header else 1
        self._above = above
        self._has_header = has_header
        self._headings: set[int] = set()
        self.kept = 0
        self._source = source
        self._delimiter = delimiter
        self._seen = 0
        self._invalid: list[int] = []
        self._texts: dict[int, str] = {}
        self._keyless: list[npt.NDArray[np.int64]] = []
        self._one_line_each = True
        self._swallowed = 0

    def watch(self, block: bytes) -> None:
        """Look whether a row may stand on another line than its number says."""
        if self._one_line_each:
            odd = b'"' in block or b"\n\n" in block or b"\n\r" in block or block[:1] in b"\r\n"
            self._one_line_each = not odd

    def skip(self, row: Any) -> str:
        """Leave out a row with another number of fields; Arrow calls it."""
        number = row.number - self._above
        self._invalid.append(number)
        # A quote that is not closed takes the lines after it into its row.
        self._swallowed += (row.text or "").rstrip("\r\n").count("\n")
        if len(self._texts) < SHOWN:
            self._texts[number] = row.text
        return "skip"

    def keep_keyed(self, batch: pa.RecordBatch, key: str) -> pa.RecordBatch:
        """Return the rows of a batch that have a key, and are not the heading once more."""
        keyed = pc.not_equal(batch.column(key), "").to_numpy(zero_copy_only=False)
        start, self._seen = self._seen, self._seen + len(keyed)
        again = self._repeats(batch, key)
        self._headings.update((start + np.flatnonzero(again))[:SHOWN].tolist())
        keyed = keyed & ~again
        if not keyed.all():
            self._keyless.append(start + np.flatnonzero(~keyed))
            batch = batch.filter(pa.array(keyed))
        self.kept += len(batch)
        return batch

    def _repeats(self, batch: pa.RecordBatch, key: str) -> npt.NDArray[np.bool_]:
        """Return which rows are the heading, as it stands where files were put together."""
        names = [name for name in batch.schema.names if name != key or not is_template(name)]
        # Of one column alone, a key may be what the column is called.
        found = np.full(len(batch), self._has_header and len(names) > 1)
        for name in names if found.any() else ():
            found &= pc.equal(batch.column(name), name).to_numpy(zero_copy_only=False)
            if not found.any():
                break
        return found

    def finish(self) -> tuple[str, ...]:
        """Return the notes on rows left out.

        Raises:
            BadInputError: If no row is left, or most were left out.
        """
        keyless = self._all_keyless()
        total = self._seen + len(self._invalid)
        if total == 0:
            text = "has a header but no rows; a trace needs at least one request"
            raise BadInputError(text, self._source.place)
        shown = dict(self._texts)
        shown |= {
            self._number(int(row)): "the heading again" if row in self._headings else "no key"
            for row in keyless[:SHOWN]
        }
        skipped = Skipped()
        for number in sorted(shown)[:SHOWN]:
            skipped.add(self._line(number), shown[number])
        skipped.add_unshown(len(keyless) + len(self._invalid) - skipped.count + self._swallowed)
        total += self._swallowed
        advice = "the first line must name as many columns as the rows have fields"
        if self._swallowed:
            advice = "a quote is not closed, or the first line names too few columns"
        what = "rows of a table with such a header"
        skipped.refuse_if_most(total, what, advice, self._source.place)
        return skipped.notes(total, "rows")

    def error(self, kept_row: int, reason: str) -> BadInputError:
        """Return the error for a row, counted from 0 among those kept, with file and line."""
        number = self._number(row_in_file(kept_row, self._all_keyless()))
        return BadInputError(reason, f"{self._source.place}:{self._line(number)}")

    def _all_keyless(self) -> npt.NDArray[np.int64]:
        return np.concatenate([np.zeros(0, np.int64), *self._keyless])

    def _number(self, row: int) -> int:
        number = row + self._first
        for invalid in self._invalid:
            if invalid > number:
                break
            number += 1
        return number

    def _line(self, number: int) -> int:
        if self._one_line_each:
            return number + self._above
        with self._source.reader() as reader:
            text = io.TextIOWrapper(io.BufferedReader(reader), "utf-8", newline="")
            previous = csv.field_size_limit(FIELD_BYTES)
            try:
                for _ in range(self._above):
                    text.readline()
                return self._above + self._walk(csv.reader(text, delimiter=self._delimiter), number)
            finally:
                csv.field_size_limit(previous)

    @staticmethod
    def _walk(rows: Any, number: int) -> int:
        line = 1
        for fields in rows:
            if fields:
                number -= 1
            if number == 0:
                return line
            line = rows.line_num + 1
        return line
